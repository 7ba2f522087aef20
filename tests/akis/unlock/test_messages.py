"""The messages of the exchange: what goes out comes back, and nothing but CodecError comes of anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.errors import CodecError
from akis.secret import Secret
from akis.unlock.holds import Holds
from akis.unlock.messages import (
    LONGEST,
    Answer,
    Command,
    Done,
    Failed,
    Gone,
    Report,
    from_authority,
    from_client,
)
from tests.leaks import silent

FROM_AUTHORITY = [
    Command(1, bytes.fromhex("00A40400")),
    Command(1000, bytes(1024)),
    Done(7, Secret("12345678")),
    Failed(0, "card_busy", "the card is taken; çğıöşü", Holds.AS_BEFORE, 20),
    Failed(6, "card_refused", "", Holds.UNKNOWN),
]
FROM_CLIENT = [Answer(1, b"\x90\x00"), Gone(3), *(Report(7, holds) for holds in Holds)]


@pytest.mark.parametrize("message", FROM_AUTHORITY, ids=repr)
def test_what_an_authority_says(message):
    read = from_authority(message.to_json())
    assert read == message
    assert type(read) is type(message)
    with pytest.raises(CodecError, match="that a client does not send"):
        from_client(message.to_json())


@pytest.mark.parametrize("message", FROM_CLIENT, ids=repr)
def test_what_a_client_says(message):
    read = from_client(message.to_json())
    assert read == message
    assert type(read) is type(message)
    with pytest.raises(CodecError, match="that an authority does not send"):
        from_authority(message.to_json())


def test_the_wire():
    assert Command(1, b"\x00\xa4").to_json() == '{"type":"command","n":1,"apdu":"00A4"}'
    assert Done(7, Secret("0123")).to_json() == '{"type":"done","n":7,"transport_pin":"0123"}'
    assert Gone(2).to_json() == '{"type":"gone","n":2}'
    failed = '{"type":"failed","n":0,"kind":"unlock_over","message":"over","holds":"as_before","retry_after":null}'
    assert Failed(0, "unlock_over", "over", Holds.AS_BEFORE).to_json() == failed


COMMAND = {"type": "command", "n": 1, "apdu": "00A40400"}
DONE = {"type": "done", "n": 7, "transport_pin": "12345678"}
FAILED = {"type": "failed", "n": 1, "kind": "k", "message": "m", "holds": "as_before", "retry_after": None}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": "command"},
        COMMAND | {"type": "verify"},
        COMMAND | {"type": None},
        COMMAND | {"more": 1},
        COMMAND | {"n": "1"},
        COMMAND | {"n": True},
        COMMAND | {"n": 1.0},
        COMMAND | {"n": -1},
        COMMAND | {"n": 1001},
        COMMAND | {"apdu": "00A404"},
        COMMAND | {"apdu": "00A4040"},
        COMMAND | {"apdu": "00A4040G"},
        COMMAND | {"apdu": "٠٠A40400"},
        COMMAND | {"apdu": "00" * 1025},
        COMMAND | {"apdu": None},
        DONE | {"transport_pin": "123"},
        DONE | {"transport_pin": "1" * 17},
        DONE | {"transport_pin": "1234x"},
        DONE | {"transport_pin": "١٢٣٤"},
        DONE | {"transport_pin": 12345678},
        FAILED | {"holds": "gone"},
        FAILED | {"holds": None},
        FAILED | {"retry_after": "5"},
        FAILED | {"retry_after": -1},
        FAILED | {"retry_after": True},
        {key: value for key, value in FAILED.items() if key != "retry_after"},
    ],
    ids=lambda fields: json.dumps(fields)[:60],
)
def test_what_is_no_message(fields):
    with pytest.raises(CodecError):
        from_authority(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "null", "[]", "1", '"command"', "{", "[" * 4000, "NaN", b"\xff\xfe", b"\x00"])
def test_what_is_no_object(text):
    for read in (from_authority, from_client):
        with pytest.raises(CodecError):
            read(text)


def test_one_that_is_too_long_is_not_looked_at():
    with pytest.raises(CodecError, match=f"longer than {LONGEST} characters"):
        from_authority(json.dumps(FAILED | {"message": "x" * LONGEST}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["command", "answer", "done", "failed", "gone", "report"]) | JSON,
        "n": st.integers(-1, 1001) | JSON,
        "apdu": st.text("0123456789abcdefABCDEFg", max_size=20) | JSON,
        "transport_pin": st.text("0123456789", max_size=18) | JSON,
        "kind": JSON,
        "message": JSON,
        "holds": st.sampled_from([*Holds]) | JSON,
        "retry_after": JSON,
    },
)


@given(st.one_of(FIELDS.map(json.dumps), JSON.map(json.dumps), st.text(), st.binary()))
def test_whatever_comes_is_a_message_or_a_codec_error(text):
    for read in (from_authority, from_client):
        try:
            message = read(text)
        except CodecError:
            continue
        assert read(message.to_json()) == message


def test_no_text_of_a_message_shows_what_it_carries():
    pin = "739184"
    for message in (Done(7, Secret(pin)), Command(1, pin.encode()), Answer(1, pin.encode())):
        silent(repr(message), [pin])
    text = json.dumps(DONE | {"transport_pin": f"{pin}x"})
    with pytest.raises(CodecError) as refused:
        from_authority(text)
    silent(refused.value, [pin])
