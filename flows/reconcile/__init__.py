"""The day after: bills are fetched, tell what was missed, and are held against our books."""
