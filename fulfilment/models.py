"""Rows of fulfilment: where each paid line stands on its way, and how it got there."""
