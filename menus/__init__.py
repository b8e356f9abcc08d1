"""Menus and automatic replies of the accounts."""
