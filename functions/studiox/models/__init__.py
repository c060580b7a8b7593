"""Stored documents that several domains share."""
