"""The pager's entry: `granian --interface wsgi pager:app`; WX_CONFIG names the configuration file."""

import os

from handlers.pager import create_pager
from wx_backend import log
from wx_backend.config import Config

log.configure()
app = create_pager(Config.load(os.environ.get("WX_CONFIG", "config.toml")))
