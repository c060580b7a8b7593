"""What a user did with their tokens, and what they may still do: features, analytics, the songs of a plan."""
