"""Money from outside: checkout, subscriptions, and what Stripe tells us of both."""
