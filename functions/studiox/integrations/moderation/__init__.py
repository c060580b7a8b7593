"""Services that judge texts and pictures before a model or the public sees them."""
