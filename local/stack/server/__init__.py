"""The local stack's functions: all of them in one process, served as production serves each of them."""
