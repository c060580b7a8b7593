"""What administrators do to accounts and jobs, and where they look it up."""
