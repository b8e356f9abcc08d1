"""Menus and replies of an account: read, taken over, edited, published; reps see their own menu."""
