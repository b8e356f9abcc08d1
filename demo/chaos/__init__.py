"""Trouble on purpose: people buy and scan while processes die; afterwards everything must agree."""
