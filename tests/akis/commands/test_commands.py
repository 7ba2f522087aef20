"""Every builder's bytes, and what it refuses to build."""

from __future__ import annotations

import pytest

from akis.commands import files, objects, pin, security
from akis.errors import AkisError, InvalidArgument, WrongType
from tests.leaks import silent

PIN, NEW, PUK = b"123456", b"87654", b"87654321"
TOKEN = bytes(range(72))

BYTES = [
    (pin.verify(0x81, PIN), "00200081 06 313233343536"),
    (pin.verify(0x82, PUK), "00200082 08 3837363534333231"),
    (pin.verify_empty(0x81), "00200081"),
    (pin.logout(0x81), "0020FF81"),
    (pin.change(0x81, PIN + NEW), "00240081 0B 313233343536 3837363534"),
    (pin.change_to(0x81, NEW), "00240181 05 3837363534"),
    (pin.reset_retry_counter(0x81, PUK, NEW), "002C0081 0D 3837363534333231 3837363534"),
    (pin.reset_retry_counter(0x81, PUK), "002C0181 08 3837363534333231"),
    (pin.reset_retry_counter(0x81, new=NEW), "002C0281 05 3837363534"),
    (pin.reset_retry_counter(0x81), "002C0381"),
    (security.mse_set_authentication(0x0C, 0x01), "0022C1A4 06 80010C 830101"),
    (security.mse_set_authentication(0xAE, 0x02), "0022C1A4 06 8001AE 830102"),
    (security.get_challenge(), "00840000 08"),
    (security.get_challenge(256), "00840000 00"),
    (security.mutual_authenticate(TOKEN), f"00820000 48 {TOKEN.hex()} 48"),
    (objects.get_data(0x0104), "00CA0104 00"),
    (objects.get_data(0x0106), "00CA0106 00"),
    (objects.get_pin_object(1), "00CB3FFF 06 4D04 BF8101 80 00"),
    (objects.get_pin_object(2), "00CB3FFF 06 4D04 BF8102 80 00"),
    (objects.get_pin_object(127), "00CB3FFF 06 4D04 BF817F 80 00"),
    (files.select_name(b"PKCS-15"), "00A40400 07 504B43532D3135 00"),
    (files.select_name(b"PKCS-15", "fcp"), "00A40404 07 504B43532D3135 00"),
    (files.select_name(b"PKCS-15", "none"), "00A4040C 07 504B43532D3135"),
    (files.select_name(bytes(16)), f"00A40400 10 {'00' * 16} 00"),
    (files.select_fid(0x3F00), "00A40000 02 3F00 00"),
    (files.select_fid(0x2F00, "none"), "00A4000C 02 2F00"),
    (files.select_path((0x3D00, 0x5032)), "00A40800 04 3D005032 00"),
    (files.select_path((0x3D00,), "fcp"), "00A40804 02 3D00 00"),
    (files.read_binary(0, 256), "00B00000 00"),
    (files.read_binary(0x7FFF, 1), "00B07FFF 01"),
    (files.read_binary(0x0102, 0x10), "00B00102 10"),
]


@pytest.mark.parametrize(("command", "text"), BYTES, ids=[text for _, text in BYTES])
def test_bytes(command, text):
    assert command.to_bytes() == bytes.fromhex(text)
    if command.data:
        silent(repr(command), [command.data])


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda: pin.verify(0x100, PIN), InvalidArgument),
        (lambda: pin.verify(-1, PIN), InvalidArgument),
        (lambda: pin.verify("81", PIN), WrongType),
        (lambda: pin.verify(0x81, "123456"), WrongType),
        (lambda: pin.verify_empty(0x100), InvalidArgument),
        (lambda: pin.logout(None), WrongType),
        (lambda: pin.change(0x81, "123456"), WrongType),
        (lambda: pin.change_to(0x181, NEW), InvalidArgument),
        (lambda: pin.reset_retry_counter(0x181), InvalidArgument),
        (lambda: pin.verify(0x81, bytes(0x10000)), InvalidArgument),
        (lambda: security.mse_set_authentication(0x100, 1), InvalidArgument),
        (lambda: security.mse_set_authentication(0x0C, -1), InvalidArgument),
        (lambda: security.mse_set_authentication("0C", 1), InvalidArgument),
        (lambda: security.get_challenge(0), InvalidArgument),
        (lambda: security.get_challenge(0x10001), InvalidArgument),
        (lambda: security.get_challenge("8"), WrongType),
        (lambda: security.mutual_authenticate(b""), InvalidArgument),
        (lambda: objects.get_data(0x10000), InvalidArgument),
        (lambda: objects.get_data(-1), InvalidArgument),
        (lambda: objects.get_data("0106"), InvalidArgument),
        (lambda: objects.get_pin_object(0), InvalidArgument),
        (lambda: objects.get_pin_object(128), InvalidArgument),
        (lambda: objects.get_pin_object("1"), InvalidArgument),
        (lambda: files.select_name(b""), InvalidArgument),
        (lambda: files.select_name(bytes(17)), InvalidArgument),
        (lambda: files.select_name("PKCS-15"), WrongType),
        (lambda: files.select_name(None), WrongType),
        (lambda: files.select_name(b"PKCS-15", "all"), InvalidArgument),
        (lambda: files.select_fid(0x10000), InvalidArgument),
        (lambda: files.select_fid(-1), InvalidArgument),
        (lambda: files.select_fid("3F00"), InvalidArgument),
        (lambda: files.select_path(()), InvalidArgument),
        (lambda: files.select_path((0x3F00, 0x10000)), InvalidArgument),
        (lambda: files.read_binary(0x8000, 1), InvalidArgument),
        (lambda: files.read_binary(-1, 1), InvalidArgument),
        (lambda: files.read_binary(0, 0), InvalidArgument),
        (lambda: files.read_binary(0, 0x10001), InvalidArgument),
    ],
)
def test_bad_arguments(build, kind):
    with pytest.raises(AkisError) as caught:
        build()
    assert type(caught.value) is kind
    assert "123456" not in str(caught.value)
