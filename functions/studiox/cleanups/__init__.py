"""What is left to delete after something went, until all of it is gone."""
