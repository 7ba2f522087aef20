"""``akis emulate --state``: the card lives on in its file, whatever becomes of the process."""

from __future__ import annotations

import signal

import pytest

from tests.akis.emulator.cards import PIN, WRONG
from tests.tools.emulate_process import Emulate, tries_left
from tools.__main__ import main
from tools.exit_codes import Exit


def test_the_card_lives_on_in_its_file(reader, file):
    with Emulate(reader, "--state", file, "--personality", ",last-try") as emulate:
        assert tries_left(reader) == 1
        assert reader.apdu(f"00200081 06 {PIN}") == "9000"
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        emulate.end(signal.SIGTERM)
    with Emulate(reader, "--state", file, "--personality", ",blocked"):
        assert tries_left(reader) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_emulator_on_the_same_file_is_refused(reader, file):
    with Emulate(reader, "--state", file) as first:
        assert tries_left(reader) == 3
        with Emulate(reader, "--state", file) as second:
            assert second.end() == (Exit.NO_CARD, "", f"akis: the card in {file} is in use\n")
        assert reader.apdu(f"00200081 06 {WRONG}") == "63C2"
        first.end(signal.SIGKILL)
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 2, "the lock of a killed process is gone, its counter is not"


FULL_DISK = """
import resource, sys
from tools.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main())
"""


def test_a_disk_that_is_full_is_a_card_without_power(reader, file):
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3
    with Emulate(reader, "--state", file, code=FULL_DISK) as emulate:
        assert tries_left(reader) == 3
        emulate.line()
        with pytest.raises(EOFError):
            reader.apdu(f"00200081 06 {WRONG}")
        code, _, err = emulate.end()
        assert (code, err) == (Exit.NO_CARD, f"akis: {file}: the card's memory was not written (File too large)\n")
    with Emulate(reader, "--state", file):
        assert tries_left(reader) == 3, "no comparison was made"


def test_a_file_of_another_kind_is_refused_and_left_alone(file, free_port, capsys):
    for content, complaint in [
        (b"dear diary\n", "not a file with an emulated card"),
        (b'{"akis-state": 9}\n', "format version 9; this library reads 1"),
        (b'{"akis-state": 1}\n', "damaged"),
    ]:
        file.write_bytes(content)
        assert main(["emulate", "--state", str(file), "--vpcd", f"127.0.0.1:{free_port}"]) == Exit.USAGE
        advice = "it was left as it is; give --state another file, or remove this one for a new card"
        assert capsys.readouterr() == ("", f"akis: {file}: {complaint}; {advice}\n")
        assert file.read_bytes() == content


def test_a_card_of_another_personality_is_refused(file, free_port, capsys):
    at = ["--vpcd", f"127.0.0.1:{free_port}", "--state", str(file)]
    assert main(["emulate", *at]) == Exit.NO_CARD
    assert main(["emulate", *at, "--personality", "akis-2.5"]) == Exit.USAGE
    assert f"akis: {file}: holds a card of 'akis-2.2', not of akis-2.5; " in capsys.readouterr().err
