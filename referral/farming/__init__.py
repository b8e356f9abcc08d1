"""Farming: patterns of touches, follows and refunds that honest selling does not leave. Flags, with evidence."""
