"""A user's private library."""
