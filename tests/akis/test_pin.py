"""PIN and PUK: accepted, refused or unknown; nothing is sent that was not asked for, and no try is spent unasked."""

import re
from collections import Counter
from itertools import product

import pytest

from akis.codec.apdu import ResponseApdu
from akis.codec.tlv import Tlv
from akis.errors import (
    AkisError,
    CardError,
    InvalidArgument,
    PinBlocked,
    PinFormatError,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    WrongType,
)
from akis.pin import Pin, Puk, random_digits
from akis.secret import Secret
from tests.bench import NEW_PIN, NEW_PUK, PIN, PUK, SUITES, WRONG_PIN, WRONG_PUK, bench

STORED, NEW = PIN.encode(), NEW_PIN.encode()
WAYS = [*product(SUITES, ["issuer", "terminal"]), ("akis-2.2", None)]
"""Every personality with a session of each role, and in the clear."""

# Every call that compares a PIN or PUK, with the right value.
SPENDING = {
    "Pin.verify": lambda on, **how: on.pin.verify(PIN, **how),
    "Pin.change": lambda on, **how: on.pin.change(PIN, NEW_PIN, **how),
    "Puk.verify": lambda on, **how: on.puk.verify(PUK, permit_puk=True, **how),
    "Puk.change": lambda on, **how: on.puk.change(PUK, NEW_PUK, permit_puk=True, **how),
    "Puk.unblock": lambda on, **how: on.puk.unblock(PUK, NEW_PIN, permit_puk=True, **how),
    "Puk.reset_counter": lambda on, **how: on.puk.reset_counter(PUK, permit_puk=True, **how),
}
# The same with a wrong one.
WRONG = {
    "Pin.verify": lambda on, **how: on.pin.verify(WRONG_PIN, **how),
    "Pin.change": lambda on, **how: on.pin.change(WRONG_PIN, NEW_PIN, **how),
    "Puk.verify": lambda on, **how: on.puk.verify(WRONG_PUK, permit_puk=True, **how),
    "Puk.change": lambda on, **how: on.puk.change(WRONG_PUK, NEW_PUK, permit_puk=True, **how),
    "Puk.unblock": lambda on, **how: on.puk.unblock(WRONG_PUK, NEW_PIN, permit_puk=True, **how),
    "Puk.reset_counter": lambda on, **how: on.puk.reset_counter(WRONG_PUK, permit_puk=True, **how),
}
# Those that compare nothing and need the issuer's session.
ISSUED = {
    "Pin.change_to": lambda on: on.pin.change_to(NEW_PIN),
    "Pin.reset_to": lambda on: on.pin.reset_to(NEW_PIN),
    "Pin.reset_counter": lambda on: on.pin.reset_counter(),
    "Pin.unblock": lambda on: on.pin.unblock(NEW_PIN),
}


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{way[1] or 'plain'}")
def on(request):
    name, role = request.param
    made = bench(name)
    return made.open(role) if role else made


@pytest.fixture(params=SUITES)
def issuer(request):
    return bench(request.param).open()


def left(on, name: str) -> int:
    """The tries left of what an operation compares."""
    return on.stored[2] if name.startswith("Pin") else on.puk_left


class TestAccepted:
    """It returns, and the card holds what was asked for."""

    def test_verify(self, on):
        assert on.pin.verify(PIN) is None
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (True, None)

    def test_logout(self, on):
        on.pin.verify(PIN)
        on.pin.logout()
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (False, 3)

    def test_change(self, on):
        on.pin.change(PIN, NEW_PIN)
        assert on.stored == (NEW, "active", 3)

    def test_change_keeps_the_counter_full(self, on):
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        on.pin.change(PIN, NEW_PIN)
        assert on.stored == (NEW, "active", 3)

    def test_change_from_a_transport_pin(self, issuer):
        issuer.pin.reset_to(NEW_PIN)
        assert issuer.stored == (NEW, "transport", 3)
        issuer.pin.change(NEW_PIN, PIN)
        assert issuer.stored == (STORED, "active", 3)

    def test_change_to_keeps_the_counter_as_it_is(self, issuer):
        issuer.emulated.memory.references[0x81].left = 0
        issuer.pin.change_to(NEW_PIN)
        assert issuer.stored == (NEW, "active", 0)

    def test_reset_counter_keeps_the_value(self, issuer):
        issuer.emulated.memory.references[0x81].left = 0
        issuer.pin.reset_counter()
        assert issuer.stored == (STORED, "active", 3)

    def test_puk_verify_allows_a_reset_without_the_issuer(self):
        on = bench(state="blocked")
        on.puk.verify(PUK, permit_puk=True)
        on.pin.reset_to(NEW_PIN)
        assert on.stored == (NEW, "active", 3)  # and it is no transport PIN

    def test_puk_change(self, on):
        on.puk.change(PUK, NEW_PUK, permit_puk=True)
        on.puk.verify(NEW_PUK, permit_puk=True)
        assert on.puk_left == 3

    def test_puk_unblock(self, on):
        on.emulated.memory.references[0x81].left = 0
        on.puk.unblock(PUK, NEW_PIN, permit_puk=True)
        assert on.stored == (NEW, "active", 3)

    def test_puk_reset_counter(self, on):
        on.emulated.memory.references[0x81].left = 0
        on.puk.reset_counter(PUK, permit_puk=True)
        assert on.stored == (STORED, "active", 3)

    @pytest.mark.parametrize("kind", [str, str.encode, Secret, lambda pin: bytearray(pin.encode())])
    def test_a_pin_is_text_bytes_or_a_secret(self, kind):
        pin = kind(PIN)
        bench().pin.verify(pin)
        assert not isinstance(pin, Secret) or pin.reveal() == STORED  # the caller's Secret is the caller's to wipe


class TestRefused:
    """The card compared: PinRefused with the tries left, PinBlocked at none."""

    @pytest.mark.parametrize("name", WRONG)
    def test_a_wrong_one_says_how_many_tries_are_left(self, on, name):
        for tries in (2, 1):
            with pytest.raises(PinRefused) as caught:
                WRONG[name](on)
            assert (caught.value.name, caught.value.tries_left) == (name[:3].upper(), tries)
        assert left(on, name) == 1
        assert len(on.wire.pin_commands) == 2

    @pytest.mark.parametrize("name", WRONG)
    def test_the_last_one_blocks(self, on, name):
        on.emulated.memory.references[0x81 if name.startswith("Pin") else 0x82].left = 1
        with pytest.raises(PinBlocked):
            WRONG[name](on, allow_last_try=True)
        assert left(on, name) == 0
        assert len(on.wire.pin_commands) == 1

    def test_it_goes_on_afterwards(self, on):
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        on.pin.verify(PIN)
        assert on.stored[2] == 3

    def test_blocked_between_counter_and_command(self, on):
        """Where the counter says one thing and the command another, the command counts."""
        on.emulated._handlers[0x20] = lambda command: ResponseApdu(sw=0x6983)
        with pytest.raises(PinBlocked):
            on.pin.verify(PIN)

    def test_refused_without_a_number(self, on):
        on.emulated._handlers[0x20] = lambda command: ResponseApdu(sw=0x6300)
        with pytest.raises(PinRefused) as caught:
            on.pin.verify(PIN)
        assert caught.value.tries_left is None


class TestRefusedWithoutComparison:
    """CardError: no try was spent and the session goes on."""

    def test_a_transport_pin_is_not_accepted(self, issuer):
        issuer.pin.reset_to(NEW_PIN)
        with pytest.raises(CardError) as caught:
            issuer.pin.verify(NEW_PIN)
        assert (caught.value.sw, issuer.stored) == (0x6985, (NEW, "transport", 3))
        assert issuer.card.session.alive

    def test_an_unset_pin(self):
        on = bench(state="new")
        with pytest.raises(CardError) as caught:
            on.pin.verify(PIN)
        assert caught.value.sw == 0x6984

    @pytest.mark.parametrize("name", ISSUED)
    def test_only_the_issuer_sets_pins(self, name):
        on = bench().open("terminal")
        with pytest.raises(CardError) as caught:
            ISSUED[name](on)
        assert (caught.value.sw, on.stored) == (0x6982, (STORED, "active", 3))
        assert len(on.wire.pin_commands) == 1

    def test_a_card_that_wants_pins_in_a_session(self):
        on = bench(pin_over_sm_only=True)
        with pytest.raises(CardError) as caught:
            on.pin.verify(PIN)
        assert caught.value.sw == 0x6982
        on.open("terminal").pin.verify(PIN)

    @pytest.mark.parametrize("sw", [0x6400, 0x6700, 0x6982, 0x6A80, 0x6C10, 0x6D00, 0x6E00])
    def test_any_checking_error(self, issuer, sw):
        issuer.emulated._handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(CardError) as caught:
            issuer.pin.verify(PIN)
        assert caught.value.sw == sw


class TestOutcomeUnknownByStatusWord:
    """Warnings, memory errors and what nobody knows say nothing of value and counter."""

    @pytest.mark.parametrize(
        "sw", [0x6200, 0x6281, 0x6285, 0x6380, 0x6500, 0x6581, 0x6600, 0x6F00, 0x6F12, 0x6100, 0x6110, 0x9001, 0x0000]
    )
    @pytest.mark.parametrize(("name", "ins"), [("Pin.verify", 0x20), ("Pin.change", 0x24), ("Puk.unblock", 0x2C)])
    def test_unknown_and_sent_once(self, on, name, ins, sw):
        on.emulated._handlers[ins] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(PinOutcomeUnknown, match=f"{sw:04X}"):
            SPENDING[name](on)
        assert len(on.wire.pin_commands) == 1
        assert on.wire.sent[-1] == on.wire.pin_commands[0]

    def test_a_conversation_stops_there(self, issuer):
        issuer.emulated._handlers[0x24] = lambda command: ResponseApdu(sw=0x6F00)
        with pytest.raises(PinOutcomeUnknown):
            issuer.pin.unblock(NEW_PIN)
        assert [raw[1] for raw in issuer.wire.pin_commands] == [0x2C, 0x24]


class TestFormat:
    """Checked before anything at all is sent: not even the counter is read."""

    bad_pins = (
        *("", "123", "123456789", "12345a", "abcdef", "12 456", "-12345", "12345\n", "１２３４５６"),
        *(b"\xb2\xb3\xb9\xb2", b"\x01\x02\x03\x04", b"12345\xff"),
    )
    bad_puks = ("", "1234567", "123456789", "1234567x", "１２３４５６７８", bytes(range(8)))

    @pytest.mark.parametrize("bad", bad_pins)
    @pytest.mark.parametrize("role", [None, "issuer"])
    def test_of_a_pin(self, bad, role):
        on = bench()
        if role:
            on.open(role)
        sent = len(on.wire.sent)
        for call in (
            lambda: on.pin.verify(bad, allow_last_try=True),
            lambda: on.pin.change(bad, NEW_PIN),
            lambda: on.pin.change(PIN, bad),
            lambda: on.pin.change_to(bad),
            lambda: on.pin.reset_to(bad),
            lambda: on.pin.unblock(bad),
            lambda: on.puk.unblock(PUK, bad, permit_puk=True),
        ):
            with pytest.raises(PinFormatError):
                call()
        assert len(on.wire.sent) == sent
        assert on.stored == (STORED, "active", 3)

    @pytest.mark.parametrize("bad", bad_puks)
    def test_of_a_puk(self, bad):
        on = bench()
        sent = len(on.wire.sent)
        for call in (
            lambda: on.puk.verify(bad, permit_puk=True),
            lambda: on.puk.change(bad, NEW_PUK, permit_puk=True),
            lambda: on.puk.change(PUK, bad, permit_puk=True),
            lambda: on.puk.unblock(bad, NEW_PIN, permit_puk=True),
            lambda: on.puk.reset_counter(bad, permit_puk=True),
        ):
            with pytest.raises(PinFormatError):
                call()
        assert len(on.wire.sent) == sent
        assert on.puk_left == 3

    @pytest.mark.parametrize("bad", [None, 123456, ["1", "2", "3", "4"], 4.5])
    def test_of_something_else(self, bad):
        on = bench()
        sent = len(on.wire.sent)
        for call in (on.pin.verify, on.pin.change_to, on.pin.reset_to, lambda bad: on.puk.verify(bad, permit_puk=True)):
            with pytest.raises(WrongType):
                call(bad)
        assert len(on.wire.sent) == sent

    def test_a_wiped_secret_is_not_a_pin_of_zeros(self):
        on, pin = bench(), Secret(PIN)
        pin.wipe()
        sent = len(on.wire.sent)
        with pytest.raises(InvalidArgument, match="wiped"):
            on.pin.verify(pin)
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("pin", ["1234", "12345678"])
    def test_shortest_and_longest_go(self, pin):
        on = bench()
        on.pin.change(PIN, pin)
        on.pin.verify(pin)


def counters(maximum, left, length=6, tag=0xBF8101):
    counts = {0x9A: maximum, 0x9B: left, 0x80: length}
    return Tlv(tag, [Tlv(tag, bytes((count,))) for tag, count in counts.items() if count is not None]).to_bytes()


SOUND = counters(3, 2)
NO_NUMBER = {
    "empty": b"",
    "zeros": bytes(11),
    "not TLV": b"\xff\xff\xff",
    "of the PUK": counters(3, 2, tag=0xBF8102),
    "left missing": counters(3, None),
    "max missing": counters(None, 3),
    "more left than there are": counters(3, 4),
    "two numbers": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x03"), Tlv(0x9B, b"\x02")]).to_bytes(),
    "a number of two bytes": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x00\x03")]).to_bytes(),
    "an empty number": Tlv(0xBF8101, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"")]).to_bytes(),
    "twice": SOUND + SOUND,
    "with something behind it": SOUND + b"\x00",
    "in something else": Tlv(0x62, [Tlv(0x9A, b"\x03"), Tlv(0x9B, b"\x03")]).to_bytes(),
    **{f"cut after {cut}": SOUND[:cut] for cut in range(1, len(SOUND))},
}


def answering(data: bytes = b"", sw: int = 0x9000):
    """A card whose GET DATA of the PIN object answers this."""
    on = bench()
    on.emulated._handlers[0xCB] = lambda command: ResponseApdu(data, sw)
    return on


class TestCounter:
    def test_by_get_data(self, on):
        assert (on.pin.tries_left(), on.puk.tries_left()) == (3, 3)
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        assert (on.pin.tries_left(), on.puk.tries_left()) == (2, 3)
        assert len(on.wire.pin_commands) == 1

    @pytest.mark.parametrize("left", [0, 1, 2, 3])
    def test_as_the_card_says(self, left):
        assert answering(counters(3, left)).pin.tries_left() == left

    @pytest.mark.parametrize("data", NO_NUMBER.values(), ids=NO_NUMBER)
    def test_a_contradictory_or_malformed_one_is_no_number(self, data):
        assert answering(data).pin.tries_left() is None

    @pytest.mark.parametrize("sw", [0x6A88, 0x6982, 0x6282, 0x63C3, 0x6F00, 0x6110])
    def test_nor_is_one_that_comes_with_any_doubt(self, sw):
        assert answering(counters(3, 3), sw).pin.tries_left() is None

    def test_the_puk_has_its_own(self):
        on = bench()
        on.emulated.memory.references[0x82].left = 2
        assert (on.pin.tries_left(), on.puk.tries_left()) == (3, 2)

    @pytest.mark.parametrize(("left", "said"), [(3, 3), (1, 1), (0, 0)])
    def test_by_empty_verify_where_it_is_free(self, left, said):
        on = bench(pin_rules={"tries_by": "empty_verify", "empty_verify": "free"})
        on.emulated.memory.references[0x81].left = left
        assert on.pin.tries_left() == said
        assert on.wire.sent[-1] == bytes.fromhex("00200081")
        assert on.stored[2] == left

    @pytest.mark.parametrize("sw", [0x9000, 0x6300, 0x6984, 0x6F00])
    def test_by_empty_verify_answered_without_a_number(self, sw):
        """9000 among them: verified, and nothing is said of the tries."""
        on = bench(pin_rules={"tries_by": "empty_verify", "empty_verify": "free"})
        on.emulated._handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        assert on.pin.tries_left() is None

    def test_by_no_way_at_all(self):
        on = bench(pin_rules={"tries_by": "none"})
        sent = len(on.wire.sent)
        assert on.pin.tries_left() is None
        assert len(on.wire.sent) == sent


class TestGuard:
    """With one try left, or an unknown number, nothing is sent unless that call allows it."""

    @pytest.mark.parametrize("name", SPENDING)
    def test_at_one_try(self, on, name):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 1
        with pytest.raises(PolicyRefused, match="one try"):
            SPENDING[name](on)
        assert not on.wire.pin_commands
        SPENDING[name](on, allow_last_try=True)
        assert len(on.wire.pin_commands) == 1
        assert left(on, name) == 3

    @pytest.mark.parametrize("name", SPENDING)
    def test_at_an_unknown_number(self, name):
        on = answering(sw=0x6A88)
        with pytest.raises(PolicyRefused, match="unknown number"):
            SPENDING[name](on)
        assert not on.wire.pin_commands
        SPENDING[name](on, allow_last_try=True)
        # Neither is the length known where a change of the PIN would be cut, so a VERIFY goes first.
        assert len(on.wire.pin_commands) == (2 if name == "Pin.change" else 1)

    @pytest.mark.parametrize("name", SPENDING)
    def test_where_the_profile_knows_no_way_to_read_it(self, name):
        on = bench(pin_rules={"tries_by": "none"})
        with pytest.raises(PolicyRefused, match="unknown number"):
            SPENDING[name](on)
        assert not on.wire.pin_commands

    @pytest.mark.parametrize("allow", [False, True])
    @pytest.mark.parametrize("name", SPENDING)
    def test_at_none_it_is_blocked_and_nothing_helps(self, on, name, allow):
        on.emulated.memory.references[0x81].left = on.emulated.memory.references[0x82].left = 0
        with pytest.raises(PinBlocked, match=name[:3].upper()):
            SPENDING[name](on, allow_last_try=allow)
        assert not on.wire.pin_commands

    def test_the_permission_is_of_one_call_only(self):
        on = bench(state="last-try")
        with pytest.raises(PinBlocked):
            on.pin.verify(WRONG_PIN, allow_last_try=True)
        on.emulated.memory.references[0x81].left = 1
        with pytest.raises(PolicyRefused):
            on.pin.verify(PIN)

    @pytest.mark.parametrize("name", SPENDING)
    def test_a_counter_that_cannot_be_read_for_the_way_is_lost_stops_it_all(self, name):
        on = bench().open()
        on.emulated.reset()  # the session is gone on the card only
        with pytest.raises(AkisError) as caught:
            SPENDING[name](on, allow_last_try=True)
        assert not isinstance(caught.value, PinOutcomeUnknown)  # nothing with a PIN was sent
        assert not on.wire.pin_commands

    @pytest.mark.parametrize("name", ISSUED)
    def test_what_compares_nothing_needs_no_permission(self, issuer, name):
        issuer.emulated.memory.references[0x81].left = 0
        ISSUED[name](issuer)


class TestPukPermission:
    @pytest.mark.parametrize(
        "call",
        [
            lambda puk, **how: puk.verify(PUK, **how),
            lambda puk, **how: puk.change(PUK, NEW_PUK, **how),
            lambda puk, **how: puk.unblock(PUK, NEW_PIN, **how),
            lambda puk, **how: puk.reset_counter(PUK, **how),
        ],
    )
    @pytest.mark.parametrize("how", [{}, {"permit_puk": False}, {"allow_last_try": True}])
    def test_nothing_goes_out_without_it(self, call, how):
        on = bench()
        sent = len(on.wire.sent)
        with pytest.raises(PolicyRefused, match="permission"):
            call(on.puk, **how)
        assert len(on.wire.sent) == sent
        call(on.puk, permit_puk=True)

    def test_it_does_not_lift_the_guard(self):
        on = bench()
        for _ in range(2):
            with pytest.raises(PinRefused):
                on.puk.verify(WRONG_PUK, permit_puk=True)
        with pytest.raises(PolicyRefused, match="PUK has one try left"):
            on.puk.verify(PUK, permit_puk=True)
        assert (on.puk_left, on.card.life_cycle()) == (1, "operation")


class TestAskByEmptyVerify:
    def test_not_unless_the_profile_or_the_caller_says_so(self):
        on = bench()
        sent = len(on.wire.sent)
        for reference in (on.pin, on.puk):
            with pytest.raises(PolicyRefused, match="may spend a try"):
                reference.ask_by_empty_verify()
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("how", [{"pin_rules": {"empty_verify": "free"}}, {}])
    def test_answers(self, how):
        on = bench(**how)
        allow = {} if how else {"may_spend_try": True}
        assert on.pin.ask_by_empty_verify(**allow) == (False, 3)
        on.pin.verify(PIN)
        assert on.pin.ask_by_empty_verify(**allow) == (True, None)
        on.emulated.reset()
        on.card.select_application()
        on.emulated.memory.references[0x81].left = 0
        assert on.pin.ask_by_empty_verify(**allow) == (False, 0)

    @pytest.mark.parametrize("sw", [0x6984, 0x6300, 0x6A88, 0x6F00])
    def test_anything_else_is_an_error(self, sw):
        on = bench()
        on.emulated._handlers[0x20] = lambda command: ResponseApdu(sw=sw)
        with pytest.raises(CardError) as caught:
            on.pin.ask_by_empty_verify(may_spend_try=True)
        assert caught.value.sw == sw


class TestUnblock:
    """By the issuer: RESET to a random transport PIN, CHANGE to the holder's, VERIFY."""

    @pytest.mark.parametrize("state", ["", "blocked", "new", "last-try"])
    @pytest.mark.parametrize("name", SUITES)
    def test_from_every_state(self, name, state):
        on = bench(name, state).open()
        on.pin.unblock(NEW_PIN)
        assert on.stored == (NEW, "active", 3)
        assert on.pin.ask_by_empty_verify(may_spend_try=True) == (True, None)
        assert [raw[:4].hex() for raw in on.wire.pin_commands] == ["0c2c0281", "0c240081", "0c200081"]
        assert on.puk_left == 3

    def test_a_dead_card_stays_dead(self):
        on = bench(state="dead")
        with pytest.raises(CardError) as caught:
            on.open()
        assert (caught.value.sw, on.wire.pin_commands) == (0x6985, [])

    def test_not_without_a_session(self):
        on = bench(state="blocked")
        sent = len(on.wire.sent)
        with pytest.raises(PolicyRefused, match="session"):
            on.pin.unblock(NEW_PIN)
        assert len(on.wire.sent) == sent

    @pytest.mark.parametrize("before_card", [True, False], ids=["command lost", "answer lost"])
    @pytest.mark.parametrize("step", [1, 2, 3])
    @pytest.mark.parametrize("state", ["blocked", "new"])
    def test_stopped_anywhere_running_it_again_finishes(self, state, step, before_card):
        def cut(command, forward):
            if not before_card:
                forward(command)
            raise ConnectionError

        on = bench(state=state).open()
        before = on.stored
        on.wire.break_at(cut, step)
        with pytest.raises(PinOutcomeUnknown):
            on.pin.unblock(NEW_PIN)
        done = step - before_card  # steps that the card has done
        value, pin_state, tries = on.stored
        assert (before, (value, "transport", 3), (NEW, "active", 3))[min(done, 2)] == (value, pin_state, tries)

        on.open().pin.unblock(NEW_PIN)
        assert on.stored == (NEW, "active", 3)
        on.pin.verify(NEW_PIN)

    @pytest.mark.parametrize("ins", [0x2C, 0x24, 0x20])
    def test_a_step_that_is_refused_is_the_last(self, issuer, ins):
        issuer.emulated._handlers[ins] = lambda command: ResponseApdu(sw=0x6982)
        with pytest.raises(CardError):
            issuer.pin.unblock(NEW_PIN)
        assert issuer.wire.pin_commands[-1][1] == ins

    def test_the_transport_pin_is_new_each_time_and_as_long_as_may_be(self):
        seen = []
        on = bench(state="blocked")
        on.emulated.memory.on_commit = lambda memory: seen.append((memory.references[0x81].state, on.stored[0]))
        for _ in range(20):
            on.open().pin.unblock(NEW_PIN)
        pins = {value for state, value in seen if state == "transport"}
        assert len(pins) == 20
        assert all(re.fullmatch(rb"\d{8}", pin) for pin in pins)

    def test_randomness_comes_in_from_above(self):
        on, seen = bench().open(), []
        on.emulated.memory.on_commit = lambda memory: seen.append(on.stored[0])
        on.pin.unblock(NEW_PIN, random=lambda count: bytes(range(count)))
        assert seen[0] == b"01234567"


class TestRandomDigits:
    def test_each_digit_is_equally_likely(self):
        """Over all bytes that can come, each once."""
        every_byte = iter(range(256))
        digits = random_digits(250, lambda count: bytes(next(every_byte) for _ in range(count)))
        assert Counter(digits) == dict.fromkeys(b"0123456789", 25)

    def test_the_bytes_that_would_make_some_likelier_are_left_out(self):
        source = iter([b"\xfa\xff\xfe\xfd", b"\x00\xff\x09\xfb", b"\xf9\x0a\x01\x02"])
        assert random_digits(4, lambda count: next(source)) == b"0990"

    @pytest.mark.parametrize("count", [0, 1, 4, 8, 12])
    def test_as_many_as_asked_for(self, count):
        assert len(random_digits(count, bytes)) == count
        assert len(random_digits(count, lambda count: bytes(100))) == count


def test_every_operation_is_in_these_tables():
    """A new one does not go untested."""
    known = {*SPENDING, *ISSUED}
    others = {"tries_left", "ask_by_empty_verify", "logout"}
    for kind in (Pin, Puk):
        public = {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}
        assert {f"{kind.__name__}.{name}" for name in public - others} <= known


class TestWhereTheCardCutsOldFromNew:
    """``old ‖ new`` without a delimiter: an old PIN of another length must not become part of the new one."""

    @pytest.mark.parametrize("old", ["1234", "12345678"])
    def test_an_old_pin_of_another_length_cannot_be_right(self, on, old):
        with pytest.raises(PinFormatError, match="not as long"):
            on.pin.change(old, "567890")
        assert not on.wire.pin_commands
        assert on.stored == (STORED, "active", 3)

    def test_a_pin_without_a_value_has_no_old_one(self):
        on = bench(state="new")
        with pytest.raises(PolicyRefused, match="no value yet"):
            on.pin.change(PIN, NEW_PIN)
        assert not on.wire.pin_commands

    def test_where_the_length_is_unknown_the_whole_old_pin_is_compared_first(self):
        on = bench(pin_rules={"tries_by": "none"})
        with pytest.raises(PinRefused):
            on.pin.change("1234", "567890", allow_last_try=True)
        assert on.stored == (STORED, "active", 2)
        on.pin.change(PIN, NEW_PIN, allow_last_try=True)
        assert on.stored == (NEW, "active", 3)
