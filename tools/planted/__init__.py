"""Known bugs, each planted alone in a copy of the project: the ordinary tests must catch it by name."""
