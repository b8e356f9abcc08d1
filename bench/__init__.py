"""The figures: each contender beside the other in one run, medians of interleaved rounds."""
