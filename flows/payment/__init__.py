"""Money comes in: a prepay is asked for, a fact settles it, the order is fulfilled or closed."""
