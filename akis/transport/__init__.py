"""Ways to a card: bytes there, bytes back."""
