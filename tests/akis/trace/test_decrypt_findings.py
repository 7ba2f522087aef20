"""Sessions in which something does not fit, and commands in several links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.trace.decrypt import Opened, opened
from akis.trace.entries import Entry, Wire
from akis.trace.redact import Mask
from tests.akis.trace.recorded import READ, WRITE, exchanged, said, session_keys
from tests.sessions import Pair

PAIR = Pair(Suite.AES)


def from_keys(*entries: Entry, rules: SmRules | None = None) -> list[Opened]:
    return list(opened(entries, session=session_keys(PAIR), rules=rules))


class TestFindings:
    """What is wrong is said, and the rest is opened."""

    def test_an_exchange_that_is_missing_from_the_recording(self) -> None:
        steps = from_keys(said(PAIR, 0), said(PAIR, 2), said(PAIR, 3))
        assert "command: checksum differs; the checksum fits with the counter +2" in str(steps[1].finding)
        assert steps[1].plain_command == READ
        assert steps[1].command_ssc == PAIR.ssc(5)
        assert [step.finding for step in (steps[0], steps[2])] == [None, None]

    def test_an_exchange_that_is_there_twice(self) -> None:
        steps = from_keys(said(PAIR, 0), said(PAIR, 0), said(PAIR, 1))
        assert "counter −2" in str(steps[1].finding)
        assert [step.plain_command for step in steps] == [READ] * 3
        assert steps[2].finding is None

    def test_a_counter_that_only_the_answer_has_wrong(self) -> None:
        right, late = said(PAIR, 0, data=b"data"), said(Pair(start=PAIR.start + 1), 0, data=b"data")
        assert late.answer is not None
        (step,) = from_keys(exchanged(right.command.raw, late.answer.raw))
        assert str(step.finding).startswith("answer: checksum differs; the checksum fits with the counter +1")
        assert step.plain_answer == ResponseApdu(b"data")

    def test_swapped_keys_are_named_once(self) -> None:
        pair = replace(PAIR)
        keys = session_keys(pair)
        keys.k_enc, keys.k_mac = keys.k_mac, keys.k_enc
        steps = list(opened([said(pair, number, WRITE, b"data") for number in range(3)], session=keys))
        assert [step.plain_command for step in steps] == [WRITE] * 3
        assert "K.ENC and K.MAC are swapped" in str(steps[0].finding)
        assert [step.finding for step in steps[1:]] == [None, None]

    def test_a_status_word_that_was_changed(self) -> None:
        right = said(PAIR, 0)
        assert right.answer is not None
        (step,) = from_keys(exchanged(right.command.raw, right.answer.raw[:-2] + b"\x6a\x82"))
        assert step.finding == "answer: status word differs from the authenticated one"
        assert step.plain_answer is None

    def test_a_command_without_a_checksum(self) -> None:
        (step,) = from_keys(exchanged("0CB00000 03 970100 00", "6987"))
        assert step.finding == "command: malformed command, data object 8E is missing (at byte 3)"

    def test_hidden_bytes(self) -> None:
        right = said(PAIR, 0, WRITE)
        hidden = replace(right, command=Wire(right.command.raw, (Mask(5, 4, "pin"),)))
        steps = from_keys(hidden, said(PAIR, 1))
        assert steps[0].finding == "bytes of this exchange are hidden, so it cannot be opened"
        assert steps[1].plain_command == READ

    def test_wrong_keys_do_not_take_for_ever(self) -> None:
        """After some messages that nothing explains, causes are no longer looked for; what fits again is opened."""
        other = Pair(key_length=32)
        entries = [said(other, number, WRITE, b"data") for number in range(40)] + [said(PAIR, 40)]
        steps = from_keys(*entries)
        assert "not the keys of this session" in str(steps[0].finding)
        assert "no cause was looked for" in str(steps[39].finding)
        assert steps[40].plain_command == READ

    def test_secure_messaging_without_the_header(self) -> None:
        steps = from_keys(said(PAIR, 0), exchanged("04B00000 03 970100 00", "6882"), said(PAIR, 1))
        assert "CLA 04 asks for secure messaging of a kind that is not opened" in str(steps[1].finding)

    def test_no_finding_shows_data(self) -> None:
        secret = CommandApdu(0x00, 0x20, 0x00, 0x81, b"31415926")
        steps = from_keys(said(PAIR, 2, secret), said(PAIR, 0, secret), said(Pair(key_length=24), 0, secret))
        assert all(step.finding for step in steps)
        assert not any("31415926" in f"{step!r}" or b"31415926".hex() in f"{step!r}" for step in steps)


class TestChains:
    """Long commands, protected link by link or as a whole."""

    def test_as_a_whole(self) -> None:
        rules = SmRules(chain="whole")
        plain = WRITE.replace(data=bytes(range(200)) * 2)
        whole = CommandApdu.from_bytes(PAIR.by_hand.command(PAIR.ssc(1), plain))
        pieces = [whole.data[:250], whole.data[250:]]
        first = CommandApdu(0x1C, *whole.header[1:], pieces[0]).to_bytes()
        last = CommandApdu(0x0C, *whole.header[1:], pieces[1], 256).to_bytes()
        answer = PAIR.by_hand.answer(PAIR.ssc(2), b"", b"\x90\x00")
        for told in (None, rules):
            steps = from_keys(exchanged(first, "9000"), exchanged(last, answer), said(PAIR, 1), rules=told)
            assert [step.numbers for step in steps] == [(1, 2), (3,)]
            assert steps[0].plain_command is not None
            assert steps[0].plain_command.data == plain.data
            assert [step.finding for step in steps] == [None, None]

    @pytest.mark.parametrize("sw", ["6A84", "6988"])
    def test_one_that_the_card_ends(self, sw: str) -> None:
        whole = CommandApdu.from_bytes(PAIR.by_hand.command(PAIR.ssc(1), WRITE.replace(data=bytes(400))))
        first = CommandApdu(0x1C, *whole.header[1:], whole.data[:250]).to_bytes()
        (step,) = from_keys(exchanged(first, sw))
        ended = "; session ended by 6988 in the clear" if sw == "6988" else ""
        assert step.step == f"session of the given keys; the chain ends with {sw}, before its last link{ended}"
        assert (step.plain_command, step.finding) == (None, None)

    def test_link_by_link(self) -> None:
        links = [WRITE.replace(cla=0x10), WRITE.replace(cla=0x10), WRITE]
        steps = from_keys(*(said(PAIR, number, link) for number, link in enumerate(links)))
        assert [step.plain_command for step in steps] == links
