"""Device authentication as a listener hears it, who holds the device keys and so comes by the session keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from akis.codec import tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands.security import ALGORITHM, GET_CHALLENGE, KEY, MSE, MUTUAL_AUTHENTICATE
from akis.errors import AkisError, CodecError, SecureMessagingError
from akis.profile.model import SmRules
from akis.sm.mutual_auth import ALGORITHMS, NONCE_LENGTH, TOKEN_LENGTH, DeviceKeys, overheard
from akis.sm.observer import Observer


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What became of an authentication: in words, what does not fit, and the listener to the session it opened."""

    step: str
    finding: str | None = None
    observer: Observer | None = None


class Authentication:
    """Follows MSE SET, GET CHALLENGE and MUTUAL AUTHENTICATE, and finds the keys that open the tokens."""

    def __init__(self, keys: Sequence[DeviceKeys] = (), rules: SmRules | None = None) -> None:
        self._keys = tuple(keys)
        self._rules = rules
        self.forget()

    def forget(self) -> None:
        """The card was reset: nothing is chosen any more."""
        self._reference: int | None = None
        self._algorithm: int | None = None
        self._challenge: bytes | None = None

    def hear(self, command: CommandApdu, answer: ResponseApdu | None, hidden: bool = False) -> Outcome | None:
        """One plain exchange; an outcome after MUTUAL AUTHENTICATE. ``hidden`` says that bytes of it are not there."""
        if command.ins == MSE and (command.p1, command.p2) == (0xC1, 0xA4):
            self._choose(command.data, answer)
        elif command.ins == GET_CHALLENGE:
            got = answer is not None and answer.sw.ok and len(answer.data) == NONCE_LENGTH
            self._challenge = answer.data if answer is not None and got and not hidden else None
        elif command.ins == MUTUAL_AUTHENTICATE and (command.p1, command.p2) == (0, 0):
            challenge, self._challenge = self._challenge, None
            return self._outcome(command.data, answer, challenge, hidden)
        return None

    def _choose(self, data: bytes, answer: ResponseApdu | None) -> None:
        if answer is None or not answer.sw.ok:
            return
        try:
            objects = {item.tag: item.content for item in tlv.parse(data)}
        except CodecError:
            return
        self._reference, self._algorithm = (
            int.from_bytes(objects[tag], "big") if tag in objects else None for tag in (KEY, ALGORITHM)
        )

    def _outcome(self, sent: bytes, answer: ResponseApdu | None, challenge: bytes | None, hidden: bool) -> Outcome:
        which = "an unknown key" if self._reference is None else f"key {self._reference:02X}"
        if answer is None:
            return Outcome(f"authentication with {which}, not answered")
        if len(sent) != TOKEN_LENGTH or hidden:
            return Outcome(f"authentication with {which}, of a kind that is not opened")
        opening = self._opening(sent)
        begun = answer.sw.ok and bool(answer.data)
        finding = None
        if opening is None:
            step = f"authentication with {which}, " + ("" if begun else f"refused with {answer.sw}, ")
            if any(keys.reference == self._reference for keys in self._keys):
                finding = f"the terminal's token does not open with the {which} that was given: other keys made it"
            return Outcome(step + "not opened with any key that was given", finding)
        keys, swapped = opening
        step = f"key {keys.reference:02X}, algorithm {keys.algorithm.reference:02X}"
        if swapped:
            finding = f"K.ENC and K.MAC of key {keys.reference:02X} are swapped"
        if not begun:
            return Outcome(f"authentication with {step}, refused with {answer.sw}", finding)
        try:
            observer = overheard(keys, sent, answer.data, challenge, self._rules)
        except SecureMessagingError as error:
            return Outcome(f"authentication with {step}", "; ".join(filter(None, (finding, error.reason))))
        return Outcome(f"session opened with {step}", finding, observer)

    def _opening(self, sent: bytes) -> tuple[DeviceKeys, bool] | None:
        """The keys that open the terminal's token, and whether they do so the other way round."""
        for swapped in (False, True):
            for keys in self._candidates(swapped):
                try:
                    keys.open(sent)
                except SecureMessagingError:
                    continue
                return keys, swapped
        return None

    def _candidates(self, swapped: bool) -> Iterator[DeviceKeys]:
        """All keys that were given, for the algorithm that was chosen; those of the key that was chosen come first."""
        for keys in sorted(self._keys, key=self._distance):
            algorithm = keys.algorithm
            chosen = ALGORITHMS.get(self._algorithm or 0)
            # 0C and 8C seal tokens alike and derive other session keys, so the recording has the last word.
            if chosen is not None and chosen.key_length == algorithm.key_length:
                algorithm = chosen
            elif chosen is not None:
                continue
            pair = (keys.k_mac, keys.k_enc) if swapped else (keys.k_enc, keys.k_mac)
            try:
                yield DeviceKeys(keys.reference, algorithm.reference, *pair)
            except AkisError:
                continue

    def _distance(self, keys: DeviceKeys) -> tuple[bool, bool]:
        return keys.reference != self._reference, keys.algorithm.reference != self._algorithm
