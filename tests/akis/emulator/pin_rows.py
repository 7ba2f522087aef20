"""The PIN commands, row by row as the definition of the card has them.

A row: for whom, the card's state, the command, its answer, the state afterwards, and the same through Pin and Puk, or
None where these never send it.
"""

from __future__ import annotations

from tests.akis.emulator.cards import NEW, NEW_PUK, PIN, PUK, WRONG, WRONG_PUK

ALLOW = {"allow_last_try": True}
PERMIT = {"permit_puk": True, "allow_last_try": True}
SAME = None
WHO = {
    "any": ("plain", "issuer", "terminal"),
    "plain": ("plain",),
    "sessions": ("issuer", "terminal"),
    "issuer": ("issuer",),
    "terminal": ("terminal",),
    "others": ("plain", "terminal"),
}
"""Where a row applies: in the clear, and inside the sessions of a role."""


def verify(value):
    return lambda pin, puk: pin.verify(value, **ALLOW)


def change(old, new):
    return lambda pin, puk: pin.change(old, new, **ALLOW)


def change_to(new):
    return lambda pin, puk: pin.change_to(new)


def unblock(code, new):
    return lambda pin, puk: puk.unblock(code, new, **PERMIT)


def reset_by(code):
    return lambda pin, puk: puk.reset_counter(code, **PERMIT)


def reset_to(new="87654"):
    return lambda pin, puk: pin.reset_to(new)


def reset(pin, puk):
    pin.reset_counter()


def logout(pin, puk):
    pin.logout()


def logout_puk(pin, puk):
    puk.logout()


def verify_puk(value):
    return lambda pin, puk: puk.verify(value, **PERMIT)


def change_puk(old, new="11223344"):
    return lambda pin, puk: puk.change(old, new, **PERMIT)


# who, given, command, answer, state afterwards, the same through Pin and Puk (None: it never sends this)
VERIFY = [
    ("any", "unset 3", f"00200081 06 {PIN}", "6984", SAME, verify("123456")),
    ("any", "unset 3", "00200081 03 313233", "6984", SAME, None),
    ("any", "active 0", f"00200081 06 {PIN}", "6983", SAME, verify("123456")),
    ("any", "active 0", "00200081 03 313233", "6983", SAME, None),
    ("any", "transport 0", f"00200081 06 {PIN}", "6983", SAME, verify("123456")),
    ("any", "active 3", "00200081 03 313233", "6A80", SAME, verify("123")),
    ("any", "active 1", "00200081 09 313233343536373839", "6A80", SAME, verify("123456789")),
    ("any", "active 1", "00200081 06 31323334353A", "6A80", SAME, verify("12345:")),
    ("any", "active 1", "00200081 08 313233343536FFFF", "6A80", SAME, None),
    ("any", "active 1 verified", "00200081 06 010203040506", "6A80", SAME, None),
    ("any", "active 3", f"00200081 06 {PIN}", "9000", "active 3 verified", verify("123456")),
    ("any", "active 1", f"00200081 06 {PIN}", "9000", "active 3 verified", verify("123456")),
    ("any", "active 3 verified", f"00200081 06 {PIN}", "9000", SAME, verify("123456")),
    ("any", "active 2 = 31323334", "00200081 04 31323334", "9000", "active 3 = 31323334 verified", verify("1234")),
    ("any", "active 3 = 31323334", f"00200081 06 {PIN}", "63C2", "active 2 = 31323334", verify("123456")),
    ("any", "transport 2", f"00200081 06 {PIN}", "6985", "transport 3", verify("123456")),
    ("any", "transport 3", f"00200081 06 {WRONG}", "63C2", "transport 2", verify("000000")),
    ("any", "active 3", f"00200081 06 {WRONG}", "63C2", "active 2", verify("000000")),
    ("any", "active 2", f"00200081 06 {WRONG}", "63C1", "active 1", verify("000000")),
    ("any", "active 1", f"00200081 06 {WRONG}", "63C0", "active 0", verify("000000")),
    ("any", "active 0", f"00200081 06 {WRONG}", "6983", SAME, verify("000000")),
    ("any", "active 3 verified", f"00200081 06 {WRONG}", "63C2", "active 2", verify("000000")),
]
VERIFY_NO_DATA = [
    ("any", given, f"00200081{le}", answer, SAME, None)
    for le in ("", "00", "08")
    for given, answer in (
        ("active 3 verified", "9000"),
        ("active 3", "63C3"),
        ("active 1", "63C1"),
        ("active 0", "6983"),
        ("transport 2", "63C2"),
        ("unset 3", "6984"),
    )
]
LOGOUT = [
    ("any", "active 2 verified puk-verified", "0020FF81", "9000", "active 2 puk-verified", logout),
    ("any", "active 3", "0020FF81", "9000", SAME, logout),
    ("any", "active 3 verified puk 2 puk-verified", "0020FF82", "9000", "active 3 verified puk 2", logout_puk),
]
CHANGE = [
    ("any", "active 2", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "active 2 verified", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "active 3 verified", f"00240081 0C {PIN}{PIN}", "9000", "active 3", change("123456", "123456")),
    ("any", "transport 3", f"00240081 0B {PIN}{NEW}", "9000", f"active 3 = {NEW}", change("123456", "87654")),
    ("any", "transport 1", f"00240081 0C {PIN}{PIN}", "9000", "active 3", change("123456", "123456")),
    # split at the stored length, whatever the terminal meant
    ("any", "active 3 = 31323334", f"00240081 0A 31323334{PIN}", "9000", "active 3", change("1234", "123456")),
    ("any", "active 3", f"00240081 0C 3132{PIN}37383930", "63C2", "active 2", None),
    ("any", "active 3", f"00240081 0B {WRONG}{NEW}", "63C2", "active 2", change("000000", "87654")),
    ("any", "active 2 verified", f"00240081 0B {WRONG}{NEW}", "63C1", "active 1", change("000000", "87654")),
    ("any", "transport 1", f"00240081 0B {WRONG}{NEW}", "63C0", "transport 0", change("000000", "87654")),
    ("any", "active 0", f"00240081 0B {PIN}{NEW}", "6983", SAME, change("123456", "87654")),
    ("any", "active 1", f"00240081 09 {PIN}383736", "6A80", SAME, change("123456", "876")),
    ("any", "active 1", f"00240081 0F {PIN}393837363534333231", "6A80", SAME, change("123456", "987654321")),
    ("any", "active 1", f"00240081 0A {WRONG}38373641", "6A80", SAME, change("000000", "876A")),
    ("any", "active 1 verified", f"00240081 06 {PIN}", "6A80", SAME, None),
    ("any", "active 1", "00240081 04 31323334", "6A80", SAME, None),
    ("any", "active 1", "00240081", "6A80", SAME, None),
    ("any", "unset 3", f"00240081 0B {PIN}{NEW}", "6984", SAME, None),
]
CHANGE_TO = [
    ("issuer", "active 1", f"00240181 05 {NEW}", "9000", f"active 1 = {NEW}", change_to("87654")),
    ("issuer", "active 2 verified", f"00240181 05 {NEW}", "9000", f"active 2 = {NEW}", change_to("87654")),
    ("issuer", "unset 3", f"00240181 05 {NEW}", "9000", f"active 3 = {NEW}", change_to("87654")),
    ("issuer", "transport 2", f"00240181 05 {NEW}", "9000", f"active 2 = {NEW}", change_to("87654")),
    ("issuer", "active 0", f"00240181 05 {NEW}", "9000", f"active 0 = {NEW}", change_to("87654")),
    ("issuer", "active 1", "00240181 03 383736", "6A80", SAME, change_to("876")),
    ("issuer", "active 1", "00240181", "6A80", SAME, None),
    ("plain", "active 3 verified puk-verified", f"00240181 05 {NEW}", "6982", SAME, None),
    ("plain", "unset 3", f"00240181 05 {NEW}", "6982", SAME, None),
    ("terminal", "active 3 verified puk-verified", f"00240181 05 {NEW}", "6982", SAME, change_to("87654")),
    ("terminal", "unset 3", f"00240181 05 {NEW}", "6982", SAME, change_to("87654")),
]
RESET = [
    # P1 = 00: PUK and new value
    ("any", "active 0 puk 2", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 3 verified", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 1 verified", f"002C0081 0E {PUK}{PIN}", "9000", "active 3", unblock("87654321", "123456")),
    ("any", "unset 3", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "transport 1", f"002C0081 0D {PUK}{NEW}", "9000", f"active 3 = {NEW}", unblock("87654321", "87654")),
    ("any", "active 0", f"002C0081 0D {WRONG_PUK}{NEW}", "63C2", "active 0 puk 2", unblock("00000000", "87654")),
    ("any", "active 0 puk 2", f"002C0081 0D {WRONG_PUK}{NEW}", "63C1", "active 0 puk 1", unblock("00000000", "87654")),
    ("any", "active 0 puk 1", f"002C0081 0D {WRONG_PUK}{NEW}", "63C0", "active 0 dead", unblock("00000000", "87654")),
    ("any", "active 0 puk 1", f"002C0081 0B {WRONG_PUK}383736", "6A80", SAME, unblock("00000000", "876")),
    ("any", "active 0 puk 1", f"002C0081 08 {PUK}", "6A80", SAME, None),
    ("any", "active 0 puk 1", "002C0081 04 38373635", "6A80", SAME, None),
    ("any", "active 0 puk 0", f"002C0081 0D {PUK}{NEW}", "6983", SAME, unblock("87654321", "87654")),
    # P1 = 01: PUK
    ("any", "active 0 puk 2", f"002C0181 08 {PUK}", "9000", "active 3", reset_by("87654321")),
    ("any", "active 1 verified", f"002C0181 08 {PUK}", "9000", "active 3 verified", reset_by("87654321")),
    ("any", "transport 0", f"002C0181 08 {PUK}", "9000", "transport 3", reset_by("87654321")),
    ("any", "unset 3 puk 2", f"002C0181 08 {PUK}", "6984", SAME, reset_by("87654321")),
    ("any", "unset 3 puk 1", f"002C0181 08 {WRONG_PUK}", "6984", SAME, reset_by("00000000")),
    ("any", "active 0", f"002C0181 08 {WRONG_PUK}", "63C2", "active 0 puk 2", reset_by("00000000")),
    ("any", "active 0 puk 1", f"002C0181 08 {WRONG_PUK}", "63C0", "active 0 dead", reset_by("00000000")),
    ("any", "active 0 puk 1", "002C0181 07 30303030303030", "6A80", SAME, reset_by("0000000")),
    ("any", "active 0 puk 1", f"002C0181 0D {PUK}{NEW}", "6A80", SAME, None),
    ("any", "active 0 puk 0", f"002C0181 08 {PUK}", "6983", SAME, reset_by("87654321")),
    # P1 = 02: new value
    ("issuer", "active 0", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "unset 3", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "transport 1", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "active 3 verified", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW}", reset_to()),
    ("issuer", "active 3 verified", f"002C0281 06 {PIN}", "9000", "transport 3", reset_to("123456")),
    ("issuer", "active 1 puk-verified", f"002C0281 05 {NEW}", "9000", f"transport 3 = {NEW} puk-verified", reset_to()),
    ("issuer", "active 1 verified", "002C0281 03 383736", "6A80", SAME, reset_to("876")),
    ("issuer", "active 1 verified", "002C0281", "6A80", SAME, None),
    ("others", "active 0 puk-verified", f"002C0281 05 {NEW}", "9000", f"active 3 = {NEW} puk-verified", reset_to()),
    ("others", "unset 3 puk-verified", f"002C0281 05 {NEW}", "9000", f"active 3 = {NEW} puk-verified", reset_to()),
    ("others", "verified puk-verified", f"002C0281 06 {PIN}", "9000", "active 3 puk-verified", reset_to("123456")),
    ("others", "active 0", f"002C0281 05 {NEW}", "6982", SAME, reset_to()),
    ("others", "active 3 verified", f"002C0281 05 {NEW}", "6982", SAME, reset_to()),
    # P1 = 03: nothing
    ("issuer", "active 0", "002C0381", "9000", "active 3", reset),
    ("issuer", "active 1 verified puk 2", "002C0381", "9000", "active 3 verified puk 2", reset),
    ("issuer", "transport 0", "002C0381", "9000", "transport 3", reset),
    ("issuer", "unset 3", "002C0381", "6984", SAME, reset),
    ("others", "active 0 puk 2 puk-verified", "002C0381", "9000", "active 3 puk 2 puk-verified", reset),
    ("others", "unset 3 puk-verified", "002C0381", "6984", SAME, reset),
    ("others", "active 0", "002C0381", "6982", SAME, reset),
    ("others", "unset 3", "002C0381", "6982", SAME, reset),
]
PUK_COMMANDS = [
    ("any", "active 2 puk 1", f"00200082 08 {PUK}", "9000", "active 2 puk-verified", verify_puk("87654321")),
    ("any", "active 2 puk 3", f"00200082 08 {WRONG_PUK}", "63C2", "active 2 puk 2", verify_puk("00000000")),
    ("any", "active 2 puk-verified", f"00200082 08 {WRONG_PUK}", "63C2", "active 2 puk 2", verify_puk("00000000")),
    ("any", "active 2 puk 2", f"00200082 08 {WRONG_PUK}", "63C1", "active 2 puk 1", verify_puk("00000000")),
    ("any", "active 2 puk 1", f"00200082 08 {WRONG_PUK}", "63C0", "active 2 dead", verify_puk("00000000")),
    ("any", "active 2 puk 1", "00200082 07 38373635343332", "6A80", SAME, verify_puk("8765432")),
    ("any", "active 2 puk 1", "00200082 08 383736353433324A", "6A80", SAME, verify_puk("8765432J")),
    ("any", "active 2 puk 0", f"00200082 08 {PUK}", "6983", SAME, verify_puk("87654321")),
    ("any", "active 2 puk-verified", "00200082", "9000", SAME, None),
    ("any", "active 2 puk 2", "00200082", "63C2", SAME, None),
    ("any", "active 2 puk 0", "0020008200", "6983", SAME, None),
    ("any", "puk 1 puk-verified", f"00240082 10 {PUK}{NEW_PUK}", "9000", f"puk 3 = {NEW_PUK}", change_puk("87654321")),
    ("any", "active 2", f"00240082 10 {WRONG_PUK}{NEW_PUK}", "63C2", "active 2 puk 2", change_puk("00000000")),
    ("any", "puk 1", f"00240082 10 {WRONG_PUK}{NEW_PUK}", "63C0", "dead", change_puk("00000000")),
    ("any", "puk 1", f"00240082 0F {WRONG_PUK}31313232333334", "6A80", SAME, change_puk("00000000", "1122333")),
    ("any", "puk 0", f"00240082 10 {PUK}{NEW_PUK}", "6983", SAME, change_puk("87654321")),
    ("any", "active 0", f"002C0082 0D {PUK}{NEW}", "6A86", SAME, None),
    ("any", "active 0", f"002C0182 08 {PUK}", "6A86", SAME, None),
    ("any", "active 0 puk-verified", f"002C0282 05 {NEW}", "6A86", SAME, None),
    ("any", "active 0 puk-verified", "002C0382", "6A86", SAME, None),
]
# Where the definition is silent, ISO/IEC 7816-4 decides.
PARAMETERS = [
    ("any", "active 3", f"00200181 06 {PIN}", "6A86", SAME, None),
    ("any", "active 3", f"00240281 0B {PIN}{NEW}", "6A86", SAME, None),
    ("issuer", "active 3", f"00240182 08 {NEW_PUK}", "6A86", SAME, None),
    ("issuer", "active 0", f"002C0481 05 {NEW}", "6A86", SAME, None),
    ("any", "active 3 verified", f"0020FF81 06 {PIN}", "6700", SAME, None),
    ("issuer", "active 1", f"002C0381 05 {NEW}", "6700", SAME, None),
    ("any", "active 3", f"00200083 06 {PIN}", "6A88", SAME, None),
    ("any", "active 3", f"00200000 06 {PIN}", "6A88", SAME, None),
    ("any", "active 3", f"00200001 06 {PIN}", "6A88", SAME, None),
    ("issuer", "active 3", f"002C0201 05 {NEW}", "6A88", SAME, None),
]
DEAD = [
    ("any", "active 3 dead", f"00200081 06 {PIN}", "6985", SAME, verify("123456")),
    ("any", "active 3 dead", f"00200081 06 {WRONG}", "6985", SAME, verify("000000")),
    ("any", "active 3 dead", "00200081", "6985", SAME, None),
    ("any", "active 3 dead", "0020FF81", "6985", SAME, logout),
    ("any", "active 3 dead", f"00240081 0B {PIN}{NEW}", "6985", SAME, change("123456", "87654")),
    ("plain", "active 3 dead", f"00240181 05 {NEW}", "6985", SAME, None),
    ("sessions", "active 3 dead", f"00240181 05 {NEW}", "6985", SAME, change_to("87654")),
    ("any", "active 3 dead", f"002C0081 0D {PUK}{NEW}", "6985", SAME, None),
    ("any", "active 3 dead", f"002C0181 08 {PUK}", "6985", SAME, None),
    ("any", "active 3 dead", f"002C0281 05 {NEW}", "6985", SAME, reset_to()),
    ("any", "active 3 dead", "002C0381", "6985", SAME, reset),
    ("any", "active 3 dead", f"00200082 08 {PUK}", "6985", SAME, None),
    ("any", "active 3 dead", "00B0000010", "6985", SAME, None),
    ("any", "active 3 dead", "0084000008", "6985", SAME, None),
    ("any", "active 3 dead", "0022C1A406 80010C 830101", "6985", SAME, None),
    ("any", "active 3 dead", "00FF0000", "6985", SAME, None),
    ("any", "active 3 dead", f"10200081 06 {PIN}", "6985", SAME, None),
]
TABLES = [
    *VERIFY,
    *VERIFY_NO_DATA,
    *LOGOUT,
    *CHANGE,
    *CHANGE_TO,
    *RESET,
    *PUK_COMMANDS,
    *PARAMETERS,
    *DEAD,
]
