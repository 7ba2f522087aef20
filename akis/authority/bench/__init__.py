"""How much an authority can do: a real one, emulated clients that unlock emulated cards, and what it took."""
