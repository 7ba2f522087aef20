"""The holder's answer to the second factor, looked at before it is sent: each that is wrong spends one of few tries."""

from __future__ import annotations

from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.unlock.opened import SecondFactor

SMS_LENGTH = 6


def check_answer(factor: SecondFactor, answer: Secret) -> Secret:
    """``answer`` (UTF-8) as it is to be sent: an SMS code without its spaces, a web password as it is.

    :class:`InvalidArgument` where it cannot be right: an SMS code that is not six digits, a password that is empty.
    """
    typed = answer.reveal()
    if factor.kind == "password":
        if not typed:
            raise InvalidArgument("the web password is empty; it was not sent, and no try is spent")
        return answer
    digits = b"".join(typed.split())
    if not digits.isdigit() or len(digits) != SMS_LENGTH:
        raise InvalidArgument(f"the code of the SMS has {SMS_LENGTH} digits; it was not sent, and no try is spent")
    return Secret(digits)
