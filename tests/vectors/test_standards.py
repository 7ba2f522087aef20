"""Figures that standards print, out of ``vectors/``: met by the toolkit, and by hand, so that none is mistyped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.sm import CardSession, SecureSession, Suite
from akis.sm.kdf import ENC, MAC, derive
from akis.sm.suite import pad
from tests import by_hand

VECTORS = Path(__file__).parents[2] / "vectors"
unhex = bytes.fromhex


def figures(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def by_title(examples: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", [pytest.param(example, id=example["title"]) for example in examples])


ICAO = figures("icao-9303-11-d.json")
RFC_4493 = figures("rfc-4493.json")
ISO_9797 = figures("iso-iec-9797-1-b.json")


# ICAO Doc 9303-11, appendix D.


def test_icao_mrz_information_has_its_check_digits() -> None:
    d2 = ICAO["D.1-D.2"]
    parts = (d2["document_number"], d2["date_of_birth"], d2["date_of_expiry"])
    assert d2["MRZ_information"] == "".join(f"{part}{by_hand.check_digit(part)}" for part in parts)


def test_icao_keys_from_the_mrz() -> None:
    d2 = ICAO["D.1-D.2"]
    hashed = hashlib.sha1(d2["MRZ_information"].encode()).digest()
    assert hashed == unhex(d2["H_SHA1"])
    assert hashed[:16] == unhex(d2["K_seed"])
    assert_derived(d2["K_seed"], ENC, d2["K_ENC"])
    assert_derived(d2["K_seed"], MAC, d2["K_MAC"])
    for use, name in ((1, "H_K_ENC"), (2, "H_K_MAC")):
        assert hashlib.sha1(hashed[:16] + bytes((0, 0, 0, use))).digest() == unhex(d2[name])


def assert_derived(seed: str, use: int, key: str) -> None:
    assert by_hand.odd_parity(derive(unhex(seed), use, "SHA-1", 16)) == unhex(key)
    assert by_hand.odd_parity(hashlib.sha1(unhex(seed) + use.to_bytes(4, "big")).digest()[:16]) == unhex(key)


@pytest.mark.parametrize(("plain", "cryptogram", "checksum"), [("S", "E_IFD", "M_IFD"), ("R", "E_IC", "M_IC")])
def test_icao_authentication_tokens(plain: str, cryptogram: str, checksum: str) -> None:
    keys, d3 = ICAO["D.1-D.2"], ICAO["D.3"]
    k_enc, k_mac = unhex(keys["K_ENC"]), unhex(keys["K_MAC"])
    message, enciphered, mac = unhex(d3[plain]), unhex(d3[cryptogram]), unhex(d3[checksum])
    assert by_hand.encrypt("3DES", k_enc, message) == enciphered
    assert by_hand.retail_mac(k_mac, by_hand.pad(enciphered, 8)) == mac
    assert Suite.TDES.encryption(k_enc).encrypt(message) == enciphered
    assert Suite.TDES.encryption(k_enc).decrypt(enciphered) == message
    assert Suite.TDES.mac(k_mac)(pad(enciphered, 8)) == mac


def test_icao_authentication_messages_and_session_keys() -> None:
    d3 = ICAO["D.3"]
    assert d3["S"] == d3["RND_IFD"] + d3["RND_IC"] + d3["K_IFD"]
    assert d3["R"] == d3["RND_IC"] + d3["RND_IFD"] + d3["K_IC"]
    command = CommandApdu(0x00, 0x82, 0x00, 0x00, unhex(d3["E_IFD"] + d3["M_IFD"]), ne=0x28)
    assert command.to_bytes() == unhex(d3["command"])
    assert ResponseApdu(unhex(d3["E_IC"] + d3["M_IC"])).to_bytes() == unhex(d3["response"])
    assert by_hand.xor(unhex(d3["K_IFD"]), unhex(d3["K_IC"])) == unhex(d3["K_seed"])
    assert_derived(d3["K_seed"], ENC, d3["KS_ENC"])
    assert_derived(d3["K_seed"], MAC, d3["KS_MAC"])
    assert d3["RND_IC"][8:] + d3["RND_IFD"][8:] == d3["SSC"]


def test_icao_secure_messaging() -> None:
    """The three exchanges in turn, in one session."""
    d4 = ICAO["D.4"]
    assert (d4["KS_ENC"], d4["KS_MAC"], d4["SSC"]) == tuple(ICAO["D.3"][name] for name in ("KS_ENC", "KS_MAC", "SSC"))
    start = Suite.TDES, unhex(d4["KS_ENC"]), unhex(d4["KS_MAC"]), unhex(d4["SSC"])
    terminal, card = SecureSession(*start), CardSession(*start)
    for exchange in d4["exchanges"]:
        plain = CommandApdu.from_bytes(unhex(exchange["plain_command"]))
        protected = terminal.protect(plain)
        assert protected.to_bytes() == unhex(exchange["protected_command"])
        assert terminal.ssc == unhex(exchange["SSC_command"])
        assert card.unprotect(protected) == plain
        answer = ResponseApdu.from_bytes(unhex(exchange["plain_response"]))
        protected_answer = card.protect(answer)
        assert protected_answer.to_bytes() == unhex(exchange["protected_response"])
        assert terminal.unprotect(protected_answer) == answer
        assert terminal.ssc == card.ssc == unhex(exchange["SSC_response"])


@by_title(ICAO["D.4"]["exchanges"])
def test_icao_secure_messaging_by_hand(example: dict[str, str]) -> None:
    keys = by_hand.Keys("3DES", unhex(ICAO["D.4"]["KS_ENC"]), unhex(ICAO["D.4"]["KS_MAC"]))
    plain = CommandApdu.from_bytes(unhex(example["plain_command"]))
    answer = unhex(example["plain_response"])
    protected = keys.command(unhex(example["SSC_command"]), plain)
    protected_answer = keys.answer(unhex(example["SSC_response"]), answer[:-2], answer[-2:])
    assert protected == unhex(example["protected_command"])
    assert protected[-9:-1] == unhex(example["CC_command"])
    assert protected_answer == unhex(example["protected_response"])
    assert protected_answer[-10:-2] == unhex(example["CC_response"])


# RFC 4493 §4.


@by_title(RFC_4493["examples"])
def test_cmac(example: dict[str, str]) -> None:
    key, message = unhex(RFC_4493["K"]), unhex(example["message"])
    assert by_hand.cmac(key, message) == unhex(example["mac"])
    assert Suite.AES.mac(key)(message) == unhex(example["mac"])


def test_cmac_examples_through_one_context() -> None:
    mac = Suite.AES.mac(unhex(RFC_4493["K"]))
    assert [mac(unhex(example["message"])) for example in RFC_4493["examples"]] == [
        unhex(example["mac"]) for example in RFC_4493["examples"]
    ]


def test_cmac_subkeys() -> None:
    """A MAC of one block is AES(K, block xor K1), that of no block at all AES(K, 80 00 … 00 xor K2)."""
    key = unhex(RFC_4493["K"])
    zero, k1, k2 = (unhex(RFC_4493[name]) for name in ("AES_of_zero", "K1", "K2"))
    assert by_hand.encrypt("AES", key, bytes(16)) == zero
    assert Suite.AES.mac(key)(k1) == zero
    assert Suite.AES.mac(key)(b"") == by_hand.encrypt("AES", key, by_hand.xor(by_hand.pad(b"", 16), k2))
    # RFC 4493 §2.3: each is the one before, doubled in GF(2^128).
    for before, doubled in ((zero, k1), (k1, k2)):
        number = int.from_bytes(before, "big") << 1
        assert number % (1 << 128) ^ (0x87 if number >> 128 else 0) == int.from_bytes(doubled, "big")


# ISO/IEC 9797-1, annex B.


@by_title(ISO_9797["examples"])
def test_mac_algorithm_3(example: dict[str, Any]) -> None:
    key, text = unhex(ISO_9797["K"] + ISO_9797["K'"]), example["text"].encode()
    padded = pad(text, 8) if example["padding"] == 2 else text + bytes(-len(text) % 8)
    assert by_hand.retail_mac(key, padded) == unhex(example["mac"])
    assert Suite.TDES.mac(key)(padded) == unhex(example["mac"])


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.name)
def test_every_file_says_where_its_figures_are_from(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert all(document[field] for field in ("standard", "clause", "provenance"))
    assert path.name in (VECTORS / "README.md").read_text(encoding="utf-8")
