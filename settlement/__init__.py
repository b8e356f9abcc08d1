"""Settlement: what a sale earns its reps, when it is theirs, and what a refund takes back."""
