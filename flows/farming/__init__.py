"""Farming found and decided on: what a machine flags, and what people make of it."""
