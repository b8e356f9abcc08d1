"""The reps' own pages on the phone: binding, poster, customers, orders, income."""
