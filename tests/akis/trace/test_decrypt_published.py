"""Published exchanges opened from the wire, and defects made of them that must be named."""

from __future__ import annotations

import pytest

from akis.profile.model import SmRules
from akis.sm.observer import SessionKeys
from akis.trace.decrypt import Opened, opened
from akis.trace.fit_rules import fit
from tests import published
from tests.akis.trace.recorded import exchanged
from tests.by_hand import Keys, as_the_card_reads, pad
from tests.published import Vector, command, is_defective, response, rules_of, suite_of, unhex

VECTORS = [vector for vector in published.load() if vector["kind"] == "sm_exchange" and "keys" in vector]
if not VECTORS:
    pytest.skip(published.REASON, allow_module_level=True)

SOUND = [vector for vector in VECTORS if not is_defective(vector)]
every = pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in SOUND])


def keys_of(vector: Vector, mac: bytes | None = None) -> SessionKeys:
    keys = vector["keys"]
    return SessionKeys(suite_of(vector), unhex(keys["KSenc"]), mac or unhex(keys["KSmac"]), unhex(vector["ssc"]))


def by_hand(vector: Vector) -> Keys:
    keys = vector["keys"]
    return Keys(suite_of(vector).value, unhex(keys["KSenc"]), unhex(keys["KSmac"]))


def ssc_of(vector: Vector, step: int) -> bytes:
    size = suite_of(vector).block
    return ((int(vector["ssc"], 16) + step) % (1 << 8 * size)).to_bytes(size, "big")


def heard(vector: Vector, sent: bytes, mac: bytes | None = None, rules: SmRules | None = None) -> Opened:
    (step,) = opened([exchanged(sent, None)], session=keys_of(vector, mac), rules=rules or rules_of(vector))
    return step


@every
def test_opened_from_the_wire_and_the_keys(vector: Vector) -> None:
    rules = rules_of(vector)
    wire = exchanged(vector["protected_command"], vector.get("protected_response"))
    (step,) = opened([wire], session=keys_of(vector), rules=rules)
    plain, protected = command(vector, "plain_command"), command(vector, "protected_command")
    assert step.plain_command == as_the_card_reads(plain, protected, rules)
    assert step.command_ssc == ssc_of(vector, 1)
    if "plain_response" in vector:
        assert step.plain_answer == response(vector, "plain_response")
        assert step.answer_ssc == unhex(vector["ssc_after"])
    assert step.finding is None


@every
def test_the_rules_are_found(vector: Vector) -> None:
    found = fit([exchanged(vector["protected_command"], vector.get("protected_response"))], session=keys_of(vector))
    assert (found.rules, found.commands, found.unexplained) == (rules_of(vector), 1, ())


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["id"]) for one in VECTORS if is_defective(one)])
def test_a_defective_peer_is_found_out(vector: Vector) -> None:
    step = heard(vector, unhex(vector["protected_command"]))
    assert step.plain_command is None
    assert "the MAC is computed in another way" in str(step.finding)


@every
@pytest.mark.parametrize("step", [1, -1])
def test_a_counter_that_is_off(vector: Vector, step: int) -> None:
    rules, plain = rules_of(vector), command(vector, "plain_command")
    found = heard(vector, by_hand(vector).command(ssc_of(vector, 1 + step), plain, rules))
    assert f"counter {'+' if step > 0 else '−'}1:" in str(found.finding)
    assert found.command_ssc == ssc_of(vector, 1 + step)
    assert found.plain_command is not None


@every
def test_a_wrong_mac_key(vector: Vector) -> None:
    wrong = bytes(len(vector["keys"]["KSmac"]) // 2)
    found = heard(vector, unhex(vector["protected_command"]), mac=wrong)
    assert found.plain_command is None
    if command(vector, "plain_command").data or rules_of(vector).do87_when_empty:
        assert "the encryption key is right, the MAC key is wrong" in str(found.finding)
    else:
        assert "without a cryptogram there is no telling which key is wrong" in str(found.finding)


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["id"]) for one in SOUND if one["plain_command"][8:] == ""])
def test_double_padding_of_case_1(vector: Vector) -> None:
    rules, plain = rules_of(vector), command(vector, "plain_command")
    other = SmRules(case1_padding="single" if rules.case1_padding == "double" else "double")
    found = heard(vector, by_hand(vector).command(ssc_of(vector, 1), plain, other))
    assert f"the header is padded {'twice' if other.case1_padding == 'double' else 'once'}" in str(found.finding)
    assert found.plain_command == plain


WITH_LE = [one for one in SOUND if 0x97 in published.tags(command(one, "protected_command").data)]


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["id"]) for one in WITH_LE])
@pytest.mark.parametrize("reading", ["is missing", "leaves DO'97' out"])
def test_le_left_out(vector: Vector, reading: str) -> None:
    right, rules = command(vector, "protected_command"), rules_of(vector)
    objects = right.data[: -2 - rules.mac_length]
    before = objects[: objects.rindex(b"\x97")]
    block = suite_of(vector).block
    header = ssc_of(vector, 1) + pad(right.header, block)
    covered, on_wire = (objects, before) if reading == "is missing" else (before, objects)
    # A header that is left alone is padded once, unless the rules say twice.
    alone = not covered and rules.case1_padding == "single"
    message = header if alone else pad(header + covered, block)
    sent = right.replace(data=on_wire + by_hand(vector).checksum(message, rules.mac_length))
    found = str(heard(vector, sent.to_bytes()).finding)
    assert "DO'97'" in found
    assert reading in found


def test_each_of_the_causes_was_tried() -> None:
    assert len(SOUND) >= 40
    assert len(WITH_LE) >= 10
    assert sum(one["plain_command"][8:] == "" for one in SOUND) >= 3
