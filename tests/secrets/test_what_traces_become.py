"""Nothing that is made of a trace shows a PIN or PUK, though the trace itself was told to keep them."""

from __future__ import annotations

import pytest

from akis.trace.entries import Header
from akis.trace.jsonl import Writer
from akis.trace.redactor import Redactor
from akis.transport.recorder import Recorder
from tests.leaks import leaks
from tests.secrets.story import PINS, made
from tests.secrets.test_traces import Echo, every_operation
from tools.__main__ import main


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Two recordings of the same life with every value in them, one of a card that echoes PINs."""
    directory = tmp_path_factory.mktemp("kept")
    for name in ("plain", "echoing"):
        on = made("akis-2.2")
        path = directory / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            header = Header(atr=on.card.atr, profile="akis-2", personality="akis-2.2", secrets=True)
            way = on.card.transport if name == "plain" else Echo(on.card.transport)
            redactor = Redactor(on.card.profile, keep_secrets=True)
            on.card.transport = Recorder(way, Writer(stream, header).write, redactor)
            on.card.select_application()
            every_operation(on.card)
        assert leaks(path.read_text("utf-8"), PINS)
    return directory


SHOWN = {
    "show": ("trace", "show", "{plain}"),
    "show, brief": ("trace", "show", "--brief", "{echoing}"),
    "show, wire": ("trace", "show", "--wire", "{echoing}"),
    "show, json": ("trace", "show", "--json", "{echoing}"),
    "page": ("trace", "show", "{echoing}", "--html", "{out}/page.html"),
    "stats": ("trace", "stats", "{plain}"),
    "diff": ("trace", "diff", "{plain}", "{echoing}"),
    "diff, strict": ("trace", "diff", "--strict", "--json", "{plain}", "{echoing}"),
    "decrypt": ("trace", "decrypt", "{plain}", "--sm-keys", "emulator:akis-2.2/issuer"),
    "redact": ("trace", "redact", "{plain}", "{out}/redacted.jsonl"),
    "convert": ("trace", "convert", "{echoing}", "{out}/converted.jsonl"),
    "capture": ("trace", "convert", "{echoing}", "{out}/converted.pcap"),
    "script": ("trace", "convert", "{plain}", "{out}/converted.sh"),
    "dump": ("trace", "convert", "{plain}", "{out}/converted.dump"),
    "replay": ("replay", "{plain}", "{echoing}", "--junit", "{out}/report.xml"),
    "replay, strict": ("replay", "--strict", "--json", "{plain}", "{echoing}", "--reader", "emulator:,20=6A80"),
    "replay, re-keyed": ("replay", "--rekey", "{plain}", "{echoing}", "--reader", "emulator:,20=6985"),
    "in a card's place": ("pin", "status", "--reader", "replay:{plain}"),
}


@pytest.mark.parametrize("arguments", SHOWN.values(), ids=SHOWN)
def test_no_value_shows(arguments, kept, tmp_path, capsys):
    places = {"plain": kept / "plain.jsonl", "echoing": kept / "echoing.jsonl", "out": tmp_path}
    main([word.format(**places) for word in arguments])
    printed = capsys.readouterr()
    texts = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert printed.out + printed.err + "".join(texts)
    assert leaks("\n".join([printed.out, printed.err, *texts]), PINS) == []
