"""Bytes in, values out, and back."""
