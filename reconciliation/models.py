"""Rows of reconciliation: bills fetched, their rows, the differences found."""
