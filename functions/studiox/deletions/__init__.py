"""Deletions that take longer than one call: ordered in a commit, finished by tasks."""
