"""Payments and refunds: what WeChat Pay was asked, what it says, and what did not fit."""
