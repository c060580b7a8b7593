"""What may be ordered, with which inputs, at what price: data, and the pure rules that read it."""
