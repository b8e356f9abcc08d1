"""The kernel every package shares (bottom) and the files that put the service together (top)."""
