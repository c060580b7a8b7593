"""Vendors: Firebase Auth, Stripe, and the providers that generate media."""
