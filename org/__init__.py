"""The operator's organisation: tiers, outlets, sales reps and console staff."""
