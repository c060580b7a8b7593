"""The tests: through the deployed objects with real requests, on a real Firestore engine."""
