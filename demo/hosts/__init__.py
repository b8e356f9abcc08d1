"""The service on several hosts, each a network namespace of this machine: some fail, nothing is lost."""
