"""Archives: files with everything there is, who asked for them and who fetched them."""
