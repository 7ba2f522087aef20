"""Secure sessions that work: both sides, against each other and against messages made by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akis.codec.apdu import MAX_DATA, CommandApdu, ResponseApdu
from akis.errors import InvalidArgument, WrongType
from akis.sm import CardSession, SecureSession, SmRules, Suite
from tests.by_hand import as_the_card_reads, tlv
from tests.published import tags
from tests.sessions import CASES, SUITES, Pair, assert_over, contexts

RULES = [
    SmRules(*choices)  # type: ignore[arg-type]
    for choices in itertools.product(
        ("single", "double"),
        ("needed", "with_le"),
        ("follow", "minimal"),
        ("always", "follow"),
        (False, True),
        range(4, 9),
    )
]
STATUS_ONLY = ResponseApdu(sw=0x63C2)
WITH_DATA = ResponseApdu(b"nineteen bytes here", 0x6282)


# Messages.


@pytest.mark.parametrize("odd_ins", [False, True], ids=["even", "odd"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", SUITES)
def test_both_sides_say_what_is_said_by_hand(kind: tuple[Suite, int], case: str, odd_ins: bool) -> None:
    """Under every combination of rules, in the order [85 or 87] [97] 8E and [85 or 87] 99 8E."""
    plain = CASES[case].replace(ins=CASES[case].ins | odd_ins)
    assert plain.case == case
    for rules, answer in zip(RULES, itertools.cycle((STATUS_ONLY, WITH_DATA, WITH_DATA))):
        pair = Pair(*kind, rules)
        terminal, card = pair.terminal(), pair.card()

        protected = terminal.protect(plain)
        assert protected.to_bytes() == pair.by_hand.command(pair.ssc(1), plain, rules)
        assert card.unprotect(protected) == as_the_card_reads(plain, protected, rules)

        protected_answer = card.protect(answer)
        sw = answer.sw.to_bytes(2, "big")
        expected = pair.by_hand.answer(pair.ssc(2), answer.data, sw, odd_ins, rules.mac_length)
        assert protected_answer.to_bytes() == expected
        assert terminal.unprotect(protected_answer) == answer

        assert terminal.ssc == card.ssc == pair.ssc(2)


@settings(deadline=None, max_examples=50)
@given(
    kind=st.sampled_from([(suite, length) for suite in Suite for length in suite.key_lengths]),
    rules=st.sampled_from(RULES),
    exchanges=st.lists(
        st.tuples(
            st.builds(
                CommandApdu,
                st.sampled_from([0x00, 0x01, 0x10, 0x80, 0x93]),
                *(st.integers(0, 255),) * 3,
                st.binary(max_size=300),
                st.none() | st.integers(1, 65536),
                st.booleans(),
            ),
            st.builds(ResponseApdu, st.binary(max_size=300), st.integers(0, 0xFFFF)),
        ),
        max_size=5,
    ),
)
def test_a_session_carries_any_exchanges(
    kind: tuple[Suite, int], rules: SmRules, exchanges: list[tuple[CommandApdu, ResponseApdu]]
) -> None:
    pair = Pair(*kind, rules)
    terminal, card = pair.terminal(), pair.card()
    for plain, answer in exchanges:
        protected = CommandApdu.from_bytes(terminal.protect(plain).to_bytes())
        assert card.unprotect(protected) == as_the_card_reads(plain, protected, rules)
        assert terminal.unprotect(ResponseApdu.from_bytes(card.protect(answer).to_bytes())) == answer
    assert terminal.ssc == card.ssc == pair.ssc(2 * len(exchanges))


@pytest.mark.parametrize(
    ("case", "objects", "protected_case"),
    [
        ("1", [0x8E], "4S"),
        ("2S", [0x97, 0x8E], "4S"),
        ("3S", [0x87, 0x8E], "4S"),
        ("4S", [0x87, 0x97, 0x8E], "4S"),
        ("2E", [0x97, 0x8E], "4E"),
        ("3E", [0x87, 0x8E], "4E"),
        ("4E", [0x87, 0x97, 0x8E], "4E"),
    ],
)
def test_objects_and_outer_lengths_of_each_case(case: str, objects: list[int], protected_case: str) -> None:
    protected = Pair().terminal().protect(CASES[case])
    assert list(tags(protected.data)) == objects
    assert protected.case == protected_case
    assert protected.ne == (256 if protected_case == "4S" else 65536)
    assert protected.header == bytes((CASES[case].cla | 0x0C,)) + CASES[case].header[1:]


@pytest.mark.parametrize(
    ("rules", "plain", "protected_case", "outer_ne"),
    [
        (SmRules(extend="with_le"), CASES["1"], "4S", 256),
        (SmRules(extend="with_le"), CASES["2S"], "4E", 65536),
        (SmRules(outer_le="follow"), CASES["1"], "3S", None),
        (SmRules(outer_le="follow"), CASES["2S"], "4S", 16),
        (SmRules(), CommandApdu(0x00, 0x20, 0x00, 0x81, bytes(223)), "4S", 256),
        (SmRules(), CommandApdu(0x00, 0x20, 0x00, 0x81, bytes(240)), "4E", 65536),
    ],
    ids=["no Le", "with Le", "no outer Le", "outer Le as inside", "fits", "too long for short lengths"],
)
def test_rules_of_the_outer_lengths(
    rules: SmRules, plain: CommandApdu, protected_case: str, outer_ne: int | None
) -> None:
    protected = Pair(rules=rules).terminal().protect(plain)
    assert (protected.case, protected.ne) == (protected_case, outer_ne)


@pytest.mark.parametrize("ins", [0xA4, 0xB1], ids=["even", "odd"])
def test_data_that_is_authenticated_only_is_taken_from_a_card(ins: int) -> None:
    pair = Pair()
    terminal = pair.terminal()
    terminal.protect(CommandApdu(0x00, ins, 0x00, 0x00, ne=256))
    objects = tlv(0x81, b"\x62\x02\x82\x01") + tlv(0x99, b"\x90\x00")
    answer = ResponseApdu(objects + pair.by_hand.answer_checksum(pair.ssc(2), objects))
    assert terminal.unprotect(answer) == ResponseApdu(b"\x62\x02\x82\x01")


@pytest.mark.parametrize("kind", SUITES)
def test_a_wrong_pin_inside_a_right_answer_is_no_failure(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    terminal, card = pair.terminal(), pair.card()
    for tries_left in (2, 1, 0):
        card.unprotect(terminal.protect(CommandApdu(0x00, 0x20, 0x00, 0x81, b"0000")))
        assert terminal.unprotect(card.protect(ResponseApdu(sw=0x63C0 + tries_left))).sw == 0x63C0 + tries_left
    assert terminal.alive
    assert card.alive


@pytest.mark.parametrize("kind", SUITES)
def test_the_counter_wraps_to_zero(kind: tuple[Suite, int]) -> None:
    suite, _ = kind
    pair = Pair(*kind, start=(1 << 8 * suite.block) - 1)
    terminal, card = pair.terminal(), pair.card()
    assert terminal.ssc == b"\xff" * suite.block
    protected = terminal.protect(CASES["4S"])
    assert terminal.ssc == bytes(suite.block)
    assert protected.to_bytes() == pair.by_hand.command(bytes(suite.block), CASES["4S"])
    card.unprotect(protected)
    assert terminal.unprotect(card.protect(WITH_DATA)) == WITH_DATA
    assert terminal.ssc == card.ssc == bytes(suite.block - 1) + b"\x01"


@pytest.mark.parametrize("kind", SUITES)
def test_the_longest_data_of_one_command(kind: tuple[Suite, int]) -> None:
    suite, _ = kind
    pair = Pair(*kind, SmRules(do87_when_empty=True))
    terminal, card = pair.terminal(), pair.card()
    longest = CommandApdu(0x00, 0xD6, 0x00, 0x00, bytes(MAX_DATA - 20 - suite.block), ne=65536)
    with pytest.raises(InvalidArgument, match="too long"):
        terminal.protect(longest.replace(data=longest.data + b"\x00"))
    assert card.unprotect(terminal.protect(longest)) == longest
    answer = ResponseApdu(bytes(65536 - 2 * suite.block - 20))
    assert terminal.unprotect(card.protect(answer)) == answer


# Sessions.


@pytest.mark.parametrize(
    ("command", "error"),
    [
        pytest.param(CommandApdu(cla, 0x20, 0x00, 0x81), InvalidArgument, id=f"CLA {cla:02X}")
        for cla in (0x04, 0x08, 0x0C, 0x1C, 0x8C, 0x40, 0x63, 0x7F)
    ]
    + [
        pytest.param(CommandApdu(0x00, 0xD6, 0x00, 0x00, bytes(MAX_DATA)), InvalidArgument, id="too long"),
        pytest.param(b"\x00\x20\x00\x81", WrongType, id="bytes"),
        pytest.param(ResponseApdu(), WrongType, id="an answer"),
        pytest.param(None, WrongType, id="nothing"),
    ],
)
@pytest.mark.parametrize("kind", SUITES)
def test_a_command_that_cannot_be_protected_changes_nothing(
    kind: tuple[Suite, int], command: CommandApdu, error: type[Exception]
) -> None:
    pair = Pair(*kind)
    terminal, card = pair.terminal(), pair.card()
    with pytest.raises(error):
        terminal.protect(command)
    assert terminal.ssc == pair.ssc(0)
    card.unprotect(terminal.protect(CASES["4S"]))
    assert terminal.unprotect(card.protect(WITH_DATA)) == WITH_DATA


@pytest.mark.parametrize("wrong", [b"\x90\x00", None, CASES["1"]], ids=["bytes", "nothing", "a command"])
def test_an_answer_of_the_wrong_type_changes_nothing(wrong: ResponseApdu) -> None:
    terminal, card = Pair().terminal(), Pair().card()
    card.unprotect(terminal.protect(CASES["4S"]))
    with pytest.raises(WrongType):
        terminal.unprotect(wrong)
    with pytest.raises(WrongType):
        card.protect(wrong)
    assert terminal.unprotect(card.protect(WITH_DATA)) == WITH_DATA


@pytest.mark.parametrize("wrong", [b"\x0c\x20\x00\x81", None, ResponseApdu()], ids=["bytes", "nothing", "an answer"])
def test_a_protected_command_of_the_wrong_type_changes_nothing(wrong: CommandApdu) -> None:
    terminal, card = Pair().terminal(), Pair().card()
    with pytest.raises(WrongType):
        card.unprotect(wrong)
    assert card.unprotect(terminal.protect(CASES["4S"])) == CASES["4S"]


@pytest.mark.parametrize("side", ["terminal", "card"])
@pytest.mark.parametrize("kind", SUITES)
def test_a_closed_session_has_no_keys_and_refuses_everything(kind: tuple[Suite, int], side: str) -> None:
    pair = Pair(*kind)
    with getattr(pair, side)() as session:
        assert session.alive
        assert len(contexts(session)) == 2
    assert_over(session)
    session.close()
    assert_over(session)
    assert session.ssc == pair.ssc(0)


@pytest.mark.parametrize("kind", SUITES)
def test_repr_shows_cipher_and_state_only(kind: tuple[Suite, int]) -> None:
    suite, _ = kind
    terminal, card = Pair(*kind).terminal(), Pair(*kind).card()
    assert repr(terminal) == f"SecureSession({suite.value}, alive)"
    card.close()
    assert repr(card) == f"CardSession({suite.value}, over)"


GOOD = {"suite": Suite.AES, "k_enc": bytes(16), "k_mac": bytes(range(16)), "ssc": bytes(16)}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"suite": "AES"}, WrongType),
        ({"k_enc": bytes(15)}, InvalidArgument),
        ({"k_enc": b""}, InvalidArgument),
        ({"k_enc": "0" * 16}, WrongType),
        ({"k_mac": bytes(33)}, InvalidArgument),
        ({"k_mac": None}, WrongType),
        ({"ssc": bytes(8)}, InvalidArgument),
        ({"ssc": bytes(17)}, InvalidArgument),
        ({"ssc": 0}, WrongType),
        ({"suite": Suite.TDES}, InvalidArgument),
        ({"suite": Suite.TDES, "ssc": bytes(8), "k_enc": bytes(24)}, InvalidArgument),
        ({"suite": Suite.TDES, "ssc": bytes(8), "k_mac": bytes(8)}, InvalidArgument),
        ({"rules": "single"}, WrongType),
        ({"rules": {"mac_length": 4}}, WrongType),
    ],
)
@pytest.mark.parametrize("side", [SecureSession, CardSession])
def test_what_no_session_can_start_from(side: type, changes: dict[str, object], error: type[Exception]) -> None:
    side(**GOOD)
    with pytest.raises(error):
        side(**{**GOOD, **changes})


@pytest.mark.parametrize("kind", SUITES)
def test_keys_are_copied(kind: tuple[Suite, int]) -> None:
    pair = Pair(*kind)
    keys = [bytearray(pair.k_enc), bytearray(pair.k_mac)]
    terminal = SecureSession(pair.suite, *keys, memoryview(pair.ssc(0)))
    assert keys == [pair.k_enc, pair.k_mac]
    for key in keys:
        key[:] = bytes(len(key))
    assert pair.card().unprotect(terminal.protect(CASES["4S"])) == CASES["4S"]
