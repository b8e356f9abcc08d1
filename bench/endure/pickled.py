"""The configuration of a run for processes of its own: one takes it along, the others make the service of it."""

import pickle
from pathlib import Path

from flask import Flask

from wx_backend.app import create_app
from wx_backend.config import Config


def keep_config(config: Config, folder: Path) -> Path:
    """Write the configuration down; where."""
    path = folder / "config.pickle"
    path.write_bytes(pickle.dumps(config))
    return path


def service_of(path: str) -> Flask:
    """The service on a configuration that was written down."""
    return create_app(pickle.loads(Path(path).read_bytes()))  # noqa: S301 - written by our own parent
