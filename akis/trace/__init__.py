"""Exchanges as they were seen, and what may be shown of them."""
