"""Sessions: the jobs that belong together, and what they started from."""
