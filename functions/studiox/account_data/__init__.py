"""A person's data as a whole: exporting and deleting it."""
