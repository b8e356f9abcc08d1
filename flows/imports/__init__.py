"""People, places and what an older system knew, out of files: checked line by line, shown, brought in as a job, taken back."""
