"""The operator's billing system as we call it, and its receipts as it calls us."""
