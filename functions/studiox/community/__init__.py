"""What people publish for others, and what others make of it."""
