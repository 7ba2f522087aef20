"""The master key inside an HSM, here SoftHSM: the same keys as from a file, while its value never leaves the HSM."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.hsm import HsmMasterKey
from akis.authority.keys.hsm_errors import may_send_pin, plain
from akis.authority.keys.master import MasterKeyError, TokenPinRefused
from akis.authority.keys.open import open_master_key
from akis.authority.keys.pkcs11_uri import KeyAddress, parse
from akis.errors import InvalidArgument
from akis.secret import Secret
from tests.akis.authority.keys.masters import KEY, RFC_4493, master_key
from tests.leaks import leaks, silent
from tests.softhsm import SoftHsm

AES_256 = bytes(range(32))
ADDRESS = KeyAddress(token="issuer", object="master")


def opened(hsm: SoftHsm, key: str = "master") -> HsmMasterKey:
    return HsmMasterKey(parse(hsm.uri(key)), Secret(hsm.pin))


def refusal(hsm: SoftHsm, uri: str, pin: str | None = None) -> str:
    """What is said where there is no master key to be had; it never tells the PIN."""
    with pytest.raises((MasterKeyError, InvalidArgument)) as caught:
        HsmMasterKey(parse(uri), Secret(pin or hsm.pin))
    silent(caught.value, [hsm.pin, pin or hsm.pin])
    return str(caught.value)


def test_its_cmacs_are_those_of_rfc_4493(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master = opened(soft_hsm)
    for example in RFC_4493["examples"]:
        assert master.cmac(bytes.fromhex(example["message"])) == bytes.fromhex(example["mac"])
    master.check()
    master.close()


def test_cards_have_the_same_keys_from_file_and_hsm(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(AES_256)
    master = opened(soft_hsm)
    for algorithm in (0x8C, 0xAD, 0xAE):
        ours, theirs = (card_keys(either, bytes(12), 1, algorithm) for either in (master, master_key(AES_256)))
        assert ours.k_enc == theirs.k_enc
        assert ours.k_mac == theirs.k_mac
    master.close()


def test_the_value_of_the_key_never_leaves(soft_hsm: SoftHsm) -> None:
    from pkcs11 import Attribute, AttributeSensitive

    soft_hsm.new_key()
    master = opened(soft_hsm)
    assert master.cmac(b"data") == master.cmac(b"data")
    with soft_hsm.session() as session:
        key = session.get_key(label="master")
        assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(AttributeSensitive):
            key[Attribute.VALUE]
    master.close()


def test_the_pin_comes_from_where_the_uri_says(
    soft_hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soft_hsm.import_key(KEY)
    monkeypatch.setenv("MASTER_PIN", soft_hsm.pin)
    (tmp_path / "pin").write_text(soft_hsm.pin + "\n")
    monkeypatch.setenv("PKCS11_MODULE_PATH", soft_hsm.module)
    for source, pin in [
        (soft_hsm.uri(pin_source="env:MASTER_PIN"), None),
        (soft_hsm.uri(pin_source=f"file:{tmp_path}/pin"), None),
        (soft_hsm.uri(), "env:MASTER_PIN"),
        ("pkcs11:token=issuer;id=%01?pin-source=env:MASTER_PIN", None),
    ]:
        master = open_master_key(source, pin)
        assert master.cmac(b"") == bytes.fromhex(RFC_4493["examples"][0]["mac"])
        master.close()
    with pytest.raises(InvalidArgument, match="not from both"):
        open_master_key(soft_hsm.uri(pin_source="env:MASTER_PIN"), "env:MASTER_PIN")
    with pytest.raises(InvalidArgument, match="say where it is with pin-source"):
        open_master_key(soft_hsm.uri())
    with pytest.raises(InvalidArgument, match="never as an argument") as caught:
        open_master_key(soft_hsm.uri(pin_source=soft_hsm.pin))
    silent(caught.value, [soft_hsm.pin])


def test_threads_share_it(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master, made = opened(soft_hsm), []
    threads = [Thread(target=lambda: made.extend(master.cmac(b"") for _ in range(25))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [bytes.fromhex(RFC_4493["examples"][0]["mac"])] * 200
    master.close()


def test_calls_are_made_one_after_the_other(soft_hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of two master keys as well: the module was told that nobody calls it from two threads at once."""
    soft_hsm.import_key(KEY)
    masters = opened(soft_hsm), opened(soft_hsm)
    inside, overlaps = Lock(), []

    class Watched:
        def sign(self, data: bytes, mechanism: object) -> bytes:
            overlaps.append(not inside.acquire(blocking=False))
            Event().wait(0.005)  # another thread's turn, if there were one
            inside.release()
            return bytes(16)

    for master in masters:
        monkeypatch.setattr(master, "_key", Watched())
    threads = [Thread(target=master.cmac, args=[b"data"]) for master in masters * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [False] * 6
    for master in masters:
        master.close()


def test_every_process_opens_its_own(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master = opened(soft_hsm)
    program = (
        "import sys; from akis.authority.keys.open import open_master_key\n"
        "master = open_master_key(sys.argv[1]); print(master.cmac(b'data').hex()); master.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, soft_hsm.uri(pin_source="env:MASTER_PIN")],
        env={**soft_hsm.environment, "MASTER_PIN": soft_hsm.pin},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr) == (master.cmac(b"data").hex(), "")
    master.close()


def test_a_lost_session_is_opened_anew(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master = opened(soft_hsm)
    expected = master.cmac(b"data")
    for _ in range(2):
        soft_hsm.restart()
        assert master.cmac(b"data") == expected
    master.close()


def test_two_of_one_process_do_not_end_each_other(soft_hsm: SoftHsm) -> None:
    """A login is the whole process's, and so is its end."""
    soft_hsm.import_key(KEY)
    one, other = opened(soft_hsm), opened(soft_hsm)
    one.close()
    assert other.cmac(b"data") == master_key().cmac(b"data")
    other.close()


def test_a_token_that_is_gone_and_back(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master = opened(soft_hsm)
    away = soft_hsm.tokens.with_name("away")
    soft_hsm.tokens.rename(away)
    soft_hsm.tokens.mkdir()
    soft_hsm.restart()
    for _ in range(2):
        with pytest.raises(MasterKeyError, match="no token issuer"):
            master.check()
    shutil.rmtree(soft_hsm.tokens)
    away.rename(soft_hsm.tokens)
    soft_hsm.restart()
    master.check()
    master.close()


def test_closed_it_is_closed(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    pin = Secret(soft_hsm.pin)
    master = HsmMasterKey(parse(soft_hsm.uri()), pin)
    master.close()
    master.close()
    for use in (master.check, lambda: master.cmac(b"data")):
        with pytest.raises(MasterKeyError, match="closed"):
            use()
    with pytest.raises(InvalidArgument, match="wiped"):
        pin.reveal()


def test_nothing_shows_the_pin(soft_hsm: SoftHsm) -> None:
    soft_hsm.import_key(KEY)
    master = opened(soft_hsm)
    assert repr(master) == "HsmMasterKey(key master, token issuer)"
    assert leaks(repr(vars(master)), [soft_hsm.pin, KEY]) == []
    master.close()


class TestNoMasterKey:
    def test_a_wrong_pin(self, soft_hsm: SoftHsm) -> None:
        soft_hsm.import_key(KEY)
        said = refusal(soft_hsm, soft_hsm.uri(), "86420975")
        assert said == "the PIN of the token issuer is wrong; it will not be sent again"
        opened(soft_hsm).close()

    def test_a_pin_that_was_changed_is_sent_once(self, soft_hsm: SoftHsm) -> None:
        """Setting it back shows it: somebody who tried again would get in."""
        soft_hsm.import_key(KEY)
        master = opened(soft_hsm)
        soft_hsm.restart()
        soft_hsm.change_pin(soft_hsm.pin, "86420975")
        with pytest.raises(TokenPinRefused, match="is wrong"):
            master.check()
        soft_hsm.change_pin("86420975", soft_hsm.pin)
        for _ in range(2):
            with pytest.raises(TokenPinRefused, match="will not be sent again") as caught:
                master.check()
        silent(caught.value, [soft_hsm.pin, "86420975"])
        master.close()
        opened(soft_hsm).close()

    def test_a_pin_that_is_no_text(self, soft_hsm: SoftHsm) -> None:
        with pytest.raises(InvalidArgument, match="not text; nothing was sent"):
            HsmMasterKey(parse(soft_hsm.uri()), Secret(b"\xff\xfe1234"))

    def test_no_such_token(self, soft_hsm: SoftHsm) -> None:
        said = refusal(soft_hsm, soft_hsm.uri(token="another"))
        assert said == "there is no token another behind the PKCS#11 module; no PIN was sent"
        for more in ("serial=0123", "model=Another", "manufacturer=Another"):
            assert "no token issuer" in refusal(soft_hsm, soft_hsm.uri().replace("?", f";{more}?"))

    def test_two_tokens_of_one_name(self, soft_hsm: SoftHsm) -> None:
        soft_hsm.add_token("issuer")
        soft_hsm.restart()
        assert "more than one token issuer" in refusal(soft_hsm, soft_hsm.uri())

    def test_one_of_two_tokens_by_its_serial_number(self, soft_hsm: SoftHsm) -> None:
        import pkcs11

        soft_hsm.import_key(KEY)
        [token] = pkcs11.lib(soft_hsm.module).get_tokens(token_label="issuer")
        soft_hsm.add_token("issuer")
        soft_hsm.restart()
        uri = soft_hsm.uri().replace("?", f";serial={token.serial.decode()};model=SoftHSM%20v2?")
        HsmMasterKey(parse(uri), Secret(soft_hsm.pin)).close()

    def test_no_such_key(self, soft_hsm: SoftHsm) -> None:
        soft_hsm.import_key(KEY)
        assert refusal(soft_hsm, soft_hsm.uri("other")) == "there is no AES key other on the token issuer"
        assert "no AES key with id 02" in refusal(soft_hsm, f"{_by_id(soft_hsm, '%02')}")

    def test_two_keys_of_one_name(self, soft_hsm: SoftHsm) -> None:
        for key_id in (b"\x01", b"\x02"):
            soft_hsm.import_key(KEY, key_id=key_id)
        assert refusal(soft_hsm, soft_hsm.uri()) == "there is more than one AES key master on the token issuer"
        HsmMasterKey(parse(_by_id(soft_hsm, "%02")), Secret(soft_hsm.pin)).close()

    def test_a_key_that_cannot_sign(self, soft_hsm: SoftHsm) -> None:
        soft_hsm.import_key(KEY, SIGN=False)
        assert "made without CKA_SIGN" in refusal(soft_hsm, soft_hsm.uri())

    def test_a_key_that_can_be_read(self, soft_hsm: SoftHsm) -> None:
        soft_hsm.import_key(KEY, SENSITIVE=False, EXTRACTABLE=True)
        assert "can be read by its users" in refusal(soft_hsm, soft_hsm.uri())

    @pytest.mark.parametrize("module", ["/nowhere/libpkcs11.so", __file__, sys.executable])
    def test_no_such_module(self, module: str) -> None:
        address = parse(f"pkcs11:token=issuer;object=master?module-path={module}")
        with pytest.raises(MasterKeyError, match="no PKCS#11 module that can be loaded"):
            HsmMasterKey(address, Secret("1234"))

    def test_no_module_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PKCS11_MODULE_PATH", raising=False)
        with pytest.raises(InvalidArgument, match="neither by module-path in the URI nor in PKCS11_MODULE_PATH"):
            HsmMasterKey(ADDRESS, Secret("1234"))

    def test_without_python_pkcs11(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pkcs11", None)
        with pytest.raises(MasterKeyError, match=r"pip install akis\[hsm\]"):
            HsmMasterKey(ADDRESS, Secret("1234"))


def _by_id(hsm: SoftHsm, key_id: str) -> str:
    return hsm.uri().replace("object=master", f"id={key_id}")


@pytest.mark.parametrize(
    ("flag", "why"), [("USER_PIN_LOCKED", "is locked"), ("USER_PIN_FINAL_TRY", "one try left"), ("LOGIN_REQUIRED", "")]
)
def test_no_pin_is_sent_that_could_lock_the_token(flag: str, why: str) -> None:
    """SoftHSM never locks, so the flags of a token that does are made by hand."""
    from pkcs11 import TokenFlag

    flags = TokenFlag.TOKEN_INITIALIZED | TokenFlag[flag]
    if not why:
        may_send_pin(flags, ADDRESS)
        return
    with pytest.raises(TokenPinRefused, match=rf"{why}.*nothing was sent"):
        may_send_pin(flags, ADDRESS)


def test_everything_that_pkcs11_can_say_is_one_sentence() -> None:
    from pkcs11 import PKCS11Error

    names = {kind.__name__: plain(kind("CKR and 12345678"), ADDRESS) for kind in PKCS11Error.__subclasses__()}
    assert len(names) > 60
    for error in names.values():
        assert str(error).startswith("the ")
        assert "issuer" in str(error)
        assert "12345678" not in str(error)
    refused = {name for name, error in names.items() if isinstance(error, TokenPinRefused)}
    assert refused == {"PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired", "UserPinNotInitialized"}
    assert "CKM_AES_CMAC" in str(names["MechanismInvalid"])
    assert str(names["DeviceError"]).endswith("cannot be used now; PKCS#11 says DeviceError")
