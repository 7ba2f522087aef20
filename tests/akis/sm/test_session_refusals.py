"""What a session must not accept. Each refusal ends it: no contexts, nothing protected or opened any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import AkisError, InvalidArgument, SecureMessagingError
from akis.sm import CardSession, SecureSession, SmRules, Suite
from akis.sm.suite import Cmac, Encryption, RetailMac
from tests.by_hand import Keys, encrypt, iv, tlv
from tests.sessions import CASES, SUITES, Bench, assert_over, contexts

READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)
READ_ODD = READ.replace(ins=0xB1)
WRITE = CommandApdu(0x00, 0xD6, 0x00, 0x00, b"PIN 27182818", ne=256)
DATA = b"PIN 31415926"
SW = b"\x90\x00"
STATUS = tlv(0x99, SW)

TWO_SUITES = pytest.mark.parametrize("kind", [(Suite.TDES, 16), (Suite.AES, 32)], ids=["3DES", "AES-256"])
ALL_SUITES = pytest.mark.parametrize("kind", SUITES)


# The terminal's side.


def refused(bench: Bench, answer: ResponseApdu, command: CommandApdu = READ) -> SecureMessagingError:
    """The error with which a fresh terminal refuses ``answer`` to ``command``."""
    terminal = bench.terminal()
    terminal.protect(command)
    assert len(contexts(terminal)) == 2
    with pytest.raises(SecureMessagingError) as refusal:
        terminal.unprotect(answer)
    assert_over(terminal)
    assert refusal.value.sw == answer.sw
    assert_shows_nothing(refusal.value, bench, answer.data)
    return refusal.value


def assert_shows_nothing(error: AkisError, bench: Bench, message: bytes) -> None:
    shown = f"{error} {error!r} {vars(error)!r}"
    for hidden in (DATA, WRITE.data, bench.k_enc, bench.k_mac, message):
        if len(hidden) >= 4:
            assert hidden.hex() not in shown.lower().replace(" ", "")
            assert repr(hidden)[2:-1] not in shown
    # Neither does anything that an unhandled error would print with it.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def foreign_keys(bench: Bench) -> list[Keys]:
    """Keys of which one or both are not those of the session."""
    pairs = (bench.k_enc, bench.k_enc), (bench.k_mac, bench.k_enc), (bytes(bench.key_length), bench.k_mac)
    return [Keys(bench.suite.value, *pair) for pair in pairs]


def good_answer(bench: Bench, data: bytes = DATA) -> ResponseApdu:
    return ResponseApdu.from_bytes(bench.by_hand.answer(bench.ssc(2), data, SW))


@ALL_SUITES
def test_the_answer_that_all_these_are_made_from_is_good(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    terminal = bench.terminal()
    terminal.protect(READ)
    assert terminal.unprotect(good_answer(bench)) == ResponseApdu(DATA)


@ALL_SUITES
def test_every_bit_of_an_answer_counts(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    good = good_answer(bench).to_bytes()
    for place in range(8 * len(good)):
        flipped = int.from_bytes(good, "big") ^ 1 << place
        refused(bench, ResponseApdu.from_bytes(flipped.to_bytes(len(good), "big")))


@ALL_SUITES
def test_every_byte_of_an_answer_is_needed(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    good = good_answer(bench)
    for length in range(len(good.data)):
        refused(bench, ResponseApdu(good.data[:length]))  # cut in front of the status word
        refused(bench, ResponseApdu(good.data[length + 1 :]))
    for length in range(2, len(good.to_bytes())):
        refused(bench, ResponseApdu.from_bytes(good.to_bytes()[:length]))  # cut anywhere


@TWO_SUITES
@pytest.mark.parametrize("extra", [0x00, 0x80, 0x8E, 0x99])
def test_no_byte_may_be_added_to_an_answer(kind: tuple[Suite, int], extra: int) -> None:
    bench = Bench(*kind)
    good = good_answer(bench).data
    for place in range(len(good) + 1):
        refused(bench, ResponseApdu(good[:place] + bytes((extra,)) + good[place:]))


def cryptogram(keys: Keys, ssc: bytes, padded: bytes, before: bytes = b"\x01") -> bytes:
    """DO'87' of what is not padded as it should be, or has another indicator."""
    return tlv(0x87, before + encrypt(keys.cipher, keys.k_enc, padded, iv(keys.cipher, keys.k_enc, ssc)))


def good_cryptogram(keys: Keys, ssc: bytes) -> bytes:
    return keys.cryptogram(ssc, DATA)


PADDED = DATA + b"\x80\x00\x00\x00"
BAD_OBJECTS: dict[str, Callable[[Keys, bytes], bytes]] = {
    "no status word": good_cryptogram,
    "no objects": lambda keys, ssc: b"",
    "status word first": lambda keys, ssc: STATUS + good_cryptogram(keys, ssc),
    "status word twice": lambda keys, ssc: good_cryptogram(keys, ssc) + STATUS + STATUS,
    "cryptogram twice": lambda keys, ssc: good_cryptogram(keys, ssc) * 2 + STATUS,
    "cryptogram in both forms": lambda keys, ssc: (
        good_cryptogram(keys, ssc) + keys.cryptogram(ssc, DATA, True) + STATUS
    ),
    "plain and cryptogram": lambda keys, ssc: tlv(0x81, DATA) + good_cryptogram(keys, ssc) + STATUS,
    "unknown object first": lambda keys, ssc: tlv(0x80, b"\x00") + good_cryptogram(keys, ssc) + STATUS,
    "unknown object between": lambda keys, ssc: good_cryptogram(keys, ssc) + tlv(0xB3, b"") + STATUS,
    "unknown object last": lambda keys, ssc: STATUS + tlv(0x9E, b"\x00"),
    "an object of commands": lambda keys, ssc: good_cryptogram(keys, ssc) + tlv(0x97, b"\x00") + STATUS,
    "form of odd instructions": lambda keys, ssc: keys.cryptogram(ssc, DATA, True) + STATUS,
    "indicator 00": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x00") + STATUS,
    "indicator 02": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x02") + STATUS,
    "no indicator": lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"") + STATUS,
    "indicator alone": lambda keys, ssc: tlv(0x87, b"\x01") + STATUS,
    "empty cryptogram object": lambda keys, ssc: tlv(0x87, b"") + STATUS,
    "cryptogram a byte short": lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:-1]) + STATUS,
    "cryptogram a byte long": lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:] + b"\x00") + STATUS,
    "padding missing": lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x01\x02\x03\x04") + STATUS,
    "padding of zeros": lambda keys, ssc: cryptogram(keys, ssc, bytes(16)) + STATUS,
    "padding of two blocks": lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x80" + bytes(19)) + STATUS,
    "status word of one byte": lambda keys, ssc: tlv(0x99, b"\x90"),
    "status word of three bytes": lambda keys, ssc: tlv(0x99, SW + b"\x00"),
    "empty status word": lambda keys, ssc: tlv(0x99, b""),
    "another status word": lambda keys, ssc: tlv(0x99, b"\x63\x00"),
    "swapped status word": lambda keys, ssc: tlv(0x99, b"\x00\x90"),
    "length longer than needed": lambda keys, ssc: b"\x99\x81\x02" + SW,
    "indefinite length": lambda keys, ssc: b"\x99\x80" + SW + b"\x00\x00",
    "length beyond the end": lambda keys, ssc: b"\x99\x70" + SW,
}


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_OBJECTS)
def test_wrong_objects_under_a_right_checksum(kind: tuple[Suite, int], name: str) -> None:
    bench = Bench(*kind)
    objects = BAD_OBJECTS[name](bench.by_hand, bench.ssc(2))
    error = refused(bench, ResponseApdu(objects + bench.by_hand.answer_checksum(bench.ssc(2), objects)))
    assert "checksum differs" not in error.reason


def test_the_form_of_even_instructions_answers_no_odd_one() -> None:
    error = refused(Bench(), good_answer(Bench()), READ_ODD)
    assert error.reason == "cryptogram in the wrong data object"


BAD_CHECKSUMS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "none": lambda objects, mac: objects,
    "first": lambda objects, mac: tlv(0x8E, mac) + objects,
    "twice": lambda objects, mac: objects + tlv(0x8E, mac) * 2,
    "not last": lambda objects, mac: objects + tlv(0x8E, mac) + STATUS,
    "empty": lambda objects, mac: objects + tlv(0x8E, b""),
    "one byte": lambda objects, mac: objects + tlv(0x8E, mac[:1]),
    "four bytes": lambda objects, mac: objects + tlv(0x8E, mac[:4]),
    "a byte short": lambda objects, mac: objects + tlv(0x8E, mac[:7]),
    "a byte long": lambda objects, mac: objects + tlv(0x8E, mac + b"\x00"),
    "zeros": lambda objects, mac: objects + tlv(0x8E, bytes(8)),
    "in a length longer than needed": lambda objects, mac: objects + b"\x8e\x81\x08" + mac,
    "in another object": lambda objects, mac: objects + tlv(0x8F, mac),
}


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_CHECKSUMS)
def test_wrong_checksums_over_right_objects(kind: tuple[Suite, int], name: str) -> None:
    bench = Bench(*kind)
    good = good_answer(bench).data
    refused(bench, ResponseApdu(BAD_CHECKSUMS[name](good[:-10], good[-8:])))


@pytest.mark.parametrize(("agreed", "sent"), [(8, 4), (4, 8), (4, 5), (7, 6)])
def test_the_checksum_has_the_length_that_was_agreed(agreed: int, sent: int) -> None:
    bench = Bench(rules=SmRules(mac_length=agreed))
    answer = bench.by_hand.answer(bench.ssc(2), DATA, SW, mac_length=sent)
    assert refused(bench, ResponseApdu.from_bytes(answer)).reason == "checksum has the wrong length"


@ALL_SUITES
@pytest.mark.parametrize("sw", [0x9000, 0x6988, 0x6987, 0x63C2, 0x6983, 0x6100], ids=lambda sw: f"{sw:04X}")
@pytest.mark.parametrize("data", [b"", DATA], ids=["bare", "with data"])
def test_plain_answers(kind: tuple[Suite, int], sw: int, data: bytes) -> None:
    refused(Bench(*kind), ResponseApdu(data, sw))


@ALL_SUITES
def test_an_old_answer_again(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    terminal, card = bench.terminal(), bench.card()
    card.unprotect(terminal.protect(READ))
    old = card.protect(ResponseApdu(DATA))
    terminal.unprotect(old)
    terminal.protect(READ)
    with pytest.raises(SecureMessagingError, match="checksum differs"):
        terminal.unprotect(old)
    assert_over(terminal)


@ALL_SUITES
@pytest.mark.parametrize("step", [0, 1, 3, 4])
def test_an_answer_under_another_counter(kind: tuple[Suite, int], step: int) -> None:
    bench = Bench(*kind)
    answer = bench.by_hand.answer(bench.ssc(step), DATA, SW)
    assert refused(bench, ResponseApdu.from_bytes(answer)).reason == "checksum differs"


@ALL_SUITES
def test_an_answer_from_other_keys(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    for keys in foreign_keys(bench):
        foreign = keys.answer(bench.ssc(2), DATA, SW)
        refused(bench, ResponseApdu.from_bytes(foreign))


@ALL_SUITES
def test_the_command_itself_is_no_answer(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    refused(bench, ResponseApdu(bench.terminal().protect(WRITE).data), WRITE)


@ALL_SUITES
def test_two_commands_without_an_answer(kind: tuple[Suite, int]) -> None:
    terminal = Bench(*kind).terminal()
    terminal.protect(READ)
    with pytest.raises(SecureMessagingError, match="second command"):
        terminal.protect(READ)
    assert_over(terminal)


@ALL_SUITES
def test_an_answer_without_a_command(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    for counter in (1, 2):
        terminal = bench.terminal()
        with pytest.raises(SecureMessagingError, match="without a command"):
            terminal.unprotect(ResponseApdu.from_bytes(bench.by_hand.answer(bench.ssc(counter), DATA, SW)))
        assert_over(terminal)


@ALL_SUITES
def test_a_second_answer_to_one_command(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    terminal = bench.terminal()
    terminal.protect(READ)
    terminal.unprotect(good_answer(bench))
    with pytest.raises(SecureMessagingError, match="without a command"):
        terminal.unprotect(ResponseApdu.from_bytes(bench.by_hand.answer(bench.ssc(3), DATA, SW)))
    assert_over(terminal)


# The card's side. 6987: an object is missing, unknown or out of order. 6988: an object is wrong.


def refused_by_card(bench: Bench, command: CommandApdu) -> int:
    """The status word with which a fresh card refuses ``command``."""
    card = bench.card()
    assert len(contexts(card)) == 2
    with pytest.raises(SecureMessagingError) as refusal:
        card.unprotect(command)
    assert_over(card)
    assert_shows_nothing(refusal.value, bench, command.data)
    assert refusal.value.sw is not None
    return refusal.value.sw


def good_command(bench: Bench, plain: CommandApdu = WRITE) -> CommandApdu:
    return CommandApdu.from_bytes(bench.by_hand.command(bench.ssc(1), plain))


@ALL_SUITES
def test_the_command_that_all_these_are_made_from_is_good(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    assert bench.card().unprotect(good_command(bench)) == WRITE


@ALL_SUITES
def test_every_bit_of_a_command_counts(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    good = good_command(bench)
    for place in range(8 * len(good.data)):
        flipped = int.from_bytes(good.data, "big") ^ 1 << place
        assert refused_by_card(bench, good.replace(data=flipped.to_bytes(len(good.data), "big"))) in (0x6987, 0x6988)


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("name", ["cla", "ins", "p1", "p2"])
@TWO_SUITES
def test_every_bit_of_a_header_counts(kind: tuple[Suite, int], name: str, bit: int) -> None:
    bench = Bench(*kind)
    good = good_command(bench)
    header_is_plain = name == "cla" and 1 << bit in (0x04, 0x08, 0x40)
    flipped = good.replace(**{name: getattr(good, name) ^ 1 << bit})
    assert refused_by_card(bench, flipped) == (0x6987 if header_is_plain else 0x6988)


@TWO_SUITES
@pytest.mark.parametrize("plain", [CASES["1"], WRITE], ids=["case 1", "case 4"])
def test_every_byte_of_a_command_is_needed(kind: tuple[Suite, int], plain: CommandApdu) -> None:
    bench = Bench(*kind)
    good = good_command(bench, plain)
    for length in range(len(good.data)):
        for cut in (good.data[:length], good.data[length + 1 :]):
            assert refused_by_card(bench, good.replace(data=cut)) in (0x6987, 0x6988)


LE = tlv(0x97, b"\x00")
BAD_COMMAND_OBJECTS: dict[str, tuple[int, Callable[[Keys, bytes], bytes]]] = {
    "Le first": (0x6987, lambda keys, ssc: LE + good_cryptogram(keys, ssc)),
    "Le twice": (0x6987, lambda keys, ssc: LE + LE),
    "cryptogram twice": (0x6987, lambda keys, ssc: good_cryptogram(keys, ssc) * 2),
    "cryptogram in both forms": (
        0x6987,
        lambda keys, ssc: good_cryptogram(keys, ssc) + keys.cryptogram(ssc, DATA, True),
    ),
    "form of odd instructions": (0x6987, lambda keys, ssc: keys.cryptogram(ssc, DATA, True)),
    "plain data": (0x6987, lambda keys, ssc: tlv(0x81, DATA)),
    "an object of answers": (0x6987, lambda keys, ssc: good_cryptogram(keys, ssc) + STATUS),
    "unknown object": (0x6987, lambda keys, ssc: tlv(0x80, b"\x00") + good_cryptogram(keys, ssc)),
    "indicator 00": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x00")),
    "indicator 02": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"\x02")),
    "no indicator": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, PADDED, b"")),
    "empty cryptogram object": (0x6988, lambda keys, ssc: tlv(0x87, b"")),
    "indicator alone": (0x6988, lambda keys, ssc: tlv(0x87, b"\x01")),
    "cryptogram a byte short": (0x6988, lambda keys, ssc: tlv(0x87, good_cryptogram(keys, ssc)[2:-1])),
    "padding missing": (0x6988, lambda keys, ssc: cryptogram(keys, ssc, DATA + b"\x01\x02\x03\x04")),
    "empty Le": (0x6988, lambda keys, ssc: tlv(0x97, b"")),
    "Le of three bytes": (0x6988, lambda keys, ssc: tlv(0x97, b"\x00\x00\x00")),
    "length longer than needed": (0x6988, lambda keys, ssc: b"\x97\x81\x01\x00"),
    "indefinite length": (0x6988, lambda keys, ssc: b"\x97\x80\x00\x00"),
    "length beyond the end": (0x6988, lambda keys, ssc: b"\x97\x70\x00"),
}


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_COMMAND_OBJECTS)
def test_wrong_objects_in_a_command_under_a_right_checksum(kind: tuple[Suite, int], name: str) -> None:
    bench = Bench(*kind)
    sw, build = BAD_COMMAND_OBJECTS[name]
    objects = build(bench.by_hand, bench.ssc(1))
    checksum = bench.by_hand.command_checksum(bench.ssc(1), b"\x0c\xd6\x00\x00", objects)
    assert refused_by_card(bench, CommandApdu(0x0C, 0xD6, 0x00, 0x00, objects + checksum, ne=256)) == sw


@TWO_SUITES
@pytest.mark.parametrize("name", BAD_CHECKSUMS)
def test_wrong_checksums_of_a_command(kind: tuple[Suite, int], name: str) -> None:
    bench = Bench(*kind)
    good = good_command(bench)
    missing_or_misplaced = name in ("none", "first", "twice", "not last", "in another object")
    data = BAD_CHECKSUMS[name](good.data[:-10], good.data[-8:])
    assert refused_by_card(bench, good.replace(data=data)) == (0x6987 if missing_or_misplaced else 0x6988)


@ALL_SUITES
def test_commands_that_are_not_protected(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    good = good_command(bench)
    assert refused_by_card(bench, WRITE) == 0x6987
    assert refused_by_card(bench, CommandApdu(0x0C, 0xD6, 0x00, 0x00)) == 0x6987  # it says so, but holds no objects
    for cla in (0x00, 0x04, 0x08, 0x4C, 0x7F):  # not, not with its header, or on a channel that is not offered
        assert refused_by_card(bench, good.replace(cla=cla)) == 0x6987


@ALL_SUITES
@pytest.mark.parametrize("step", [0, 2, 3])
def test_a_command_under_another_counter(kind: tuple[Suite, int], step: int) -> None:
    bench = Bench(*kind)
    command = CommandApdu.from_bytes(bench.by_hand.command(bench.ssc(step), WRITE))
    assert refused_by_card(bench, command) == 0x6988


@ALL_SUITES
def test_a_command_from_other_keys(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    for keys in foreign_keys(bench):
        foreign = keys.command(bench.ssc(1), WRITE)
        assert refused_by_card(bench, CommandApdu.from_bytes(foreign)) == 0x6988


@ALL_SUITES
def test_an_old_command_again(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    card = bench.card()
    card.unprotect(good_command(bench))
    card.protect(ResponseApdu())
    with pytest.raises(SecureMessagingError) as refusal:
        card.unprotect(good_command(bench))
    assert refusal.value.sw == 0x6988
    assert_over(card)


@pytest.mark.parametrize("padding", ["single", "double"])
def test_a_header_padded_the_other_way(padding: str) -> None:
    ours, theirs = (SmRules(case1_padding=name) for name in (padding, "single" if padding == "double" else "double"))
    bench = Bench(rules=ours)
    command = CommandApdu.from_bytes(bench.by_hand.command(bench.ssc(1), CASES["1"], theirs))
    assert refused_by_card(bench, command) == 0x6988


@ALL_SUITES
def test_a_card_keeps_the_turn_too(kind: tuple[Suite, int]) -> None:
    bench = Bench(*kind)
    card = bench.card()
    card.unprotect(good_command(bench))
    with pytest.raises(SecureMessagingError, match="second command") as refusal:
        card.unprotect(CommandApdu.from_bytes(bench.by_hand.command(bench.ssc(2), WRITE)))
    assert refusal.value.sw == 0x6988
    assert_over(card)
    card = bench.card()
    with pytest.raises(SecureMessagingError, match="without a command"):
        card.protect(ResponseApdu())
    assert_over(card)


def test_an_answer_too_long_to_be_protected_ends_the_card_s_session() -> None:
    bench = Bench()
    card = bench.card()
    card.unprotect(good_command(bench))
    with pytest.raises(InvalidArgument):
        card.protect(ResponseApdu(bytes(65536)))
    assert_over(card)


# Either side: whatever goes wrong inside.


def protect_command(bench: Bench) -> tuple[SecureSession, Callable[[], object]]:
    terminal = bench.terminal()
    return terminal, lambda: terminal.protect(WRITE)


def open_answer(bench: Bench) -> tuple[SecureSession, Callable[[], object]]:
    terminal = bench.terminal()
    terminal.protect(WRITE)
    return terminal, lambda: terminal.unprotect(good_answer(bench))


def open_command(bench: Bench) -> tuple[CardSession, Callable[[], object]]:
    card = bench.card()
    return card, lambda: card.unprotect(good_command(bench))


def protect_answer(bench: Bench) -> tuple[CardSession, Callable[[], object]]:
    card = bench.card()
    card.unprotect(good_command(bench))
    return card, lambda: card.protect(ResponseApdu(DATA))


BROKEN = {
    "MAC": [(RetailMac, "__call__"), (Cmac, "__call__")],
    "cipher": [(Encryption, "encrypt"), (Encryption, "decrypt")],
}


@pytest.mark.parametrize("failure", [MemoryError, KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("step", [protect_command, open_answer, open_command, protect_answer])
@ALL_SUITES
def test_any_exception_inside_ends_the_session(
    kind: tuple[Suite, int],
    step: Callable[[Bench], tuple[SecureSession | CardSession, Callable[[], object]]],
    broken: str,
    failure: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> bytes:
        raise failure

    session, call = step(Bench(*kind))
    for owner, name in BROKEN[broken]:
        monkeypatch.setattr(owner, name, fail)
    with pytest.raises(failure):
        call()
    assert_over(session)
