"""Device keys from a file."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest

from akis.errors import AkisError, InvalidArgument, PolicyRefused, ProfileError
from tools.sm_keys import read_keys

ENC, MAC = "00112233445566778899AABBCCDDEEFF", "FFEEDDCCBBAA99887766554433221100"
GOOD = {"alg": "8C", "key": "01", "enc": ENC, "mac": MAC, "ifd_sn": "0000000000000001"}


def write(path: Path, mode: int = 0o600, **changes: str | None) -> str:
    lines = [f'{name} = "{value}"' for name, value in {**GOOD, **changes}.items() if value is not None]
    path.write_text("\n".join(lines))
    path.chmod(mode)
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "issuer.toml"


def test_a_good_file(path: Path) -> None:
    with read_keys(write(path, enc=ENC[:16] + " " + ENC[16:].lower())) as keys:
        assert (keys.device.reference, keys.device.algorithm.reference, keys.ifd_sn) == (1, 0x8C, bytes(7) + b"\x01")
        assert keys.device.k_enc.reveal() == bytes.fromhex(ENC)
    with pytest.raises(InvalidArgument, match="wiped"):
        keys.device.k_enc.reveal()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"alg": None}, "alg is missing"),
        ({"alg": "0D"}, "no such device authentication algorithm"),
        ({"alg": "AC8C"}, "alg is one byte"),
        ({"key": "00"}, "a key reference is one byte"),
        ({"enc": ENC[:-2]}, "K.ENC of algorithm 8C is 16 bytes, not 15"),
        ({"mac": MAC + "00"}, "K.MAC of algorithm 8C is 16 bytes, not 17"),
        ({"mac": MAC[:-1]}, "mac is bytes in hex"),
        ({"mac": "secret"}, "mac is bytes in hex"),
        ({"ifd_sn": "01"}, "ifd_sn is 8 bytes in hex, not 1"),
        ({"colour": "00"}, "there is a field that key files do not have"),
    ],
)
def test_errors_name_file_and_field_and_show_no_value(path: Path, changes: dict[str, str | None], says: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_keys(write(path, **changes))
    text = str(caught.value)
    assert says in text
    assert "issuer.toml" in text
    assert ENC[:8] not in text
    assert MAC[:8] not in text


def test_a_file_that_does_not_parse(path: Path) -> None:
    path.write_text("alg = 8C")
    path.chmod(0o600)
    with pytest.raises(ProfileError, match=r"issuer\.toml: not TOML.*line 1"):
        read_keys(str(path))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permission bits")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_can_open_is_refused(path: Path, mode: int) -> None:
    with pytest.raises(PolicyRefused, match=r"so it was not used; run chmod 600 on it first$"):
        read_keys(write(path, mode))


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read: No such file"):
        read_keys(str(path))


def test_the_published_keys_of_an_emulated_card() -> None:
    assert read_keys("emulator:akis-2.5/terminal").device.reference == 2
    assert read_keys("emulator:").device.algorithm.reference == 0x8C
    for wrong in ("emulator:visa/issuer", "emulator:akis-2.2/king"):
        with pytest.raises(AkisError, match=wrong.rpartition("/")[2] if "king" in wrong else "visa"):
            read_keys(wrong)


def test_the_keys_of_a_personality_in_a_folder(tmp_path: Path) -> None:
    """Its path has slashes of its own, and a role comes behind the last one."""
    card = tmp_path / "of mine" / "card.toml"
    card.parent.mkdir()
    card.write_text((files("akis.emulator") / "akis-2.5.toml").read_text("utf-8"), encoding="utf-8")
    assert read_keys(f"emulator:{card}/terminal").device.reference == 2
    assert read_keys(f"emulator:{card}/issuer").device.reference == 1
    assert read_keys(f"emulator:{card}").device.reference == 1
