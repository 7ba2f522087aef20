"""The service as a process: its settings, what it opens, and where it listens."""
