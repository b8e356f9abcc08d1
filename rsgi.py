"""The push door's entry: `granian --interface rsgi rsgi:app`; WX_CONFIG names the configuration file."""

import os

from wx_backend import log
from wx_backend.app import create_app, door_of
from wx_backend.config import Config

log.configure()
app = door_of(create_app(Config.load(os.environ.get("WX_CONFIG", "config.toml"))))
