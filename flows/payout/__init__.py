"""Free commission is paid out: proposed, agreed to by a second person, sent, arrived or back."""
