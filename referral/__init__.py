"""Shares, touches and attribution: which salesperson an order came from, and the proof."""
