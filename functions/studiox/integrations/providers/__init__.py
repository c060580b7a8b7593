"""Providers of generated media, behind one protocol (protocol.py)."""
