"""Every reason, every state and every step of an unlock has its sentence, in Turkish as in English."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from smartcard import scard

from akis import errors
from akis.errors import AkisError, AuthorityRefused
from akis.profile.load import load
from akis.secret import Secret
from akis.sources.secrets import read_secret
from akis.transport import pcsc
from akis.transport.readers import Reader, choose
from akis.unlock import finish, new_pin, trouble
from akis.unlock.address import Address, tls_context
from akis.unlock.answer import check_answer
from akis.unlock.cards import look
from akis.unlock.code import UnlockCode
from akis.unlock.finish import VerifyContradicts
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.new_pin import ObviousPin
from akis.unlock.opened import SecondFactor
from akis.unlock.steps import Step
from tools.language import LANGUAGES, _, speak
from tools.unlock_answers import read_answer_to
from tools.unlock_card_text import pin_size
from tools.unlock_sentences import PATTERNS, translated
from tools.unlock_words import BEGUN, HOLDS, KINDS, OBVIOUS, STEPS, NoCardCame, what_next, why

REASONS = (
    new_pin.ONE_DIGIT,
    new_pin.REPEATED_GROUP,
    new_pin.RUN_UP,
    new_pin.RUN_DOWN,
    new_pin.KEYPAD_LINE,
    new_pin.SERIAL,
)
ADDRESS = Address.from_text("https://authority.example")


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak("en")


@pytest.mark.parametrize(
    ("table", "names"),
    [(KINDS, Kind), (HOLDS, Holds), (STEPS, Step), (OBVIOUS, REASONS)],
    ids=["why not", "what it holds", "how far", "why easy to guess"],
)
def test_everything_has_a_sentence_of_its_own_in_each_language(table: dict, names: tuple) -> None:
    assert set(table) == set(names)
    said = {}
    for language in LANGUAGES:
        speak(language)
        said[language] = [_(text) for text in table.values()]
        assert all(said[language])
        assert len(set(said[language])) == len(said[language])
    assert not set(said["tr"]) & set(said["en"])


def test_steps_that_take_a_while_say_so_when_they_begin() -> None:
    steps = list(Step)
    assert list(BEGUN) == steps[steps.index(Step.MEETING) : steps.index(Step.DONE)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("holds", Holds)
def test_every_refusal_says_what_to_do_next(language: str, kind: Kind, holds: Holds) -> None:
    speak(language)
    refused = AuthorityRefused(kind, "no")
    assert why(refused) == _(KINDS[kind])
    assert what_next(refused, holds).endswith(".")


def test_a_new_pin_that_is_in_force_leaves_nothing_to_do() -> None:
    assert what_next(None, Holds.HOLDER_PIN) == "There is nothing more to do: sign with the new PIN."
    assert "new code" in what_next(None, Holds.UNKNOWN)
    assert "Wait 30 seconds" in what_next(AuthorityRefused(Kind.TOO_MANY, "no", retry_after=30), Holds.AS_BEFORE)


def test_a_card_that_contradicts_itself_is_not_signed_with() -> None:
    advice = what_next(VerifyContradicts(errors.PinRefused("PIN", 2)), Holds.HOLDER_PIN)
    assert advice.startswith("Ask your issuer, and have the card looked at before you use it")


@pytest.mark.parametrize("kind", [Kind.CARD_NOT_AUTHENTIC, Kind.CARD_REFUSED])
def test_a_card_that_does_not_go_with_the_authority_is_tried_once_more_and_no_oftener(kind: Kind) -> None:
    advice = what_next(AuthorityRefused(kind, "no"), Holds.AS_BEFORE)
    assert advice.startswith("Try it once more with a new code. If the same happens again, ask your issuer")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("the card refused the new PIN (6985); its PIN is as before", "the card refused with 6985"),
        ("the card refused before the secure session began; nothing was changed on it", "the card refused"),
        ("call (4444) now", "the card refused"),
    ],
)
def test_the_cards_status_word_is_shown_where_the_authority_tells_it(message: str, said: str) -> None:
    assert why(AuthorityRefused(Kind.CARD_REFUSED, message)) == said


def test_a_wrong_answer_is_named_for_what_it_is() -> None:
    wrong = AuthorityRefused(Kind.SECOND_FACTOR_WRONG, "wrong", tries_left=2)
    spent = AuthorityRefused(Kind.SECOND_FACTOR_SPENT, "wrong", tries_left=0)
    assert why(wrong, "sms") == "the code of the SMS was not right; 2 tries left"
    assert why(wrong, "password") == "the web password was not right; 2 tries left"
    assert why(spent, "sms") == "the code of the SMS was not right, and that was the last try"
    assert why(spent, "password") == "the web password was not right, and that was the last try"


def test_how_long_a_pin_is_said_as_the_prompt_says_it() -> None:
    rules = load("akis-2").pin
    assert why(new_pin.UnfitPin(rules)) == f"this is no PIN for this card, which takes {pin_size(rules)}"
    speak("tr")
    assert why(new_pin.UnfitPin(rules)) == "bu PIN kodu karta uymuyor; kartın PIN kodu: 4-8 rakam"


def test_a_reason_nobody_here_knows_is_passed_on() -> None:
    refused = AuthorityRefused("moon_is_full", "not at full moon")
    assert why(refused) == "the authority refused, and says: not at full moon"
    speak("tr")
    assert why(refused) == "hizmet sağlayıcı reddetti; açıklaması: not at full moon"


def met() -> Iterator[AkisError]:
    """An error of each type that an unlock may end with, and of which nothing but its type is known here."""
    yield from (kind("so it is") for kind in (errors.NoService, errors.NoReader, errors.NoCard, errors.CardMute))
    yield from (kind("so it is") for kind in (errors.CardRemoved, errors.CardReset, errors.SharingViolation))
    yield errors.TransportError("so it is")
    yield errors.CardError("SELECT refused", 0x6A82)
    yield errors.SecureMessagingError("wrong MAC")
    yield errors.PinRefused("PIN", 2)
    yield errors.PinBlocked("PIN")
    yield errors.PinOutcomeUnknown("PIN", "the card was removed")
    yield errors.PinFormatError("the PIN has 4 to 8 characters, not 3; nothing was sent")
    yield errors.AuthorityUnreachable("so it is")
    yield errors.AuthorityError("so it is")
    yield VerifyContradicts(errors.PinRefused("PIN", 2))
    yield from map(ObviousPin, REASONS)


@pytest.mark.parametrize("error", list(met()), ids=lambda error: type(error).__name__)
def test_errors_by_their_type(error: AkisError) -> None:
    if not isinstance(error, ObviousPin):
        assert why(error) == str(error), "in English the library says most"
    english = why(error)
    speak("tr")
    assert why(error) not in (str(error), english)


def test_what_is_in_the_language_already_stays() -> None:
    speak("tr")
    assert why(NoCardCame("60 saniye içinde hiçbir kartınız okuyucuya takılmadı")).startswith("60 saniye")
    assert why(errors.ProfileError("akis.toml: no such field")) == "akis.toml: no such field"


def raised(call: Callable[[], object]) -> str:
    with pytest.raises(AkisError) as caught:
        call()
    return str(caught.value)


def said_by_the_library(tmp_path: Path) -> Iterator[str]:
    """Sentences that the library really says to somebody who unlocks a card."""
    states = ("empty", "mute card", "unavailable", "card, in use exclusively")
    readers = [Reader(number, f"Reader {number:02}", None, state) for number, state in enumerate(states)]
    yield from look(None, (), readers=lambda: readers).notes
    yield from look(None, (), readers=list).notes
    yield from look("emulator:", ()).notes
    for error in (errors.CardError("refused", 0x6D00), errors.NoCard("no"), errors.SharingViolation("busy")):

        def connect(target: str, error: AkisError = error, **_: object) -> None:
            raise error

        yield from look("emulator:", (), connect=connect).notes  # type: ignore[arg-type]
    yield from (
        str(pcsc.error(code, "Reader 00"))
        for code in (
            scard.SCARD_E_NO_SERVICE,
            scard.SCARD_E_SERVICE_STOPPED,
            scard.SCARD_E_NO_ACCESS,
            scard.SCARD_W_UNRESPONSIVE_CARD,
            scard.SCARD_W_REMOVED_CARD,
            scard.SCARD_W_UNPOWERED_CARD,
            scard.SCARD_E_SHARING_VIOLATION,
        )
    )
    yield raised(lambda: choose(readers, "Other"))
    yield raised(lambda: choose(readers, "Reader"))
    for address in ("authority", "http://authority.example"):
        yield raised(lambda address=address: Address.from_text(address))  # type: ignore[misc]
    empty = tmp_path / "empty"
    empty.touch()
    yield raised(lambda: tls_context(ADDRESS, empty))
    yield raised(lambda: tls_context(ADDRESS, tmp_path / "nowhere"))
    yield raised(lambda: tls_context(Address.from_text("http://localhost"), empty))
    untrusted, other_name = ssl.SSLCertVerificationError(), ssl.SSLCertVerificationError()
    untrusted.verify_code, untrusted.verify_message = 18, "self-signed certificate"
    other_name.verify_code, other_name.verify_message = 62, "Hostname mismatch"
    causes = (untrusted, other_name, ssl.SSLError(), ConnectionRefusedError(), socket.gaierror(), TimeoutError())
    yield from (str(trouble.unreachable(ADDRESS, cause, 20)) for cause in (*causes, OSError(), ValueError()))
    late, no_http = ssl.SSLCertVerificationError(), type("RemoteProtocolError", (Exception,), {})()
    late.verify_code, late.verify_message = 10, "certificate has expired"
    yield str(trouble.unreachable(ADDRESS, late, 20))
    yield str(trouble.unreachable(ADDRESS, untrusted, 20, empty))
    yield str(trouble.unreachable(Address.from_text("https://localhost"), ssl.SSLError(), 20))
    yield from (
        str(trouble.unreachable(Address.from_text("http://[::1]"), cause, 20)) for cause in (OSError(), no_http)
    )
    yield raised(lambda: new_pin.check_ahead(Secret("123")))
    yield raised(lambda: check_answer(SecondFactor("sms"), Secret("12345")))
    yield raised(lambda: check_answer(SecondFactor("password"), Secret("")))
    yield raised(lambda: read_answer_to(SecondFactor("sms"), "env:NOT_THERE"))
    yield str(finish._only_in_session())
    for text in ("12", "999999999999990"):
        yield raised(lambda text=text: UnlockCode.from_text(text))  # type: ignore[misc]
    yield from (raised(lambda name=name: read_secret("env:NOT_THERE", name)) for name in ("code", "new PIN", "answer"))  # type: ignore[misc]


def test_what_the_library_says_is_said_in_turkish(tmp_path: Path) -> None:
    sentences = list(said_by_the_library(tmp_path))
    assert len(sentences) > 30
    assert [sentence for sentence in sentences if translated(sentence) is None] == []
    assert [sentence for sentence in sentences if translated(sentence) != sentence] == [], "in English, as it was"
    speak("tr")
    assert [sentence for sentence in sentences if translated(sentence) == sentence] == []
    assert "Reader 00 okuyucusunda kart yok" in map(translated, sentences)


def test_a_name_may_hold_anything() -> None:
    speak("tr")
    assert translated("there is no card in {0} % \n\\d") == "{0} % \n\\d okuyucusunda kart yok"
    assert translated("nothing of the kind") is None


def test_every_pattern_is_a_sentence_of_the_library() -> None:
    """What the library does not say any more needs no translation; what it says otherwise needs another."""
    root = Path(__file__).parent.parent.parent / "akis"
    rooms = ("unlock", "transport", "sources")
    text = "".join(path.read_text(encoding="utf-8") for room in rooms for path in (root / room).rglob("*.py"))
    # Adjacent literals are one sentence.
    text = re.sub(r'"\s*\n\s*f?"', "", text)
    constants = {
        "start pcscd, then connect again": "{_START}",
        "a code has 15 digits": "a code has {LENGTH} digits",
        "again: {status}": "again",
        "the SMS has 6 digits": "the SMS has {SMS_LENGTH} digits",
    }
    for pattern in PATTERNS:
        wanted = pattern
        for shown, written in constants.items():
            wanted = wanted.replace(shown, written)
        pieces = re.split(r"\{\w+\}|the code|the new PIN|the answer|; |\(", wanted)
        assert [piece for piece in pieces if len(piece) > 8 and piece not in text] == [], pattern
