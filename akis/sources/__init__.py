"""Secrets and keys from where people keep them, named by a text as on a command line."""
