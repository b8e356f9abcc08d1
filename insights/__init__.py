"""Figures: facts of selling as they were counted, and their sums per place and day."""
