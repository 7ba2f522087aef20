"""The driver's signer: PIN, key, signature and check in one transaction, on every kind of card the same."""

from dataclasses import replace

import pytest

from akis.commands.mechanisms import MECHANISMS, mechanism
from akis.emulator.sign_keys import new_key
from akis.errors import (
    CardError,
    InvalidArgument,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
    PolicyRefused,
    TransportError,
    WrongType,
)
from akis.profile.model import SignRules
from akis.secret import Secret
from akis.signer import Signer, WrongSignature, check, ecdsa_der
from tests.bench import PIN, WRONG_PIN
from tests.signatures import EC, RSA, certificate, openssl_says, private_key, signing_bench, verify

TEXT = b"what is signed"
COMMON = ("rsa-pkcs1-sha256", "rsa-pss-sha256", "ecdsa-sha256")
"""What both families have."""


def key_for(name: str) -> int:
    return RSA if mechanism(name).rsa else EC


def instructions(bench, start: int = 0) -> list[str]:
    """INS of what was sent, GET RESPONSE left out."""
    return [f"{raw[1]:02X}" for raw in bench.wire.sent[start:] if raw[1] != 0xC0]


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("session", [None, "terminal", "issuer"])
@pytest.mark.parametrize("card", ["akis-2.2", "akis-2.5"])
def test_signing_on_2_x_in_the_clear_and_inside_secure_messaging(card, session, name, tmp_path):
    bench = signing_bench(card)
    if session:
        bench.open(session)
    key = key_for(name)
    signature = Signer(bench.card, key, certificate(key)).sign(TEXT, name, PIN)
    verify(key, mechanism(name), signature, TEXT)
    assert openssl_says(tmp_path, key, mechanism(name), signature, TEXT) == "Verified OK"
    assert bench.stored[2] == 3


@pytest.mark.parametrize("name", [*COMMON, "rsa-pkcs1-sha512", "rsa-pss-sha384"])
def test_the_same_call_signs_on_1_0(name, tmp_path):
    bench = signing_bench("akis-1.0")
    key = key_for(name)
    pin = bench.emulated.personality.pin
    signature = Signer(bench.card, key, certificate(key)).sign(TEXT, name, pin, allow_last_try=True)
    verify(key, mechanism(name), signature, TEXT)
    assert openssl_says(tmp_path, key, mechanism(name), signature, TEXT) == "Verified OK"


def test_everything_happens_in_one_transaction_and_the_pin_is_sent_once():
    bench = signing_bench()
    before = len(bench.wire.sent)
    bench.wire.log.clear()
    Signer(bench.card, RSA, certificate(RSA)).sign(TEXT, "rsa-pkcs1-sha256", Secret(PIN))
    assert instructions(bench, before) == ["22", "CB", "20", "22", "2A"]
    assert len(bench.wire.transactions) == 1


def test_a_second_signature_has_a_verify_of_its_own():
    bench = signing_bench()
    signer = Signer(bench.card, RSA)
    assert signer.sign(TEXT, "rsa-pkcs1-sha256", PIN) == signer.sign(TEXT, "rsa-pkcs1-sha256", PIN)
    assert instructions(bench).count("20") == 2


def test_without_a_pin_the_caller_has_verified_it():
    bench = signing_bench()
    signer = Signer(bench.card, RSA, certificate(RSA))
    bench.pin.verify(PIN)
    signer.sign(TEXT, "rsa-pkcs1-sha256")
    with pytest.raises(CardError, match="COMPUTE DIGITAL SIGNATURE failed: 6982"):
        signer.sign(TEXT, "rsa-pkcs1-sha256")


def test_a_hash_is_signed_as_its_data_is():
    signer = Signer(signing_bench().card, RSA)
    digest = mechanism("rsa-pkcs1-sha256").digest(TEXT)
    assert signer.sign_digest(digest, "rsa-pkcs1-sha256", PIN) == signer.sign(TEXT, "rsa-pkcs1-sha256", PIN)


def test_an_unknown_key_never_gets_the_pin():
    bench = signing_bench()
    with pytest.raises(CardError, match=r"choosing key 05 .* failed: 6A88"):
        Signer(bench.card, 0x05).sign(TEXT, "rsa-pkcs1-sha256", PIN)
    assert "20" not in instructions(bench)


def test_a_key_of_another_kind_never_gets_the_pin():
    bench = signing_bench()
    with pytest.raises(CardError, match="6A80"):
        Signer(bench.card, EC).sign(TEXT, "rsa-pkcs1-sha256", PIN)
    assert "20" not in instructions(bench)


def test_what_can_be_seen_to_be_wrong_sends_nothing():
    bench = signing_bench()
    before = len(bench.wire.sent)
    signer = Signer(bench.card, RSA, certificate(RSA))
    with pytest.raises(InvalidArgument, match="does not sign by ecdsa-sha256"):
        signer.sign(TEXT, "ecdsa-sha256", PIN)
    with pytest.raises(InvalidArgument, match="no such signature mechanism"):
        signer.sign(TEXT, "rsa", PIN)
    with pytest.raises(InvalidArgument, match="32 bytes, not 20"):
        signer.sign_digest(bytes(20), "rsa-pkcs1-sha256", PIN)
    with pytest.raises(WrongType):
        Signer(bench.card, RSA, "certificate.pem")
    with pytest.raises(WrongType):
        Signer(bench.wire, RSA)
    with pytest.raises(WrongType, match="what is signed is bytes, not str"):
        signer.sign("text", "rsa-pkcs1-sha256", PIN)
    with pytest.raises(WrongType, match="a hash is bytes, not NoneType"):
        signer.sign_digest(None, "rsa-pkcs1-sha256", PIN)
    with pytest.raises(InvalidArgument, match="a key reference is one byte"):
        Signer(bench.card, 0x100)
    assert len(bench.wire.sent) == before


def test_a_mechanism_that_the_profile_does_not_have_sends_nothing():
    bench = signing_bench()
    bench.card.profile = replace(
        bench.card.profile, signing=SignRules("41B6", {"rsa-pss-sha256": 0x45}, False, True, 255)
    )
    before = len(bench.wire.sent)
    with pytest.raises(InvalidArgument, match="it has rsa-pss-sha256"):
        Signer(bench.card, RSA).sign(TEXT, "rsa-pkcs1-sha256", PIN)
    bench.card.profile = replace(bench.card.profile, signing=None)
    with pytest.raises(PolicyRefused, match="does not say how it signs"):
        Signer(bench.card, RSA)
    assert len(bench.wire.sent) == before


def test_a_wrong_pin_is_refused_and_nothing_is_signed():
    bench = signing_bench()
    with pytest.raises(PinRefused) as caught:
        Signer(bench.card, RSA).sign(TEXT, "rsa-pkcs1-sha256", WRONG_PIN)
    assert caught.value.tries_left == 2
    assert instructions(bench)[-1] == "20"


def test_the_guard_keeps_the_last_try():
    bench = signing_bench(state="last-try")
    with pytest.raises(PolicyRefused, match="one try left"):
        Signer(bench.card, RSA).sign(TEXT, "rsa-pkcs1-sha256", PIN)
    assert "20" not in instructions(bench)
    assert Signer(bench.card, RSA, certificate(RSA)).sign(TEXT, "rsa-pkcs1-sha256", PIN, allow_last_try=True)
    with pytest.raises(PinBlocked):
        Signer(signing_bench(state="blocked").card, RSA).sign(TEXT, "rsa-pkcs1-sha256", PIN, allow_last_try=True)


@pytest.mark.parametrize("session", [None, "terminal"])
def test_a_lost_answer_to_verify_is_an_unknown_outcome_and_nothing_follows(session):
    bench = signing_bench()
    if session:
        bench.open(session)

    def lose(command, forward):
        forward(command)
        raise TransportError("the wire was cut")

    bench.wire.break_at(lose)
    with pytest.raises(PinOutcomeUnknown):
        Signer(bench.card, RSA).sign(TEXT, "rsa-pkcs1-sha256", PIN)
    assert instructions(bench)[-1] == "20"


def test_a_signature_that_is_not_the_certificates_is_refused():
    """The card of somebody else, say: its signature is good, only not by this key."""
    stranger = new_key("rsa-2048").public_key()
    bench = signing_bench()
    with pytest.raises(WrongSignature, match="not one of this certificate's key"):
        Signer(bench.card, RSA, stranger).sign(TEXT, "rsa-pkcs1-sha256", PIN)


@pytest.mark.parametrize("name", MECHANISMS)
def test_the_check_takes_no_altered_signature(name):
    wanted, key = mechanism(name), key_for(name)
    bench = signing_bench()
    signature = Signer(bench.card, key, certificate(key)).sign(TEXT, name, PIN)
    digest = wanted.digest(TEXT)
    check(signature, digest, name, private_key(key).public_key())
    other = private_key(EC if wanted.rsa else RSA).public_key()
    altered = [
        signature[:-1] + bytes((signature[-1] ^ 1,)),
        signature[:-1],
        signature + b"\x00",
        b"",
        bytes(len(signature)),
    ]
    for wrong in altered:
        with pytest.raises(WrongSignature):
            check(wrong, digest, name, certificate(key))
    with pytest.raises(WrongSignature):
        check(signature, wanted.digest(TEXT + b"."), name, certificate(key))
    with pytest.raises(WrongSignature):
        check(signature, digest, name, other)


def test_ecdsa_as_der():
    assert ecdsa_der(bytes.fromhex("01 80")).hex() == "300702010102020080"
    for wrong in (b"", b"\x01"):
        with pytest.raises(InvalidArgument):
            ecdsa_der(wrong)
    with pytest.raises(WrongType):
        ecdsa_der("0102")
