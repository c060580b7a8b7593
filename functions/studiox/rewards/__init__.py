"""Tokens for coming back and for telling others: streaks and social tasks."""
