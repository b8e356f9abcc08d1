"""A year of an operator of any size, for whoever measures what growth costs."""
