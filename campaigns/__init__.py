"""Campaigns: who is written to, by which way, agreed to by whom, and what came of it."""
