"""What is taken out of the feed by reports and by administrators, and put back."""
