"""Deleting an account: all of it goes but its money, under a pseudonym."""
