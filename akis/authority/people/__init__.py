"""Holders and their cards: brought in from files, looked up, locked and revoked."""
