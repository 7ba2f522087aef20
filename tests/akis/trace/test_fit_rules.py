"""Which rules a recording follows."""

from __future__ import annotations

from itertools import product

import pytest

from akis.codec.apdu import CommandApdu
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.trace.fit_rules import fit
from tests.akis.trace.recorded import EMPTY, READ, WRITE, Recording, exchanged, said, session_keys
from tests.bench import PIN
from tests.sessions import Pair

TELLING = [
    EMPTY,
    READ,
    WRITE,
    WRITE.replace(ne=256),
    READ.replace(ne=200, extended=True),
    WRITE.replace(data=bytes(300), ne=20),
]
"""Commands that show all there is, chaining excepted."""


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize(
    "rules",
    [
        SmRules(padding, extend, do97, outer_le, empty, length)
        for (padding, extend, do97, outer_le, empty), length in zip(
            product(
                ("single", "double"), ("needed", "with_le"), ("follow", "minimal"), ("always", "follow"), (False, True)
            ),
            (4, 5, 6, 7, 8) * 7,
            strict=False,
        )
    ],
    ids=str,
)
def test_rules_are_found_again(suite: Suite, rules: SmRules) -> None:
    pair = Pair(suite, rules=rules)
    found = fit([said(pair, number, plain) for number, plain in enumerate(TELLING)], session=session_keys(pair))
    assert found.unexplained == ()
    assert found.commands == len(TELLING)
    for name in found.determined:
        assert getattr(found.rules, name) == getattr(rules, name)
    expected = {"extend", "do97", "outer_le", "do87_when_empty", "mac_length"}
    if not rules.do87_when_empty:  # otherwise no header stands alone
        expected |= {"case1_padding"}
    if (rules.extend, rules.do97) == ("with_le", "minimal"):
        # Each command with Le is extended, its Ne on one byte: it may have been extended before it was protected.
        expected -= {"extend", "do97"}
    assert expected <= set(found.determined)


def test_what_a_recording_leaves_open_has_its_default() -> None:
    pair = Pair(rules=SmRules(mac_length=4))
    found = fit([said(pair, 0, WRITE)], session=session_keys(pair))
    assert found.rules == SmRules(mac_length=4)
    assert set(found.determined) == {"mac_length", "outer_le"}
    assert set(found.left_open) == {"case1_padding", "extend", "do97", "do87_when_empty", "chain"}


def test_a_session_of_the_emulated_card() -> None:
    made = Recording("akis-2.5").open()
    made.card.send(CommandApdu(0x00, 0x20, 0x00, 0x81, PIN.encode()))
    made.card.send(CommandApdu(0x00, 0x20, 0xFF, 0x81))
    made.card.send(CommandApdu(0x00, 0xDA, 0x01, 0x02, bytes(600)))
    found = fit(made.entries, [made.keys()])
    assert found.rules == SmRules()
    assert {"case1_padding", "outer_le", "mac_length", "chain"} <= set(found.determined)
    assert (found.commands, found.unexplained) == (5, ())


def test_a_chain_protected_as_a_whole() -> None:
    pair = Pair()
    whole = CommandApdu.from_bytes(pair.by_hand.command(pair.ssc(1), WRITE.replace(data=bytes(400))))
    first = CommandApdu(0x1C, *whole.header[1:], whole.data[:250]).to_bytes()
    last = CommandApdu(0x0C, *whole.header[1:], whole.data[250:], 256).to_bytes()
    answer = pair.by_hand.answer(pair.ssc(2), b"", b"\x90\x00")
    found = fit([exchanged(first, "9000"), exchanged(last, answer)], session=session_keys(pair))
    assert (found.rules.chain, "chain" in found.determined, found.unexplained) == ("whole", True, ())


def test_the_first_exchange_that_no_rules_explain() -> None:
    one, other = Pair(rules=SmRules()), Pair(rules=SmRules(outer_le="follow"))
    entries = [said(one, 0), said(other, 1), said(one, 2), said(other, 3)]
    found = fit(entries, session=session_keys(one))
    assert found.unexplained == (2,)
    assert found.rules == SmRules()


def test_an_object_that_no_rules_send() -> None:
    """DO'97' on one byte too many fits its checksum, and no terminal of ours would have sent it so."""
    pair = Pair()
    keys, ssc = pair.by_hand, pair.ssc(1)
    header, objects = b"\x0c\xb0\x00\x00", bytes.fromhex("9702 0010")
    data = objects + keys.command_checksum(ssc, header, objects)
    sent = CommandApdu(*header, data, 256)
    found = fit([exchanged(sent.to_bytes(), None)], session=session_keys(pair))
    assert (found.unexplained, found.commands) == ((1,), 1)


def test_what_does_not_open_says_nothing() -> None:
    found = fit([said(Pair(key_length=32), 0, WRITE)], session=session_keys(Pair()))
    assert (found.commands, found.determined, found.unexplained) == (0, (), ())
    assert found.rules == SmRules()
