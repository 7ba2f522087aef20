"""One recorded session against one card: what is checked before, how it is played, what is kept afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from akis.card import Card
from akis.errors import AkisError, InvalidArgument, PolicyRefused
from akis.pin import Pin, Puk
from akis.profile.load import DEFAULT, load
from akis.profile.model import CardProfile
from akis.regress.outcome import Mode, Outcome
from akis.regress.play import Player, atr_difference
from akis.regress.rekey import Rekeying
from akis.regress.survey import Survey, survey
from akis.regress.target import Target, is_emulated, open_target
from akis.regress.update import check_hidden
from akis.regress.values import Values
from akis.secret import Secret
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.entries import Header, Kept, Trace
from akis.trace.jsonl import Lines, Writer, is_trace
from akis.trace.open import open_trace
from akis.trace.redactor import Redactor
from akis.trace.say import counted
from akis.transport.base import Transport
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder

_NOT_WRITTEN = "the new recording could not be written"
_FRESH_CHALLENGE = "the session authenticated with a challenge of its own, so play it with --rekey and its keys"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a session may do to a card that is not emulated; nothing unless each is said."""

    pin_commands: bool = False
    puk_commands: bool = False
    last_try: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How sessions are played. ``reader`` as for :func:`akis.connect.connect`; ``mode`` None chooses by the trace.

    ``slower`` is the factor beyond which a session is too slow. With ``update`` what happens now is recorded, for
    :func:`akis.regress.update.accept`. ``check`` may look at a card that is not emulated, and refuse it by raising,
    before anything else is sent; the card is reset after it.
    """

    reader: str | None = "emulator:"
    mode: Mode | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    keys: Sequence[DeviceKeys] = ()
    slower: float | None = None
    update: bool = False
    permissions: Permissions = field(default_factory=Permissions)
    check: Callable[[Transport], object] | None = None


def replay_file(path: Path, plan: Plan, tick: Callable[[], object] = lambda: None) -> Outcome:
    """Play the trace or log at ``path``. What goes wrong is in the outcome, with the error."""
    name = str(path)
    try:
        return replay(_unhidden(path), plan, name, tick)
    except AkisError as error:
        return Outcome(name, "error", error=error)


def _unhidden(path: Path) -> Trace:
    """The trace as it is: what a log does not hide is sent again, and shown to nobody."""
    return Lines(path) if is_trace(path) else open_trace(path, keep_secrets=True)


def replay(trace: Trace, plan: Plan, name: str = "session", tick: Callable[[], object] = lambda: None) -> Outcome:
    """Play a trace; raises :class:`AkisError` for what stops it, differences are in the outcome."""
    whole = trace
    emulated, path = is_emulated(plan.reader or ""), trace.path if isinstance(trace, Lines) else None
    if not emulated:
        trace = Kept(trace.header, tuple(trace.entries()))  # what was looked at, should the file change
    seen = survey(trace.entries())
    cut = isinstance(whole, Lines) and whole.cut
    mode = _mode(trace.header, seen, plan)
    profile = load(trace.header.profile or DEFAULT)
    if plan.update and path is None:
        raise InvalidArgument(f"only traces of akis's own format are updated; `akis trace convert` makes one of {name}")
    if plan.update:
        check_hidden(trace, profile)
    if not emulated:
        _check_playable(seen, plan.permissions)
    target = open_target(plan.reader, trace.header)
    player = Player(target, target.transport, _values(seen, plan, target, mode, profile), profile, tick=tick)
    player.strict = mode == "strict"
    # What a card says after a difference is of use; what PIN commands do to a real one after it may be harm.
    player.go_on = plan.update and (target.emulated or not seen.pin_commands + seen.puk_commands + seen.pin_changes)
    try:
        if plan.check is not None and not target.emulated:
            plan.check(target.transport)
            target.transport.reset()
        if not target.emulated and seen.pin_commands + seen.puk_commands and _is_recorded_card(trace, player):
            _guard(target.transport, profile, seen, plan.permissions)
        if plan.update and path is not None:
            return _recorded_anew(trace, path, plan, name, mode, player, seen)
        _play(trace, plan, mode, player)
    finally:
        target.transport.close()
    return replace(_outcome(name, mode, player, plan, seen), cut=cut)


def _mode(header: Header, seen: Survey, plan: Plan) -> Mode:
    if plan.mode is not None:
        return plan.mode
    if plan.keys and seen.authenticates:
        return "rekey"
    return "masked" if header.slots or seen.masked else "strict"


def _values(seen: Survey, plan: Plan, target: Target, mode: Mode, profile: CardProfile) -> Values:
    values = Values(seen.slots, plan.secrets, target.personality, profile)
    try:
        values.check()
    except InvalidArgument:
        target.transport.close()
        raise
    return values


def _play(trace: Trace, plan: Plan, mode: Mode, player: Player) -> None:
    if trace.header.atr is not None and not _is_recorded_card(trace, player):
        player.differs("answer to reset", atr_difference(trace.header.atr, player.transport.atr))
        if not player.go_on:
            return
    if mode == "rekey":
        Rekeying(player, _keys(plan, player.target), player.profile).play(trace.entries())
    else:
        player.play(trace.entries())


def _is_recorded_card(trace: Trace, player: Player) -> bool:
    """Whether it may be: by its answer to reset, where the trace has that."""
    return trace.header.atr in (None, player.transport.atr)


def _keys(plan: Plan, target: Target) -> Sequence[DeviceKeys]:
    if plan.keys or target.personality is None:
        return plan.keys
    return [key.device_keys(algorithm) for key in target.personality.keys for algorithm in key.algorithms]


def _outcome(name: str, mode: Mode, player: Player, plan: Plan, seen: Survey) -> Outcome:
    recorded = player.recorded
    too_slow = plan.slower is not None and recorded is not None and player.now > plan.slower * recorded
    deviations = tuple(player.deviations)
    if deviations and mode != "rekey" and seen.authenticates and not player.target.foretold:
        deviations = (replace(deviations[0], hint=_FRESH_CHALLENGE), *deviations[1:])
    return Outcome(
        name,
        "differs" if deviations else "slower" if too_slow else "passed",
        mode,
        player.exchanges,
        player.now,
        recorded,
        deviations,
        slots=frozenset(seen.slots),
    )


def _recorded_anew(
    trace: Trace, path: Path, plan: Plan, name: str, mode: Mode, player: Player, seen: Survey
) -> Outcome:
    """Play with a recorder around the card; where something differs, the outcome says where its recording is."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    header = replace(player.target.header or trace.header, atr=player.transport.atr, created=now)
    try:
        made = NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False)  # noqa: SIM115
    except OSError as error:
        raise InvalidArgument(f"{name} cannot be recorded anew in its directory: {error.strerror}") from None
    with made as stream:
        fresh = Path(stream.name)
        try:
            recorder = Recorder(
                player.transport, Writer(stream, header).write, Redactor(player.profile, header.secrets)
            )
            player.transport = recorder
            _play(trace, plan, mode, player)
            stream.flush()
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise InvalidArgument(f"{name} was left as it is: {_NOT_WRITTEN}, {error.strerror}") from None
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    outcome = _outcome(name, mode, player, plan, seen)
    if outcome.deviations and player.go_on and recorder.failure is None:
        return replace(outcome, fresh=fresh)
    fresh.unlink(missing_ok=True)
    if recorder.failure is not None:
        raise InvalidArgument(f"{name} was left as it is: {_NOT_WRITTEN}")
    return outcome


def _check_playable(seen: Survey, allowed: Permissions) -> None:
    """Refuse what a card that is not emulated cannot do again, or must not do unasked."""
    if seen.lost or seen.removed:
        raise InvalidArgument(
            "this session lost its card on the way, which only an emulated card can do again; nothing was sent"
        )
    if seen.pin_commands and not allowed.pin_commands:
        raise PolicyRefused(
            f"this session has {counted(seen.pin_commands, 'command')} comparing the PIN, at the risk of a try each; "
            "nothing was sent, --allow-pin-commands lets them through"
        )
    if seen.pin_changes and not allowed.pin_commands:
        raise PolicyRefused(
            f"this session has {counted(seen.pin_changes, 'command')} changing the PIN or its counter; nothing was "
            "sent, --allow-pin-commands lets them through"
        )
    if seen.puk_commands and not allowed.puk_commands:
        raise PolicyRefused(
            f"this session has {counted(seen.puk_commands, 'command')} comparing the PUK, and three wrong ones destroy "
            "the card; nothing was sent, --accept-puk-risk lets them through"
        )


def _guard(way: Transport, profile: CardProfile, seen: Survey, allowed: Permissions) -> None:
    """Read the counters at no cost; refuse a session that could leave no try, as a single command would be refused."""
    card = Card(ChainingTransport(GetResponseTransport(way)), profile)
    card.select_application()
    left = [Pin(card).tries_left()] if seen.pin_commands else []
    left += [Puk(card).tries_left()] if seen.puk_commands else []
    way.reset()
    if not allowed.last_try and any(number is None or number <= 1 + seen.refused for number in left):
        raise PolicyRefused(
            "this session could spend the last try of this card, or the card does not say how many it has left; no PIN "
            "was sent, --allow-last-try lets it through"
        )
