"""People who buy: members, their platform identities, anonymous visitors, consents."""
