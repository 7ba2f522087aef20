"""Other programs' logs, read as traces."""
