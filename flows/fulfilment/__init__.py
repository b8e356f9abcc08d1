"""The way of a paid order: opened, dispatched, worked off by an outlet, signed, archived."""
