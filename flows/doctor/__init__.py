"""A look at everything that has to be set for real accounts: what is fine, and what to do next."""
