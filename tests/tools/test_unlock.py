"""``akis unlock`` for a script: what it sends, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from akis import connect as connecting
from akis.errors import (
    AuthorityRefused,
    AuthorityUnreachable,
    CardMute,
    CardRemoved,
    NoService,
    PinRefused,
    SharingViolation,
)
from akis.transport.readers import Reader
from akis.unlock.finish import VerifyContradicts
from akis.unlock.kinds import Kind
from tests.akis.unlock.issuer import new_card, stored
from tests.leaks import leaks
from tests.tools.akis_process import ROOT
from tests.tools.unlock_desk import (
    CHANGE,
    CODE,
    NEW_PIN,
    READER,
    RESET,
    SECRETS,
    SMS,
    URL,
    VERIFY,
    Desk,
    Slot,
    holder_card,
)
from tools.__main__ import main
from tools.exit_codes import Exit

GIVEN = ("--code", "env:CODE", "--new-pin", "env:NEW_PIN", "--answer", "env:ANSWER", "--non-interactive")
OLD_PIN = "123456"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CODE": CODE, "NEW_PIN": NEW_PIN, "ANSWER": SMS, "AKIS_AUTHORITY": URL, "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AKIS_READER", raising=False)


class Run:
    """One run of the command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert (found["schema"], found["command"]) == (1, "unlock")
        return dict(found)

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


Sit = Callable[..., Run]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sit:
    """Runs the command at a desk, and sees that none of its secrets shows."""

    def sit(desk: Desk, *arguments: str) -> Run:
        for (place, name), stand_in in desk.patches().items():
            monkeypatch.setattr(place, name, stand_in)
        capsys.readouterr()
        try:
            code = main(["unlock", *arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        run = Run(code, *capsys.readouterr())
        assert leaks(run.out + run.err, SECRETS) == []
        return run

    return sit


def raising(error: BaseException) -> Callable[[], None]:
    def strike() -> None:
        raise error

    return strike


def test_a_script_unlocks_a_card(at: Sit) -> None:
    desk = Desk()
    run = at(desk, *GIVEN)
    assert (run.code, run.out) == (Exit.DONE, "Your PIN was changed successfully.\n")
    assert run.lines == [
        "✓ The code was accepted",
        "Holder: Ayşe Yılmaz",
        "✓ Your card was found",
        "Ayşe's signature",
        f"Serial number: {desk.card.personality.serial.hex().upper()}",
        f"Reader: {READER}",
        "Certificate: CN=Ayşe Yılmaz, valid until 2099-12-31",
        "✓ The authority has sent you a code by SMS",
        "✓ You have confirmed that it is you",
        "✓ It is the right card",
        "✓ Authority and card have proved to each other who they are",
        "✓ The authority has reset the PIN",
        "✓ Your new PIN was set",
        "✓ Your new PIN was checked",
    ]
    assert stored(desk.card) == (NEW_PIN, "active", 3)
    assert [name for name, _ in desk.asked] == ["open_unlock", "choose_card", "confirm", "exchange"]
    assert (desk.url, desk.ca) == (URL, None)


def test_json_is_all_there_is_on_standard_output(at: Sit) -> None:
    desk = Desk()
    run = at(desk, *GIVEN, "--json")
    assert run.code == Exit.DONE
    assert run.report | {"steps": []} == {
        "schema": 1,
        "command": "unlock",
        "outcome": "done",
        "holds": "holder_pin",
        "message": "Your PIN was changed successfully.",
        "advice": [],
        "steps": [],
        "holder": "Ayşe Yılmaz",
        "card": {
            "serial": desk.card.personality.serial.hex().upper(),
            "label": "Ayşe's signature",
            "reader": READER,
        },
        "kind": None,
        "tries_left": None,
        "retry_after": None,
        "error": None,
    }
    steps = [step["step"] for step in run.report["steps"]]
    assert (steps[0], steps[-1], len(steps)) == ("code_accepted", "done", 10)
    assert all(step["done"] for step in run.report["steps"])


def test_turkish(at: Sit) -> None:
    run = at(Desk(), *GIVEN, "--language", "tr")
    assert run.out == "PIN kodunuz başarıyla değiştirildi.\n"
    assert run.lines[:2] == ["✓ Kod kabul edildi", "Kart sahibi: Ayşe Yılmaz"]
    assert "31.12.2099 tarihine kadar geçerli" in run.err


def test_the_locale_chooses_and_the_option_wins(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    assert at(Desk(), *GIVEN).out == "PIN kodunuz başarıyla değiştirildi.\n"
    assert at(Desk(), *GIVEN, "--language", "en").out == "Your PIN was changed successfully.\n"


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("--code", "akis: no code was given; say where it comes from with --code env:NAME, fd:NUMBER or file:PATH"),
        ("--new-pin", "akis: no new PIN was given; say where it comes from with --new-pin env:NAME,"),
        ("--answer", "akis: no answer to the second factor was given; say where it comes from with --answer"),
    ],
)
@pytest.mark.parametrize("unattended", [True, False])
def test_what_is_missing_is_told_before_anything_is_sent(
    at: Sit, missing: str, says: str, unattended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not unattended:
        monkeypatch.setattr("sys.stdin", None)
    desk = Desk()
    where = GIVEN.index(missing)
    arguments = [*GIVEN[:where], *GIVEN[where + 2 :]]
    run = at(desk, *(arguments if unattended else arguments[:-1]))
    assert (run.code, run.out, desk.asked) == (Exit.USAGE, "", [])
    assert run.err.startswith(says)
    assert len(run.lines) == 1


def test_no_authority_and_no_address(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    run = at(Desk(), *GIVEN, "--authority", "ftp://authority.example")
    assert (run.code, run.err) == (
        Exit.USAGE,
        "akis: the authority's address is not one; write it as https://HOST\n",
    )
    monkeypatch.delenv("AKIS_AUTHORITY")
    run = at(Desk(), *GIVEN)
    assert run.code == Exit.USAGE
    assert run.err == "akis: no authority was named; its address goes with --authority URL, or into AKIS_AUTHORITY\n"


def test_the_option_names_the_authority_before_the_environment(at: Sit, tmp_path: Path) -> None:
    desk = Desk()
    at(desk, *GIVEN, "--authority", "https://other.example", "--ca", "ca.pem")
    assert (desk.url, desk.ca) == ("https://other.example", Path("ca.pem"))


def test_a_mistyped_code_reaches_nobody(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "999999999999990")
    desk = Desk()
    run = at(desk, *GIVEN, "--json")
    assert (run.code, desk.asked) == (Exit.USAGE, [])
    assert run.report["message"] == "this code was mistyped: its check digit does not fit; nothing was sent"
    assert run.report["advice"] == []
    assert leaks(run.out + run.err, ["999999999999990"]) == []


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan"])
def test_a_wait_is_a_number_of_seconds(at: Sit, seconds: str) -> None:
    assert at(Desk(), *GIVEN, f"--wait={seconds}").code == Exit.USAGE


@pytest.mark.parametrize("pin", ["123", "1111", "2345", "2580", "12ab", "1" * 20])
def test_a_pin_that_will_do_for_no_card_costs_no_code(at: Sit, pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_PIN", pin)
    desk = Desk()
    run = at(desk, *GIVEN, "--json")
    assert run.code == Exit.POLICY_REFUSED
    assert desk.asked == []
    assert run.report["holds"] == "as_before"
    assert run.lines[-1] == "Your card is as it was before."


@pytest.mark.parametrize("pin", ["4953", "593827416"])
def test_a_pin_that_will_not_do_for_the_card_is_refused_before_it_is_chosen(
    at: Sit, pin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_PIN", pin)
    desk = Desk()
    run = at(desk, *GIVEN, "--json")
    assert run.code == Exit.POLICY_REFUSED
    assert [name for name, _ in desk.asked] == ["open_unlock"]
    assert "sent" not in run.err, "the code was"
    assert run.lines[-2] == "Your card is as it was before."


def test_no_pcsc_service_costs_no_code(at: Sit) -> None:
    desk = Desk()

    def readers() -> list[Reader]:
        raise NoService("the PC/SC service does not answer; start pcscd, then connect again")

    desk.readers = readers  # type: ignore[method-assign]
    run = at(desk, *GIVEN, "--json")
    assert (run.code, desk.asked) == (Exit.NO_CARD, [])
    assert run.lines == [
        "akis: the PC/SC service does not answer; start pcscd, then connect again",
        "Your card is as it was before.",
    ]


@pytest.mark.parametrize(
    ("reader", "code"), [("Other", Exit.NO_CARD), ("emulator:nowhere.toml", Exit.USAGE), ("replay:no", Exit.USAGE)]
)
def test_a_reader_that_is_not_there_costs_no_code(at: Sit, reader: str, code: int) -> None:
    desk = Desk()
    if ":" in reader:
        desk.connect = connecting.connect  # type: ignore[method-assign]
    run = at(desk, *GIVEN, "--reader", reader)
    assert (run.code, desk.asked) == (code, [])


def test_an_emulated_card_of_somebody_else_is_not_waited_for(at: Sit) -> None:
    desk = Desk()
    desk.connect = connecting.connect  # type: ignore[method-assign]
    run = at(desk, *GIVEN, "--reader", "emulator:akis-2.5", "--json")
    assert run.code == Exit.NO_CARD
    assert run.report["message"] == (
        "none of your cards is there, and that will not change: the card in emulator:akis-2.5 is none of yours"
    )


def test_a_service_that_goes_while_a_card_is_waited_for_is_waited_for_too(
    at: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    there = desk.readers

    def readers() -> list[Reader]:
        if desk.looks == 1:
            desk.looks += 1
            raise NoService("the PC/SC service has stopped; start pcscd, then connect again")
        return there()

    desk.readers = readers  # type: ignore[method-assign]
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", lambda seconds: None)
    run = at(desk, *GIVEN)
    assert run.code == Exit.DONE
    assert (
        "Waiting for one of your cards, Ctrl-C ends it: the PC/SC service has stopped; start pcscd, then connect again"
    ) in run.lines


@pytest.mark.parametrize("answer", ["74821", "74821O", "7482133"])
def test_an_sms_code_that_cannot_be_right_spends_no_try(at: Sit, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER", answer)
    desk = Desk()
    run = at(desk, *GIVEN)
    assert run.code == Exit.USAGE
    assert [name for name, _ in desk.asked] == ["open_unlock", "choose_card"]
    assert "akis: the code of the SMS has 6 digits; it was not sent, and no try is spent" in run.lines


def test_an_answer_that_is_not_there_when_it_is_asked_for(at: Sit, tmp_path: Path) -> None:
    (tmp_path / "sms").touch()
    run = at(Desk(), *GIVEN[:4], "--answer", f"file:{tmp_path / 'sms'}", "--non-interactive")
    assert run.code == Exit.USAGE
    assert "akis: the answer from file is empty or not there" in run.lines, "something was sent before"


def test_ctrl_c_before_there_is_an_unlock_is_told(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.unlock._where", lambda args: raising(KeyboardInterrupt())())
    run = at(Desk(), *GIVEN)
    assert (run.code, run.lines) == (Exit.INTERRUPTED, ["akis: interrupted"])


def test_a_card_that_refuses_the_pin_it_took_is_not_to_be_signed_with(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    def contradict(steps: object, holder: object) -> None:
        raise VerifyContradicts(PinRefused("PIN", 2))

    monkeypatch.setattr("akis.unlock.finish.Finishing._verify", contradict)
    run = at(Desk(), *GIVEN, "--json")
    assert (run.code, run.report["holds"]) == (Exit.PIN_REFUSED, "holder_pin")
    assert run.report["advice"] == [
        "Ask your issuer, and have the card looked at before you use it; a new code does not help here."
    ]


@pytest.mark.parametrize(
    ("method", "kind", "next_step"),
    [
        ("open_unlock", Kind.CODE_EXPIRED, "Get a new code at the portal and run this again; nothing is lost."),
        ("open_unlock", Kind.HOLDER_LOCKED, "Ask your issuer; a new code does not help here."),
        ("choose_card", Kind.CARD_REVOKED, "Ask your issuer; a new code does not help here."),
        ("choose_card", Kind.SMS_NOT_SENT, "Try again later."),
        (
            "exchange",
            Kind.CARD_NOT_AUTHENTIC,
            "Try it once more with a new code. If the same happens again, ask your issuer: it may not be the card that "
            "was issued to you, or the issuer's keys do not fit it.",
        ),
    ],
)
def test_the_authority_says_no(at: Sit, method: str, kind: Kind, next_step: str) -> None:
    desk = Desk(refusals={method: [AuthorityRefused(kind, "no")]})
    run = at(desk, *GIVEN, "--json")
    assert run.code == Exit.AUTHORITY
    assert (run.report["outcome"], run.report["kind"], run.report["holds"]) == ("failed", kind, "as_before")
    assert run.report["error"] == {"kind": "AuthorityRefused", "message": "no"}
    assert run.lines[-2:] == ["Your card is as it was before.", next_step]
    assert [name for name, _ in desk.asked].count(method) == 1
    assert stored(desk.card)[0] == OLD_PIN


def test_a_word_of_a_newer_authority_is_passed_on(at: Sit) -> None:
    refused = AuthorityRefused("moon_is_full", "no unlocking at full moon", retry_after=86400)
    run = at(Desk(refusals={"open_unlock": [refused]}), *GIVEN, "--json")
    assert run.report["kind"] == "moon_is_full"
    assert run.lines == [
        "akis: the authority refused, and says: no unlocking at full moon",
        "Your card is as it was before.",
        "Wait 86400 seconds, then get a new code at the portal and run this again.",
    ]


def test_a_wrong_answer_of_a_script_is_given_once(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER", "000000")
    desk = Desk()
    run = at(desk, *GIVEN, "--json")
    assert (run.code, run.report["kind"], run.report["tries_left"]) == (Exit.AUTHORITY, "second_factor_wrong", 2)
    assert [name for name, _ in desk.asked] == ["open_unlock", "choose_card", "confirm"]
    assert "akis: the code of the SMS was not right; 2 tries left" in run.lines
    assert run.report["error"]["message"] == "wrong", "the authority's own words"


def test_a_last_answer_leaves_no_tries(at: Sit) -> None:
    desk = Desk(refusals={"confirm": [AuthorityRefused(Kind.SECOND_FACTOR_SPENT, "wrong")]})
    run = at(desk, *GIVEN, "--json")
    assert run.report["tries_left"] == 0
    assert "akis: the code of the SMS was not right, and that was the last try" in run.lines


def test_an_answer_that_comes_later_is_read_when_it_is_asked_for(at: Sit, tmp_path: Path) -> None:
    desk = Desk()
    file = tmp_path / "sms"
    original = desk.choose_card

    def choose(serial: bytes) -> Any:
        file.write_text(f"{SMS}\n")
        return original(serial)

    desk.choose_card = choose  # type: ignore[method-assign]
    assert at(desk, *GIVEN[:4], "--answer", f"file:{file}", "--non-interactive").code == Exit.DONE


def test_the_authority_cannot_be_reached(at: Sit) -> None:
    error = AuthorityUnreachable(
        f"nothing answers at {URL}; see that the address is right and that the authority is running"
    )
    run = at(Desk(refusals={"open_unlock": [error]}), *GIVEN, "--language", "tr")
    assert run.code == Exit.AUTHORITY
    assert run.lines == [
        f"akis: {URL} adresinden yanıt yok; adresin doğru olduğuna ve hizmetin çalıştığına bakın",
        "Kartınız önceki durumunda.",
        "İşlemi yeniden çalıştırın; kod o sırada kullanılmış sayılırsa portaldan yeni bir kod alın.",
    ]


GONE = CardRemoved("the card was taken out of Desk Reader 00; put it back, then begin again")


@pytest.mark.parametrize(
    ("at_command", "error", "code", "holds"),
    [
        (RESET - 2, GONE, Exit.NO_CARD, "as_before"),
        (RESET, GONE, Exit.PIN_OUTCOME_UNKNOWN, "unknown"),
        (CHANGE - 1, GONE, Exit.NO_CARD, "transport_pin"),
        (CHANGE, GONE, Exit.PIN_OUTCOME_UNKNOWN, "unknown"),
        (VERIFY, GONE, Exit.NO_CARD, "holder_pin"),
        (RESET - 2, KeyboardInterrupt(), Exit.INTERRUPTED, "as_before"),
        (RESET, KeyboardInterrupt(), Exit.INTERRUPTED, "unknown"),
        (CHANGE - 1, KeyboardInterrupt(), Exit.INTERRUPTED, "transport_pin"),
        (CHANGE, KeyboardInterrupt(), Exit.INTERRUPTED, "unknown"),
        (VERIFY, KeyboardInterrupt(), Exit.INTERRUPTED, "holder_pin"),
    ],
)
def test_cut_anywhere_it_says_what_the_card_holds(
    at: Sit, at_command: int, error: BaseException, code: int, holds: str
) -> None:
    desk = Desk(strikes={at_command: raising(error)})
    run = at(desk, *GIVEN, "--json")
    assert (run.code, run.report["holds"]) == (code, holds)
    assert run.report["outcome"] == ("failed" if error is GONE else "interrupted")
    assert [name for name, _ in desk.asked].count("exchange") == 1
    sentence, next_step = run.report["advice"]
    assert run.lines[-2:] == [sentence, next_step]
    assert ("new code" in next_step) is (holds != "holder_pin")
    assert any(line.startswith("✗ ") for line in run.lines)
    assert not run.report["steps"][-1]["done"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED), (signal.SIGHUP, Exit.HUNG_UP)],
)
def test_signals_end_it_with_what_the_card_holds(at: Sit, number: int, code: int) -> None:
    before = signal.getsignal(number)
    desk = Desk(strikes={RESET: lambda: os.kill(os.getpid(), number)})
    run = at(desk, *GIVEN)
    assert run.code == code
    assert run.lines[-3] == "akis: interrupted"
    assert run.lines[-2].startswith("It is not known which PIN your card holds now")
    assert signal.getsignal(number) == before


def test_an_error_that_nobody_foresaw_still_says_what_the_card_holds(
    at: Sit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(steps: object, holder: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("akis.unlock.finish.Finishing._verify", broken)
    with pytest.raises(ZeroDivisionError):
        at(Desk(), *GIVEN)
    assert capsys.readouterr().err.splitlines()[-1] == "Your card holds your new PIN."


def test_a_busy_card_is_waited_for(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", slept.append)
    desk = Desk(busy=[7, 3])
    run = at(desk, *GIVEN)
    assert (run.code, slept) == (Exit.DONE, [7, 3])
    assert "Another unlock of this card is under way; trying again in 7 s, Ctrl-C ends it" in run.lines
    assert stored(desk.card)[0] == NEW_PIN


def test_a_busy_card_is_not_waited_for_without_end(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", slept.append)
    run = at(Desk(busy=[50] * 100), *GIVEN, "--json")
    assert (run.code, slept) == (Exit.AUTHORITY, [50, 50, 50])
    assert (run.report["kind"], run.report["retry_after"], run.report["holds"]) == ("card_busy", 50, "as_before")


def test_what_is_seen_while_no_card_is_there(at: Sit) -> None:
    mine, other = new_card(), new_card("akis-2.5")
    desk = Desk(
        {
            "A": Slot(state="empty"),
            "B": Slot(other),
            "C": Slot(state="mute card"),
            "D": Slot(mine, error=SharingViolation("another program has the card in D; end that one, then try again")),
            "E": Slot(mine, error=CardMute("the card in E does not answer; see that it is a smart card, clean and so")),
        },
        [holder_card(mine)],
    )
    run = at(desk, *GIVEN, "--wait", "0", "--json")
    assert run.code == Exit.NO_CARD
    assert run.report["message"] == (
        "none of your cards was in a reader within 0 s; there is no card in A; the card in B is none of yours; the "
        "card in C does not answer; see that it is clean and the right way up; another program has the card in D; end "
        "that one; the card in E does not answer; see that it is a smart card, clean and so"
    )
    assert [name for name, _ in desk.asked] == ["open_unlock"]


def test_a_card_that_is_put_in_is_found(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    slot = desk.slots[READER]
    card, slot.card, slot.state = slot.card, None, "empty"

    def sleep(seconds: float) -> None:
        slot.card, slot.state = card, "card"

    monkeypatch.setattr("tools.unlock_waiting.time.sleep", sleep)
    run = at(desk, *GIVEN, "--language", "tr")
    assert run.code == Exit.DONE
    assert f"Kartınız bekleniyor (bitirmek için Ctrl-C): {READER} okuyucusunda kart yok" in run.lines


def test_a_holder_without_cards(at: Sit) -> None:
    desk = Desk()
    desk.own = []
    run = at(desk, *GIVEN)
    assert (run.code, desk.looks) == (Exit.NO_CARD, 1), "the service alone was looked for"
    assert "akis: the authority has no card of yours on record; ask your issuer" in run.lines


def test_a_script_cannot_choose_among_cards_and_names_the_reader(at: Sit) -> None:
    two = {"One": Slot(new_card()), "Two": Slot(new_card("akis-2.5"))}
    run = at(Desk(dict(two)), *GIVEN)
    assert run.code == Exit.USAGE
    assert "akis: several of your cards are in readers; say which one is meant with --reader" in run.lines
    assert at(Desk(dict(two)), *GIVEN, "--reader", "One").code == Exit.DONE


def test_the_exchange_is_recorded_and_its_pins_are_not(
    at: Sit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.unlock_waiting.time.sleep", lambda seconds: None)
    file = tmp_path / "unlock.jsonl"
    desk = Desk(busy=[1])
    assert at(desk, *GIVEN, "--trace", str(file)).code == Exit.DONE
    text = file.read_text()
    assert text.count('"command"') >= VERIFY
    assert leaks(text, [NEW_PIN, *SECRETS]) == []
    again = at(Desk(), *GIVEN, "--trace", str(file))
    assert again.code == Exit.USAGE
    assert "is there already" in again.err


def test_an_output_that_nobody_takes_hides_no_outcome(at: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(strikes={RESET: raising(GONE)})

    class Full:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None: ...

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdout", Full())
    assert at(desk, *GIVEN, "--json").code == Exit.PIN_OUTCOME_UNKNOWN


@pytest.mark.slow
def test_a_full_disk_under_the_report_hides_no_outcome() -> None:
    """What was not written stays in the buffer, and must not be tried again at the end."""
    words = [*GIVEN, "--authority", "https://127.0.0.1:1", "--reader", "emulator:", "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tools", "unlock", *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=30
        )
    assert done.returncode == Exit.AUTHORITY
    assert b"nothing answers at https://127.0.0.1:1" in done.stderr
    assert b"Traceback" not in done.stderr
