"""What a person can do with the phone, one module per kind of act."""
