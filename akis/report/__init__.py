"""A whole diagnosis of one card without spending a try: who it is, what is on it, how fast and how correct it answers.

:mod:`akis.report.gate` stands right before the card and lets through what reads, and nothing else.
"""
