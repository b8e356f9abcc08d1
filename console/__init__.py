"""Platform management: what staff of group, provinces, cities and outlets see and do."""
