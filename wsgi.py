"""The web's entry: `granian --interface wsgi wsgi:app`; WX_CONFIG names the configuration file."""

import os

from wx_backend import log
from wx_backend.app import create_app
from wx_backend.config import Config

log.configure()
app = create_app(Config.load(os.environ.get("WX_CONFIG", "config.toml")))
