"""Files in Cloud Storage: storing, signing, deleting, and downloading from a provider's host."""
