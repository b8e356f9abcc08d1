"""Want of what a machine has: files, memory, room for logs and uploads; nobody gets worse than "come again"."""
