"""Administrators' corrections of accounts and jobs, their lists, and the weekly report."""
