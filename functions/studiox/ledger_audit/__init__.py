"""The nightly audit of the ledger, and the rebuilding of a balance from it."""
