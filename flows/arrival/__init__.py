"""A push arrives: planned without the database, stored in one step, worked off afterwards."""
