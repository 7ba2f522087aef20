"""What an SMS with a code says: what the code is for first, so that nobody tells it to somebody who asks."""

from __future__ import annotations


def sms_text(code: str, card: str) -> str:
    """The text, in Turkish and in English, with the code and the label of the card it is for."""
    return (
        f"{code}: {card} kartınızın PIN'ini oluşturma / kilidini açma kodu. Kimseyle paylaşmayın. "
        f"Code to create or unlock the PIN of your card {card}. Share it with nobody."
    )
