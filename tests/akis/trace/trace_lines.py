"""Lines of traces, good and bad, for the reader and for the schema."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from akis.trace.entries import Wire
from akis.trace.redact import Mask

HEADER = '{"akis-trace":1,"slots":[]}'
SLOTS = st.sampled_from(["pin", "wrong-pin-2", "pin+new-pin", "challenge"])


@st.composite
def wire_values(draw: st.DrawFn) -> Wire:
    """Any bytes, with masks in order, zeros under the hidden ones."""
    raw = bytearray(draw(st.binary(max_size=40)))
    edges = sorted(draw(st.sets(st.integers(0, len(raw)), max_size=6)))
    masks = []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        hidden = draw(st.booleans())
        masks.append(Mask(start, end - start, draw(SLOTS), hidden))
        if hidden:
            raw[start:end] = bytes(end - start)
    return Wire(bytes(raw), tuple(masks))


class _Lines(NamedTuple):
    good: list[str]
    bad: list[str]
    only_the_reader: list[str]
    """Bad ones in which a schema sees nothing wrong."""
    good_headers: list[str]
    bad_headers: list[str]


def _mask(**changes: object) -> str:
    members = {"in": '"command"', "at": 1, "length": 1, "slot": '"pin"', **changes}
    inside = ",".join(f'"{name}":{value}' for name, value in members.items() if value is not None)
    return f'{{"command":"00**","response":"9000","masks":[{{{inside}}}]}}'


def _lost(error: str, response: str = "null") -> str:
    return f'{{"command":"00840000","response":{response},"error":{error}}}'


_ONLY_THE_READER = [
    '{"command":"00","command":"01","response":"9000"}',
    '{"event":"reset","event":"reset"}',
    '{"event":"reset","start":1.0}',
    '{"event":"reset","start":1e3}',
    '{"command":"00**","response":"9000"}',
    '{"command":"00**","response":"9000","masks":[]}',
    _mask(at=0),
    _mask(at=2),
    _mask(length=2),
    _mask(at=1.0),
]
_BAD = [
    "",
    " ",
    "null",
    "[]",
    "1",
    '"event"',
    "{}",
    "{",
    '{"event":"reset"} {"event":"reset"}',
    '{"event":"reset",}',
    "{'event':'reset'}",
    '{"event":"exploded"}',
    '{"event":["reset"]}',
    '{"event":null}',
    '{"event":"reset","atr":"3"}',
    '{"event":"reset","atr":"3B 00"}',
    '{"event":"reset","atr":"3B\\n"}',
    '{"event":"reset","atr":"**"}',
    '{"event":"reset","atr":null}',
    '{"event":"reset","start":null}',
    '{"event":"reset","start":-1}',
    '{"event":"reset","start":true}',
    '{"event":"reset","start":"1"}',
    '{"event":"reset","start":1.5}',
    '{"event":"reset","start":NaN}',
    '{"event":"reset","start":Infinity}',
    '{"event":"reset","start":9223372036854775808}',
    f'{{"event":"reset","start":1{"0" * 5000}}}',
    '{"event":"reset","command":"00"}',
    '{"command":"00840000"}',
    '{"response":"9000"}',
    '{"command":null,"response":"9000"}',
    '{"command":["00"],"response":"9000"}',
    '{"command":"0","response":"9000"}',
    '{"command":"00 84","response":"9000"}',
    '{"command":"00\\n","response":"9000"}',
    '{"command":"0x00","response":"9000"}',
    '{"command":"\\ud800","response":"9000"}',
    '{"command":"00","response":"900"}',
    '{"command":"00","response":null}',
    '{"command":"00","response":"9000","plain":"00"}',
    '{"command":"00","response":"9000","akis-trace":1}',
    '{"command":"00","response":"9000","duration":-1}',
    '{"command":"00","response":"9000","duration":[]}',
    '{"command":"00","response":"9000","masks":null}',
    '{"command":"00","response":"9000","masks":{}}',
    '{"command":"00","response":"9000","masks":"pin"}',
    '{"command":"00","response":"9000","masks":[1]}',
    '{"command":"00**","response":"9000","masks":[[]]}',
    _mask(slot=None),
    _mask(at=None),
    _mask(more=1),
    _mask(at=-1),
    _mask(at="true"),
    _mask(length=0),
    _mask(length='"1"'),
    _mask(**{"in": '"answer"'}),
    _mask(**{"in": "[]"}),
    _mask(slot="1"),
    _mask(slot='""'),
    _mask(slot='"PIN"'),
    _mask(slot='"pin "'),
    _mask(slot='"pin\\n"'),
    _mask(slot='"pin\\u001b[2J"'),
    _mask(slot='"pin+new-pin+puk"'),
    _mask(slot='"pin-"'),
    _mask(slot=f'"{"p" * 65}"'),
    _lost('{"kind":"NoCard","message":"gone"}', '"9000"'),
    _lost("null"),
    _lost('"NoCard"'),
    _lost('{"kind":"NoCard"}'),
    _lost('{"kind":"NoCard","message":null}'),
    _lost('{"kind":"NoCard","message":"a\\nb"}'),
    _lost('{"kind":"NoCard","message":"\\ud800"}'),
    _lost('{"kind":"NoCard","message":"\\u202e"}'),
    _lost(f'{{"kind":"NoCard","message":"{"x" * 1001}"}}'),
    _lost('{"kind":"NoCard","message":"","more":1}'),
    '{"command":"00","response":null,"error":{"kind":"a","message":""},'
    '"masks":[{"in":"response","at":0,"length":1,"slot":"pin"}]}',
    f'{{"event":{"[" * 100_000}{"]" * 100_000}}}',
    HEADER,
    *_ONLY_THE_READER,
]

LINES = _Lines(
    good=[
        _mask(),
        '{"event":"reset","start":0,"atr":"3b00"}',
        '{"event":"removed"}',
        '{"event":"inserted","start":9223372036854775807}',
        '{"command":"00840000","response":"9000"}',
        '{"command":"","response":""}',
        '{"command":"ab","response":"9000","masks":[],"start":1,"duration":2}',
        ' { "command" : "00" , "response" : "9000" } \r',
        _mask(slot='"wrong-pin-2"'),
        _mask(slot='"pin+new-pin"'),
        _mask(slot=f'"{"p" * 64}"'),
        '{"command":"0011","response":"AABB9000","masks":['
        '{"in":"response","at":0,"length":2,"slot":"challenge"},{"in":"command","at":1,"length":1,"slot":"token"}]}',
        _lost('{"kind":"CardRemoved","message":"the card was removed"}'),
        _lost('{"kind":"","message":""}'),
        _lost(f'{{"kind":"NoCard","message":"{"ç" * 1000}"}}'),
        '{"command":"00**","response":null,"error":{"kind":"a","message":""},'
        '"masks":[{"in":"command","at":1,"length":1,"slot":"pin"}]}',
    ],
    bad=_BAD,
    only_the_reader=_ONLY_THE_READER,
    good_headers=[
        HEADER,
        '{"akis-trace":1}',
        '{"akis-trace":1,"atr":"3B00","protocol":"T=1","reader":"ACS ACR38U 00 00","profile":"akis-2",'
        '"personality":"akis-2.2","state":"blocked,24=6985","extended":true,"seed":"00","created":"2026-11-22T16:00:00Z",'
        '"title":"Kilit açma","source":"akis 0.1.0","heuristic":false,"secrets":true,"slots":["pin","new-pin"]}',
    ],
    bad_headers=[
        "",
        "{}",
        "[]",
        "null",
        '{"akis-trace":2}',
        '{"akis-trace":0}',
        '{"akis-trace":true}',
        '{"akis-trace":"1"}',
        '{"akis-trace":null}',
        '{"akis-trace":1,"colour":"red"}',
        '{"akis-trace":1,"event":"reset"}',
        '{"akis-trace":1,"atr":"3"}',
        '{"akis-trace":1,"atr":null}',
        '{"akis-trace":1,"reader":1}',
        '{"akis-trace":1,"reader":"a\\nb"}',
        '{"akis-trace":1,"title":"\\u001b[2J"}',
        '{"akis-trace":1,"title":"\\udc00"}',
        '{"akis-trace":1,"extended":1}',
        '{"akis-trace":1,"extended":"yes"}',
        '{"akis-trace":1,"slots":"pin"}',
        '{"akis-trace":1,"slots":[1]}',
        '{"akis-trace":1,"slots":["PIN"]}',
        f'{{"akis-trace":1,"title":"{"x" * 1001}"}}',
    ],
)
