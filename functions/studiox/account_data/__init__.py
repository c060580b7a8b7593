"""What a person owns: exporting it and deleting it."""
