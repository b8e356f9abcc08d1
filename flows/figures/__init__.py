"""Figures: what is counted of other packages' rows, and what the pages show of it."""
