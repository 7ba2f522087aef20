"""The issuer's side of one exchange: keys and transport PIN made for it, and wiped after it."""

from __future__ import annotations

from contextlib import ExitStack

from akis.authority.context import Authority
from akis.authority.keys.card_keys import card_keys
from akis.authority.spent import CRYPTOGRAPHY
from akis.authority.steps.exchanges import Begun
from akis.pin import random_digits
from akis.profile.load import load
from akis.secret import Secret
from akis.unlock.issue import Issue

SN_IFD = b"AKISAUTH"
"""The serial number that the authority, as the terminal of device authentication, shows to cards."""


class Issuing:
    """What one exchange needs, to be used in a ``with``: :attr:`issue`, and the :attr:`transport_pin` it sets.

    Making it asks the master key, and may wait for an HSM.
    """

    def __init__(self, authority: Authority, begun: Begun) -> None:
        profile = load(begun.profile)
        with ExitStack() as wiped:
            self.transport_pin = wiped.enter_context(Secret(random_digits(profile.pin.maximum, authority.random)))
            with authority.spent.on(CRYPTOGRAPHY):
                keys = card_keys(authority.master, begun.serial, begun.key_reference, begun.algorithm)
            wiped.callback(keys.wipe)
            self.issue = Issue(profile, keys, SN_IFD, begun.serial, self.transport_pin, authority.random)
            self._wiped = wiped.pop_all()

    def __enter__(self) -> Issuing:
        return self

    def __exit__(self, *_: object) -> None:
        self._wiped.close()
