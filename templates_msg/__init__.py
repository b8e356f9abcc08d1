"""Messages we send to people, each a row with a life."""
