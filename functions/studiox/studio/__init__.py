"""Generation jobs, from the debit to the media in the library."""
