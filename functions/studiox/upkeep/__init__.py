"""What keeps the books right while nobody looks: the monthly reset."""
