"""Schedules that process whole collections: small runs by themselves, large ones divided among tasks."""
