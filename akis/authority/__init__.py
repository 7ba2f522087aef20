"""The issuer's service: holders and cards, codes, second factors, keys, and the issuer's part of an unlock.

Needs ``pip install akis[authority]``.
"""
