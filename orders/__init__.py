"""Orders: what a member bought, at which price, for whom, and every state it went through."""
