"""Statements: what a month brought whom, frozen when it closes and chained to the month before."""
