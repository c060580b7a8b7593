"""The check of what people give to models or to the public, before anything is debited or published."""
