"""Lyrics on order: a job of type lyrics that answers at once."""
