"""Every package that has rows, imported once, so that the metadata is whole."""

import members.models
import menus.models
import org.models
import referral.models
import templates_msg.models
import wx_backend.inbox
import wx_backend.leases
import wx_backend.outbox
from wx_backend.db import Model

metadata = Model.metadata

__all__ = ["metadata"]
