"""The story of a campaign: chosen, frozen, agreed to, sent, measured."""
