"""Tags of an account: what they are, who has which, why, and since when."""
