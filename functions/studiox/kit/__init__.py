"""What any backend on Firebase needs, and nothing of this product."""
