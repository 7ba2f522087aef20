"""Recorded sessions played again, and what differs."""
