"""Builders of commands and readers of their answers; pure."""
