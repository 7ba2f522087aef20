"""What tests do with connections of pyscard to an emulated reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from smartcard.Exceptions import SmartcardException

from akis.emulator.pyscard_reader import EmulatedReader

EMPTY_VERIFY = "00200081"


def connected(reader: EmulatedReader, **options):
    connection = reader.createConnection()
    connection.connect(**options)
    return connection


def sent(connection, text: str) -> str:
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(text)))
    return bytes((*data, sw1, sw2)).hex().upper()


def code_of(call: Callable[[], object]) -> int:
    with pytest.raises(SmartcardException) as caught:
        call()
    return caught.value.hresult
