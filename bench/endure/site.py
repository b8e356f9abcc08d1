"""The web's entry as `wsgi.py` is, on the configuration of an endurance run; ENDURE_CONFIG names its file."""

import os

from bench.endure.pickled import service_of
from wx_backend import log

log.configure()
app = service_of(os.environ["ENDURE_CONFIG"])
