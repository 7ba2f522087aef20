"""Bytes that are no longer there, whatever form they had, and those that show under a name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akis.codec import pin_block
from akis.codec.apdu import CommandApdu
from akis.trace.entries import Exchanged, Wire
from akis.trace.jsonl import entry_line
from akis.trace.redact import Mask
from akis.trace.redactor import Redactor
from tests.akis.trace.redacted import NEW, OTHER, PIN, PROFILE, change, raw, slots, verify
from tests.leaks import leaks

# ---- odd forms


def test_links_of_a_chain_are_hidden_each() -> None:
    session = [
        (f"10240081 05 '{PIN[:5]}'", "9000"),
        (f"10240081 05 '{PIN[5:]}{NEW[:2]}'", "9000"),
        (f"00240081 04 '{NEW[2:]}'", "9000"),
    ]
    assert slots(*session, (verify(PIN), "9000")) == ["pin-part:5", "pin-part-2:5", "pin-part-3:4", "pin:8"]


def test_a_chain_ends_with_another_command() -> None:
    assert slots((f"10200081 04 '{PIN[:4]}'", "9000"), ("00A40000", "9000"), (verify(PIN), "9000"))[2] == "pin:8"


def test_odd_instruction_codes_and_extended_length() -> None:
    assert slots((f"00210081 0B 5F2E08 '{PIN}'", "9000"), (f"00200081 000008 '{PIN}' 0000", "9000")) == [
        "pin:11",
        "pin-2:8",
    ]


def test_protected_commands_stay_as_they_are() -> None:
    command = raw("0C200081 15 870901 3928 7408 EB42 E74C 8E08 C73559ECA4C93A8F 00")
    made = Redactor(PROFILE).exchange(command, raw("9902 63C2 8E08 0102030405060708 63C2"))
    assert made == Exchanged(Wire(command), Wire(raw("9902 63C2 8E08 0102030405060708 63C2")))


def test_what_comes_back_for_a_pin_is_hidden() -> None:
    assert slots((verify(PIN), f"'{PIN}' 9000")) == ["pin:8 answer:8"]
    assert slots((verify(PIN), "6108"), ("00C00000 08", f"'{PIN}' 9000"), ("00C00000 08", f"'{PIN}' 9000")) == [
        "pin:8",
        "answer:8",
        "answer:8",
    ]
    assert slots(("00A40000", "6102"), ("00C00000 02", "0102 9000")) == ["", ""]


def test_bytes_that_are_no_command() -> None:
    assert slots((f"00200081 09 '{PIN}'", f"'{PIN}' 6700"), ("00C00000 08", f"'{PIN}' 9000"), ("0020", "6700")) == [
        "unknown:9 unknown:8",
        "unknown:8",
        "",
    ]
    assert slots((verify(PIN), "90")) == ["pin:8"]


# ---- what varies


def test_what_differs_from_session_to_session_is_named_and_shows() -> None:
    serial = f"{'00' * 55}{'AB' * 12}9000"
    session = [
        ("00840000 08", "0102030405060708 9000"),
        (f"00820000 48 {'11' * 72} 48", f"{'22' * 72} 9000"),
        ("00CA0106 00", serial),
        ("00B00000 00", f"3030{'AB' * 12}0000 9000"),
        ("002A9E9A 02 0102 00", f"{'33' * 128} 9000"),
        ("00B00000 00", f"3082 0404 3082 0304 A003 {'44' * 20} 9000"),
        ("00B0001E 00", f"{'55' * 20} 9000"),
        ("00A40000", "9000"),
        ("00B0001E 00", f"{'55' * 20} 9000"),
    ]
    assert slots(*session) == [
        "challenge:8",
        "token:72 token:72",
        "serial:12",
        "serial:12",
        "signature:128",
        "certificate:30",
        "certificate:20",
        "",
        "",
    ]
    redactor = Redactor(PROFILE)
    assert all(not redactor.exchange(raw(command), raw(answer)).answer.hides for command, answer in session)  # type: ignore[union-attr]


def test_kept_secrets_are_named_and_show() -> None:
    made = Redactor(PROFILE, keep_secrets=True).exchange(raw(verify(PIN)), raw(f"'{PIN}' 9000"))
    assert made.command == Wire(raw(verify(PIN)), (Mask(5, 8, "pin", hidden=False),))
    assert made.answer == Wire(raw(f"'{PIN}' 9000"), (Mask(0, 8, "answer", hidden=False),))


# ---- once more


def test_what_is_hidden_stays_hidden_under_its_name() -> None:
    first = Redactor(PROFILE)
    seen = [first.exchange(raw(verify(pin)), raw(sw)) for pin, sw in ((PIN, "9000"), (OTHER, "63C2"), (NEW, "9000"))]
    again = Redactor(PROFILE)
    assert [again.again(one) for one in seen] == seen
    assert again.again(Exchanged(Wire(raw(verify(OTHER))), None)).command.masks == (Mask(5, 8, "pin-3"),)


def test_what_was_kept_is_hidden_now() -> None:
    kept = Redactor(PROFILE, keep_secrets=True).exchange(raw(verify(PIN)), raw(f"'{PIN}' 9000"))
    assert Redactor(PROFILE).again(kept) == Redactor(PROFILE).exchange(raw(verify(PIN)), raw(f"'{PIN}' 9000"))


def test_masks_of_others_that_cross_ours_lose_no_byte() -> None:
    odd = Wire(
        raw(f"00200081 08 '{PIN[:2]}' 0000 0000 '{PIN[6:]}'"), (Mask(7, 4, "mine"), Mask(11, 1, "theirs", False))
    )
    made = Redactor(PROFILE).again(Exchanged(odd, Wire(b"\x90\x00"))).command
    assert made.text == "0020008108" + "**" * 8
    assert [(mask.start, mask.length) for mask in made.masks] == [(5, 2), (7, 4), (11, 2)]
    assert made.masks[1].slot == "mine"
    assert Wire.from_text(made.text, tuple((mask.start, mask.length, mask.slot) for mask in made.masks)) == made


def test_hidden_bytes_of_an_answer_name_no_serial() -> None:
    hidden = Exchanged(Wire(raw("00CA0106 00")), Wire(bytes(67) + b"\x90\x00", (Mask(55, 12, "serial"),)))
    redactor = Redactor(PROFILE)
    assert redactor.again(hidden) == hidden
    assert redactor.exchange(raw("00B00000 00"), bytes(40) + b"\x90\x00").answer == Wire(bytes(40) + b"\x90\x00")


# ---- whatever comes


@given(
    pin=st.text("0123456789", min_size=8, max_size=8).filter(lambda pin: len(set(pin)) > 4),
    encoding=st.sampled_from(["ascii", "digits", "bcd", "iso9564-2"]),
    cla=st.sampled_from([0x00, 0x10, 0x80, 0x04, 0x0C, 0x1C, 0x01, 0x40, 0x60, 0xFF]),
    ins=st.sampled_from([0x20, 0x21, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2C, 0x2D]),
    p1=st.sampled_from([0, 1, 2, 3, 0xFF]),
    reference=st.sampled_from([0x81, 0x82, 0x01]),
    around=st.tuples(st.binary(max_size=4), st.binary(max_size=4)),
    extended=st.booleans(),
    cut=st.integers(0, 3),
    answer=st.sampled_from([b"\x90\x00", b"\x63\xc2", b"\x6a\x80", None]),
    profiled=st.booleans(),
)
def test_no_pin_is_in_a_line(pin, encoding, cla, ins, p1, reference, around, extended, cut, answer, profiled):
    block = pin_block.encode(pin.encode(), encoding)
    command = CommandApdu(cla, ins, p1, reference, around[0] + block + around[1], 256, extended).to_bytes()
    echoed = None if answer is None else block + answer
    redactor = Redactor(PROFILE if profiled else None)
    for _ in range(2):
        made = redactor.exchange(command[: len(command) - cut], echoed)
        assert not leaks(entry_line(made) + repr(made), [pin])
        assert len(made.command.raw) == len(command) - cut
        assert redactor.again(made) == made


def test_its_memory_does_not_grow() -> None:
    redactor = Redactor(PROFILE)
    for number in range(10_000):
        redactor.exchange(raw(verify(f"{number:08}")), b"\x90\x00")
        redactor.exchange(raw(change(f"{number:08}", f"{number:06}")), b"\x90\x00")
    assert len(redactor._names._slots) <= 4096
    assert len(redactor._names._certain) <= 4097
    assert len(redactor._names._taken) < 8
