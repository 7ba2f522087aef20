"""Finds out why a card can or cannot be reached from this machine, and what to do about it.

No command goes to any card: readers are listed, and a card is connected to and left as it is.
"""
