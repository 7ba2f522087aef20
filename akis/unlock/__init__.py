"""The holder's side of an unlock, and what it has in common with the issuer's: codes, messages, the exchange."""
