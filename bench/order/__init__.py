"""One order from the mall's page to its commission: what it costs, and how many of them a second there are."""
