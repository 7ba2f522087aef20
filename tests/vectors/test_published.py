"""What others published, or what came out of running their programs: each must be met to the byte.

Driver and emulator of this project share their code, so that they agree with each other proves nothing. These do.
"""

from __future__ import annotations

import hashlib
import re

import pytest

from akis.codec import pin_block
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import SecureMessagingError
from akis.sm.kdf import derive
from akis.sm.mutual_auth import CardAuthentication, DeviceKeys, TerminalAuthentication
from akis.sm.suite import Suite, pad
from tests import published
from tests.by_hand import Keys, as_the_card_reads, odd_parity, xor
from tests.published import Vector, command, is_defective, response, rules_of, sides, suite_of, tags, unhex

VECTORS = published.load()
if not VECTORS:
    pytest.skip(published.REASON, allow_module_level=True)

OUT_OF_SCOPE = {"pace": "PACE is not offered: the cards of this project authenticate with CWA 14890"}
SKIPPED: dict[str, str] = {}
"""Single vectors that cannot pass, with the reason why."""

taken: set[str] = set()
kinds: set[str] = set()


def every(kind: str, defective: bool | None = False) -> pytest.MarkDecorator:
    """Run a test for every vector of one kind, from sound or from defective peers, or (None) whichever."""
    chosen = [vector for vector in VECTORS if vector["kind"] == kind and defective in (None, is_defective(vector))]
    kinds.add(kind)
    taken.update(vector["id"] for vector in chosen)
    return pytest.mark.parametrize(
        "vector", [pytest.param(vector, id=vector["id"], marks=skip(vector)) for vector in chosen]
    )


def skip(vector: Vector) -> list[pytest.MarkDecorator]:
    return [pytest.mark.skip(SKIPPED[vector["id"]])] if vector["id"] in SKIPPED else []


# Exchanges under secure messaging.


@every("sm_exchange")
def test_terminal(vector: Vector) -> None:
    terminal, _ = sides(vector, rules_of(vector))
    assert terminal.protect(command(vector, "plain_command")).to_bytes() == unhex(vector["protected_command"])
    if "protected_response" in vector:
        assert terminal.unprotect(response(vector, "protected_response")) == response(vector, "plain_response")
    assert terminal.ssc == unhex(vector["ssc_after"])


@every("sm_exchange")
def test_card(vector: Vector) -> None:
    rules = rules_of(vector)
    _, card = sides(vector, rules)
    plain, protected = command(vector, "plain_command"), command(vector, "protected_command")
    assert card.unprotect(protected) == as_the_card_reads(plain, protected, rules)
    if "protected_response" in vector:
        assert_answered(card, vector)
    assert card.ssc == unhex(vector["ssc_after"])


@every("sm_exchange", defective=True)
def test_defective_peer_is_refused_on_either_side(vector: Vector) -> None:
    terminal, card = sides(vector, rules_of(vector))
    assert terminal.protect(command(vector, "plain_command")).to_bytes() != unhex(vector["protected_command"])
    with pytest.raises(SecureMessagingError) as refusal:
        card.unprotect(command(vector, "protected_command"))
    assert refusal.value.sw == 0x6988
    assert not card.alive
    if "protected_response" in vector:
        with pytest.raises(SecureMessagingError):
            terminal.unprotect(response(vector, "protected_response"))
        assert not terminal.alive


# Single answers. Their counter is the one before the answer, so the command that asked for it is one further back.


@every("sm_response")
def test_single_answer(vector: Vector) -> None:
    protected = response(vector, "protected_response")
    terminal, card = sides(vector, step=-1)
    card.unprotect(terminal.protect(CommandApdu(0x00, 0xB1 if 0x85 in tags(protected.data) else 0xB0, 0, 0, ne=256)))
    assert terminal.unprotect(protected) == response(vector, "plain_response")
    assert_answered(card, vector)
    assert terminal.ssc == card.ssc == unhex(vector["ssc_after"])


@pytest.mark.parametrize("ins", [0xB0, 0xB1])
@every("sm_negative_response", defective=None)
def test_negative_answer(vector: Vector, ins: int) -> None:
    terminal, _ = sides(vector, step=-1)
    terminal.protect(CommandApdu(0x00, ins, 0, 0, ne=256))
    with pytest.raises(SecureMessagingError):
        terminal.unprotect(response(vector, "protected_response"))
    assert not terminal.alive


@every("sm_fragment")
def test_fragment(vector: Vector) -> None:
    suite, inputs, outputs = suite_of(vector), hexed(vector["inputs"]), hexed(vector["outputs"])
    padded = pad(inputs["plain"], suite.block)
    encryption = suite.encryption(unhex(vector["keys"]["KSenc"]))
    assert encryption.encrypt(padded, inputs["ssc_enc"]) == outputs["cryptogram"]
    assert encryption.decrypt(outputs["cryptogram"], inputs["ssc_enc"]) == padded
    mac = suite.mac(unhex(vector["keys"]["KSmac"]))
    message = pad(inputs["ssc_mac"] + inputs["mac_input_after_ssc"], suite.block)
    assert mac(message)[: len(outputs["mac"])] == outputs["mac"]


def assert_answered(card: published.CardSession, vector: Vector) -> None:
    """The card protects the plain answer to the very bytes; data that is only authenticated (DO'81') we never send."""
    protected = response(vector, "protected_response")
    answered = card.protect(response(vector, "plain_response"))
    if 0x81 not in tags(protected.data):
        assert answered == protected


# Authentication and keys.


def authentication(vector: Vector) -> tuple[TerminalAuthentication, CardAuthentication]:
    inputs = hexed(vector["inputs"])
    keys = DeviceKeys(
        reference=1,
        algorithm_reference=0x8C if "SHA-256" in vector["algorithm"] else 0x0C,
        k_enc=unhex(vector["keys"]["K_ENC"]),
        k_mac=unhex(vector["keys"]["K_MAC"]),
    )
    terminal_random = {8: inputs["rnd_ifd"], 32: inputs["k_ifd"]}
    terminal = TerminalAuthentication(keys, inputs["ifd_sn"], inputs["icc_sn"], terminal_random.__getitem__)
    return terminal, CardAuthentication(keys, inputs["icc_sn"], lambda length: inputs["k_icc"])


@every("iasecc_mutual_auth")
def test_mutual_authentication(vector: Vector) -> None:
    outputs, rnd_icc = hexed(vector["outputs"]), unhex(vector["inputs"]["rnd_icc"])
    terminal, card = authentication(vector)
    token = terminal.token(rnd_icc)
    assert CommandApdu(0x00, 0x82, 0x00, 0x00, token, ne=0x48).to_bytes() == outputs["mutual_auth_apdu"]
    answer, card_session = card.answer(rnd_icc, token)
    assert ResponseApdu(answer).to_bytes() == outputs["mutual_auth_response"]
    session = terminal.session(answer)
    assert session.ssc == card_session.ssc == outputs["SSC0"]
    # The session keys show in what they make of a command.
    published_keys = Keys("3DES", outputs["SK_ENC"], outputs["SK_MAC"])
    ssc = (int.from_bytes(outputs["SSC0"], "big") + 1).to_bytes(8, "big")
    verify = CommandApdu(0x00, 0x20, 0x00, 0x81, b"1234")
    protected = session.protect(verify)
    assert protected.to_bytes() == published_keys.command(ssc, verify)
    assert card_session.unprotect(protected) == verify


@every("iasecc_mutual_auth", defective=True)
def test_defective_token_is_refused_on_either_side(vector: Vector) -> None:
    rnd_icc, theirs = unhex(vector["inputs"]["rnd_icc"]), command({**vector, **vector["outputs"]}, "mutual_auth_apdu")
    terminal, card = authentication(vector)
    assert terminal.token(rnd_icc) != theirs.data
    with pytest.raises(SecureMessagingError):
        card.answer(rnd_icc, theirs.data)
    with pytest.raises(SecureMessagingError):
        terminal.session(unhex(vector["outputs"]["mutual_auth_response"])[:-2])


@every("bac")
def test_basic_access_control(vector: Vector) -> None:
    """ICAO Doc 9303-11 §4.3, from the calls of a suite: the toolkit itself has no use for it."""
    inputs, outputs = hexed(vector["inputs"]), vector["outputs"]
    encryption = Suite.TDES.encryption(unhex(vector["keys"]["K_ENC"]))
    mac = Suite.TDES.mac(unhex(vector["keys"]["K_MAC"]))

    def sealed(message: bytes) -> bytes:
        cryptogram = encryption.encrypt(message)
        return cryptogram + mac(pad(cryptogram, 8))

    token = sealed(inputs["RND_IFD"] + inputs["RND_IC"] + inputs["K_IFD"])
    assert CommandApdu(0x00, 0x82, 0x00, 0x00, token, ne=0x28).to_bytes() == unhex(outputs["external_authenticate"])
    answer = sealed(inputs["RND_IC"] + inputs["RND_IFD"] + inputs["K_IC"])
    assert ResponseApdu(answer).to_bytes() == unhex(outputs["response"])
    seed = xor(inputs["K_IFD"], inputs["K_IC"])
    assert seed == unhex(outputs["K_seed_session"])
    assert icao_3des_key(seed, 1) == unhex(outputs["KSenc"])
    assert icao_3des_key(seed, 2) == unhex(outputs["KSmac"])
    assert inputs["RND_IC"][4:] + inputs["RND_IFD"][4:] == unhex(outputs["SSC"])


@every("kdf")
def test_key_derivation(vector: Vector) -> None:
    inputs, outputs = vector["inputs"], hexed(vector["outputs"])
    if "MRZ_information" in inputs:
        hashed = hashlib.sha1(inputs["MRZ_information"].encode()).digest()
        assert hashed == outputs["H_SHA1"]
        assert hashed[:16] == outputs["Kseed"]
        assert icao_3des_key(hashed[:16], 1) == outputs["K_ENC"]
        assert icao_3des_key(hashed[:16], 2) == outputs["K_MAC"]
        return
    length = {"3des": 16, "aes128": 16, "aes192": 24, "aes256": 32}[inputs["target"]]
    key = derive(unhex(inputs["K"]), inputs["counter"], vector["algorithm"], length)
    assert (odd_parity(key) if inputs["target"] == "3des" else key) == outputs["key"]


def icao_3des_key(seed: bytes, counter: int) -> bytes:
    return odd_parity(derive(seed, counter, "SHA-1", 16))


@every("primitive")
def test_mac(vector: Vector) -> None:
    message, key, algorithm = unhex(vector["inputs"]["message"]), unhex(vector["keys"]["K"]), vector["algorithm"]
    if algorithm.startswith("AES-CMAC"):
        mac = Suite.AES.mac(key)(message)
    else:
        assert algorithm.startswith("DES retail MAC")
        if algorithm.endswith("padding method 1"):
            message += bytes(-len(message) % 8)
        elif algorithm.endswith("padding method 2"):
            message = pad(message, 8)
        mac = Suite.TDES.mac(key)(message)
    (expected,) = hexed(vector["outputs"]).values()
    assert mac[: len(expected)] == expected


# PIN commands.

PIN_COMMANDS = {
    "VERIFY": (0x00, 0x20, {0: 1}),
    "CHANGE REFERENCE DATA": (0x00, 0x24, {0: 2, 1: 1}),
    "DISABLE VERIFICATION REQUIREMENT": (0x00, 0x26, {0: 1, 1: 0}),
    "ENABLE VERIFICATION REQUIREMENT": (0x00, 0x28, {0: 1, 1: 0}),
    "RESET RETRY COUNTER": (0x00, 0x2C, {0: 2, 1: 1, 2: 1, 3: 0}),
    "GET PIN STATUS": (0x80, 0x20, {0: 0}),
}
"""CLA, INS, and how many PIN blocks there are for each P1 (ISO/IEC 7816-4 §7.5, gemSpec_COS)."""


@every("plain_pin_apdu")
def test_pin_command(vector: Vector) -> None:
    inputs, expected = vector["inputs"], unhex(vector["plain_command"])
    (known,) = [name for name in PIN_COMMANDS if inputs["meaning"].startswith(name)]
    cla, ins, blocks_by_p1 = PIN_COMMANDS[known]
    said = re.search(r"P1=([0-9A-F]{2})", inputs["meaning"])
    p1 = int(said[1], 16) if said else 0
    p2 = inputs["password_number"] | (0x80 if inputs["df_specific"] else 0)
    # Which of the PINs stands in which block is for the source to say; that they are blocks of these PINs, for us.
    blocks = [expected[start : start + 8] for start in range(5, len(expected), 8)]
    pins = [pin_block.decode(block, "iso9564-2") for block in blocks]
    assert len(pins) == blocks_by_p1[p1]
    assert {pin.decode() for pin in pins} <= {value for value in inputs.values() if isinstance(value, str)}
    data = b"".join(pin_block.encode(pin, "iso9564-2") for pin in pins)
    assert CommandApdu(cla, ins, p1, p2, data).to_bytes() == expected


@every("pin_block")
def test_pin_block(vector: Vector) -> None:
    pin, block = vector["inputs"]["pin"].encode(), unhex(vector["outputs"]["block"])
    assert pin_block.encode(pin, "iso9564-2") == block
    assert pin_block.decode(block, "iso9564-2") == pin


def hexed(values: dict[str, str]) -> dict[str, bytes]:
    return {name: unhex(value) for name, value in values.items()}


# The file as a whole.


def test_no_vector_is_left_out() -> None:
    in_scope = {vector["id"] for vector in VECTORS if vector["kind"] not in OUT_OF_SCOPE}
    assert in_scope == taken


def test_every_kind_is_known() -> None:
    assert {vector["kind"] for vector in VECTORS} <= kinds | OUT_OF_SCOPE.keys()


def test_skips_name_vectors_that_exist() -> None:
    assert SKIPPED.keys() <= taken
