"""Reconciliation: the platform's daily bills, what differs from our books, and days that are closed."""
