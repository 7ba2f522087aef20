"""Meets a card that nobody described yet: what SELECT and GET DATA say of it, and a draft of a profile from that.

No try is spent, no session opened and nothing written: :mod:`akis.probe.looking` lets no other command through.
"""
