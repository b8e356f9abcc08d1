"""The whole service on one machine: starts every process, watches them, ends them together."""
