"""Accounts: provisioning, the profile, the welcome bonus."""
