"""How long the busiest pages take, and whether that grows with what the database holds."""
