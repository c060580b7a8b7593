"""Tokens: balance, ledger, monthly reset, rewards, usage, and the nightly audit."""
