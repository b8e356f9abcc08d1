"""What a rep writes down about his customers for himself, and what they looked at last."""
