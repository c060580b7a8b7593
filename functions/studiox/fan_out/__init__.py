"""Schedules that walk through everything: alone while that is little, divided among tasks when it is much."""
