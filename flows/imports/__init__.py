"""Reps and outlets out of files: checked line by line, shown, brought in as a job, taken back."""
