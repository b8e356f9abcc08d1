"""Text messages to phones, through whichever gateway the operator has."""
