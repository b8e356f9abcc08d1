"""Runs that go on for as long as they are asked to, count what they did, and end with what broke."""
