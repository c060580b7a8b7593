"""Payments: checkout, subscriptions, and Stripe's events about both."""
