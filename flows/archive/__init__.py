"""The export archive: everything the database holds in one file, and reading it back."""
