"""Bills compared with what we hold: every difference has a class, an owner, an age."""
