"""Where one is on a card, by its commands and answers alone."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.profile.load import load
from tools.shell.whereabouts import Whereabouts

PROFILE = load("akis-2")
MF_FCI = "6F07820138830200FF"
DF = "6F0782013883023D00"
EF = "6F0782010183022F10"


def after(*heard: tuple[str, str], profile: str = "akis-2") -> Whereabouts:
    where = Whereabouts(load(profile))
    for command, answer in heard:
        where.heard(CommandApdu.from_bytes(bytes.fromhex(command)), ResponseApdu.from_bytes(bytes.fromhex(answer)))
    return where


@pytest.mark.parametrize(
    ("heard", "said", "df"),
    [
        ([], "3F00", ()),
        ([("00A40800023D0000", f"{DF}9000")], "3D00", (0x3D00,)),
        ([("00A40800043D002F1000", f"{EF}9000")], "3D00/2F10", (0x3D00,)),
        ([("00A4080C043D002F10", "9000")], "3D00/2F10", (0x3D00,)),
        ([("00A4080C043D002F10", "6A82")], "3F00", ()),
        ([("00A4040C07504B43532D3135", "9000")], "3D00", (0x3D00,)),
        ([("00A4040C05A000000001", "9000")], "A000000001", None),
        ([("00A40000023F00", "9000")], "3F00", ()),
        ([("00A4000C022F00", "9000")], "2F00", ()),
        ([("00A4080C023D00", "9000"), ("00A4020C025031", "9000")], "3D00/5031", (0x3D00,)),
        ([("00A4080C023D00", "9000"), ("00A4030C", "9000")], "3F00", ()),
        ([("00A4080C023D00", "9000"), ("00A4090C025031", "9000")], "3D00/5031", (0x3D00,)),
        # From a DF, an identifier alone may be that of a file below, beside or above.
        ([("00A4080C023D00", "9000"), ("00A4000C022F00", "9000")], "?/2F00", None),
    ],
)
def test_the_current_file(heard: list[tuple[str, str]], said: str, df: tuple[int, ...] | None) -> None:
    where = after(*heard)
    assert (str(where), where.df) == (said, df)


APP = ("00A4040C07504B43532D3135", "9000")
RIGHT = ("0020008106313131313131", "9000")


@pytest.mark.parametrize(
    ("then", "verified"),
    [
        ([], {"PIN"}),
        ([("0020008206313131313131", "9000")], {"PIN", "PUK"}),
        ([("0020008106313131313131", "63C2")], set()),
        ([("0020FF81", "9000")], set()),
        ([("00A4080C043D005031", "9000")], {"PIN"}),
        ([("00A4080C022F00", "9000")], set()),
        ([("00A4080C022F00", "6A82")], {"PIN"}),
        ([("002400810C313131313131323232323232", "9000")], set()),
        ([("002A9E9A021122", "9000")], set()),
        ([("801A0000", "9000")], set()),
        ([("0084000008", "11223344556677889000")], {"PIN"}),
    ],
)
def test_what_is_verified(then: list[tuple[str, str]], verified: set[str]) -> None:
    assert after(APP, RIGHT, *then).verified == verified


def test_a_reset_ends_it_all() -> None:
    where = after(APP, RIGHT)
    assert where.in_application
    where.reset()
    assert (str(where), where.verified, where.in_application) == ("3F00", frozenset(), False)
