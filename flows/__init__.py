"""The business stories: each file tells one, in the verbs of the packages below."""
