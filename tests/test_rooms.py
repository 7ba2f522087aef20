"""The order of the rooms is kept; and the checker of that order sees what it should."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.rooms import complaints

ROOT = Path(__file__).parent.parent


def complaints_about(root: Path, files: Mapping[str, str]) -> list[str]:
    """The complaints about a made-up tree of these files, path to text."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return complaints(root)


def test_the_tree_keeps_the_order() -> None:
    assert complaints(ROOT) == []


def test_a_tree_in_order_brings_no_complaint(tmp_path: Path) -> None:
    assert not complaints_about(
        tmp_path,
        {
            "akis/status.py": "import enum\n",
            "akis/errors.py": "from akis.status import StatusWord\n",
            "akis/codec/apdu.py": "import construct\nfrom akis import errors\nfrom .schema import BytesConstruct\n",
            "akis/codec/schema.py": "from construct import Construct\n",
            "akis/sm/suite.py": "def ciphers():\n    from cryptography.hazmat import primitives\n",
            "akis/transport/pcsc.py": "import smartcard.System\n",
            "akis/emulator/pyscard_slot.py": "from smartcard import scard\n",
            "akis/emulator/pyscard_service.py": "from smartcard import scard\n",
            "akis/authority/keys.py": "import cryptography\nfrom akis import __version__, unlock\n",
            "akis/authority/http/logs.py": "import logging\n",
            "akis/unlock/exchange.py": "from akis.codec import apdu\n",
            "tools/demo.py": "import argparse\nfrom akis import unlock\nfrom .exit_codes import Exit\nprint(1)\n",
            "tools/exit_codes.py": "import akis\n",
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        "import akis.card",
        "import enum, akis.card as card",
        "from akis import card",
        "from akis.card import Card",
        "from .. import card",
        "from ..card import Card",
        "def late():\n    from akis.card import Card",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from akis.card import Card",
        "import importlib\nimportlib.import_module('akis.card')",
        "from importlib import import_module\nimport_module('..card', __package__)",
        "__import__('akis.card')",
    ],
)
def test_a_later_room_is_seen_however_it_is_imported(tmp_path: Path, text: str) -> None:
    line = text.count("\n") + 1
    assert complaints_about(tmp_path, {"akis/codec/apdu.py": text, "akis/card.py": ""}) == [
        f"akis/codec/apdu.py:{line} imports akis.card: card comes after codec"
    ]


def test_rooms_joined_by_a_comma_do_not_know_each_other(tmp_path: Path) -> None:
    assert complaints_about(
        tmp_path, {"akis/sm/suite.py": "from akis.commands import pin", "akis/commands/pin.py": ""}
    ) == ["akis/sm/suite.py:1 imports akis.commands.pin: sm and commands do not know each other"]


def test_rooms_outside_the_order_are_seen(tmp_path: Path) -> None:
    assert complaints_about(tmp_path, {"akis/helpers.py": "", "akis/card.py": "import akis.helpers"}) == [
        "akis/helpers.py: the order has no room helpers",
        "akis/card.py:1 imports akis.helpers: the order has no room helpers",
    ]


def test_a_cycle_inside_a_room_is_seen_through_its_package(tmp_path: Path) -> None:
    [complaint] = complaints_about(
        tmp_path,
        {
            "akis/codec/__init__.py": "",
            "akis/codec/apdu.py": "def late():\n    from akis.codec.tlv import parse",
            "akis/codec/tlv.py": "from . import schema",
            "akis/codec/schema.py": "import akis.codec.apdu",
        },
    )
    assert complaint.startswith("a cycle of imports: ")
    for name in ("apdu", "tlv", "schema"):
        assert f"akis.codec.{name}" in complaint


def test_a_file_that_asks_its_own_package_for_what_that_had_from_it_is_a_cycle(tmp_path: Path) -> None:
    [complaint] = complaints_about(
        tmp_path,
        {
            "akis/codec/__init__.py": "from akis.codec.tlv import parse",
            "akis/codec/tlv.py": "from akis.codec import parse",
        },
    )
    assert complaint.startswith("a cycle of imports: ")


def test_the_package_itself_imports_nothing_of_ours(tmp_path: Path) -> None:
    assert complaints_about(tmp_path, {"akis/__init__.py": "from .status import StatusWord", "akis/status.py": ""}) == [
        "akis/__init__.py:1 imports akis.status: akis/__init__.py imports nothing of ours"
    ]


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("akis/card.py", "import construct", "construct stays inside akis/codec"),
        ("tools/demo.py", "from construct.core import Struct", "construct stays inside akis/codec"),
        ("akis/card.py", "from asn1crypto import core", "asn1crypto stays inside akis/pkcs15"),
        ("tools/certs.py", "import asn1crypto.x509", "asn1crypto stays inside akis/pkcs15"),
        ("akis/transport/readers.py", "import smartcard", "smartcard stays inside akis/transport/pcsc.py"),
        ("tools/readers.py", "from smartcard.System import readers", "smartcard stays inside akis/transport/pcsc.py"),
        ("akis/emulator/card.py", "import smartcard", "and akis/emulator/pyscard_slot.py"),
        ("akis/transport/base.py", "import cryptography", "beneath and in transport, only sm and pkcs15 import"),
        ("akis/trace/decrypt.py", "def f():\n    import cryptography.x509", "beneath and in transport, only sm and"),
        ("akis/card.py", "import argparse", "the library parses no arguments"),
        ("akis/authority/serving/serve.py", "import argparse", "the library parses no arguments"),
        ("akis/card.py", "from logging import getLogger", "nothing but the authority has a logger"),
        ("akis/unlock/api.py", "import logging.config", "nothing but the authority has a logger"),
        ("akis/card.py", "from akis.tools import demo", "nothing outside tools imports them"),
        ("akis/card.py", "from tools import demo", "the package is called akis.tools"),
        ("tools/demo.py", "from tools.exit_codes import Exit", "the package is called akis.tools"),
        ("tools/demo.py", "from akis.tools import exit_codes", "tools are relative to each other, and to nothing else"),
        ("tools/demo.py", "from ..codec import apdu", "tools are relative to each other, and to nothing else"),
    ],
)
def test_what_may_be_imported_in_few_places_only(tmp_path: Path, file: str, text: str, why: str) -> None:
    [complaint] = complaints_about(tmp_path, {file: text})
    assert why in complaint


@pytest.mark.parametrize("text", ["print(1)", "def tell(say=print): ...", "import sys\nsys.stderr.write('')"])
def test_the_library_does_not_print(tmp_path: Path, text: str) -> None:
    [complaint] = complaints_about(tmp_path, {"akis/card.py": text})
    assert complaint.endswith("prints")
