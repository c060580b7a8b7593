"""The weekly report: what the studio did, and what was unusual about it."""
