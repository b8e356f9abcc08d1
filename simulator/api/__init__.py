"""The API host: one module per noun, each call registered by its path."""
