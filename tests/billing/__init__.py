"""Billing: every payment counts once."""
