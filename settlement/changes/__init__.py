"""Changes of what commission is counted by: proposed by one person, tried out, approved by another."""
