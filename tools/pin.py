"""``akis pin``: the state of PIN and PUK, and VERIFY, CHANGE and unblock, none of which wastes a try."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from akis.errors import AkisError, InvalidArgument, PolicyRefused

from .card_options import add_card, add_session, open_card
from .info import in_words
from .keypad import add_keypad, tell_to_look, typed_at_reader
from .parser import add_examples
from .pin_input import PUK_RISK, PUK_WORD, add_secret, announce_try, confirm, read_secret
from .tell import tell

if TYPE_CHECKING:
    from akis.pin import Pin, Puk

Report = dict[str, Any]
Action = Callable[[argparse.Namespace], Report]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    add_examples(parser, "akis pin status --reader emulator:", "akis pin verify --reader emulator: --pin env:CARD_PIN")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, help_text: str, example: str, run_action: Action) -> argparse.ArgumentParser:
        # No abbreviations: a permission is written out.
        made = actions.add_parser(name, allow_abbrev=False, help=help_text, description=help_text)
        add_examples(made, example)
        add_card(made)
        add_session(made)
        made.set_defaults(action=run_action, action_name=f"pin {name}")
        return made

    action("status", "show the tries left, at no cost", "akis pin status --reader emulator:", _status)

    verify = action("verify", "VERIFY the PIN", "akis pin verify --reader emulator: --pin env:CARD_PIN", _verify)
    add_secret(verify, "pin")

    change = action(
        "change",
        "change the PIN",
        "akis pin change --reader emulator: --pin env:CARD_PIN --new-pin env:NEW_PIN",
        _change,
    )
    add_secret(change, "pin")
    add_secret(change, "new-pin")
    for typed in (verify, change):
        add_keypad(typed)

    unblock = action(
        "unblock",
        "put a new PIN in force: RESET RETRY COUNTER to a random transport PIN, CHANGE to the new one, VERIFY, all "
        "inside the issuer's secure session",
        "akis pin unblock --reader emulator:,blocked --sm-keys emulator:akis-2.2/issuer --new-pin env:NEW_PIN",
        _unblock,
    )
    add_secret(unblock, "new-pin")
    unblock.add_argument("--use-puk", action="store_true", help=f"by PUK instead. {PUK_RISK}")
    add_secret(unblock, "puk")
    unblock.add_argument("--accept-puk-risk", action="store_true", help="do not ask before the PUK is used")
    for guarded in (verify, change, unblock):
        guarded.add_argument(
            "--allow-last-try", action="store_true", help="go on with one try left, or an unknown number of tries"
        )


def run(args: argparse.Namespace) -> int:
    """Do the action and print what became of it."""
    try:
        outcome = args.action(args)
    except KeyboardInterrupt:
        tell("akis: interrupted; if the command had left, its outcome is unknown: look at `akis pin status`")
        raise
    report = {"schema": 1, "command": args.action_name, **outcome}
    if args.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        print(report["message"])
    return 0


def _status(args: argparse.Namespace) -> Report:
    with _opened(args) as (pin, puk):
        left, flags = _tries(pin, puk), pin.flags()
    by_flags = {"PIN": flags is not None, "PUK": False}
    lines = [f"{name} tries left: {in_words(count, by_flags[name])}" for name, count in left.items()]
    if flags is None:
        return {"message": "\n".join(lines), "tries_left": left}
    lines.append(f"PIN flags: {', '.join(flags.names) or 'none'}")
    return {"message": "\n".join(lines), "tries_left": left, "pin_flags": list(flags.names)}


def _verify(args: argparse.Namespace) -> Report:
    if typed_at_reader(args, "verify", args.pin):
        with _opened(args) as (pin, puk):
            left = pin.tries_left()
            announce_try("VERIFY compares the PIN", left)
            tell_to_look("verify", left, args.allow_last_try)
            pin.verify_at_keypad(allow_last_try=args.allow_last_try)
            return {"message": "The PIN is right.", "tries_left": _tries_afterwards(pin, puk)}
    with read_secret(args.pin, "PIN") as secret, _opened(args) as (pin, puk):
        announce_try("VERIFY compares the PIN", pin.tries_left())
        pin.verify(secret, allow_last_try=args.allow_last_try)
        return {"message": "The PIN is right.", "tries_left": _tries_afterwards(pin, puk)}


def _change(args: argparse.Namespace) -> Report:
    if typed_at_reader(args, "change", args.pin, args.new_pin):
        with _opened(args) as (pin, puk):
            left = pin.tries_left()
            announce_try("CHANGE REFERENCE DATA compares the old PIN", left)
            tell_to_look("change", left, args.allow_last_try)
            pin.change_at_keypad(allow_last_try=args.allow_last_try)
            return {"message": "The PIN was changed.", "tries_left": _tries_afterwards(pin, puk)}
    with (
        read_secret(args.pin, "PIN") as old,
        read_secret(args.new_pin, "new PIN", twice=True) as new,
        _opened(args) as (pin, puk),
    ):
        announce_try("CHANGE REFERENCE DATA compares the old PIN", pin.tries_left())
        pin.change(old, new, allow_last_try=args.allow_last_try)
        return {"message": "The PIN was changed.", "tries_left": _tries_afterwards(pin, puk)}


def _unblock(args: argparse.Namespace) -> Report:
    if args.use_puk:
        return _unblock_by_puk(args)
    if args.sm_keys is None:
        raise InvalidArgument("unblocking needs the issuer's keys, --sm-keys FILE, or, at the card's risk, --use-puk")
    with read_secret(args.new_pin, "new PIN", twice=True) as new, _opened(args) as (pin, puk):
        tell(
            "RESET RETRY COUNTER to a random transport PIN, CHANGE REFERENCE DATA to the new PIN, VERIFY, inside "
            "secure messaging: the PIN's counter goes to full, no try can be spent, the PUK's does not move."
        )
        pin.unblock(new)
        return {"message": "The PIN is unblocked and the new one in force.", "tries_left": _tries_afterwards(pin, puk)}


def _unblock_by_puk(args: argparse.Namespace) -> Report:
    if not args.accept_puk_risk and not confirm(PUK_RISK, PUK_WORD):
        raise PolicyRefused("the PUK was not used: its risk was not confirmed; nothing was sent")
    with (
        read_secret(args.puk, "PUK") as code,
        read_secret(args.new_pin, "new PIN", twice=True) as new,
        _opened(args) as (pin, puk),
    ):
        announce_try("RESET RETRY COUNTER compares the PUK", puk.tries_left())
        puk.unblock(code, new, permit_puk=True, allow_last_try=args.allow_last_try)
        return {
            "message": "The PIN is unblocked by the PUK, the new one in force.",
            "tries_left": _tries_afterwards(pin, puk),
        }


@contextmanager
def _opened(args: argparse.Namespace) -> Iterator[tuple[Pin, Puk]]:
    from akis.pin import Pin, Puk

    card, _ = open_card(args)
    with card:
        yield Pin(card), Puk(card)


def _tries(pin: Pin, puk: Puk) -> dict[str, int | None]:
    return {"PIN": pin.tries_left(), "PUK": puk.tries_left()}


def _tries_afterwards(pin: Pin, puk: Puk) -> dict[str, int | None]:
    """The counters once the command is done; neither a card that is gone by now nor Ctrl-C undoes what it accepted."""
    try:
        return _tries(pin, puk)
    except (AkisError, KeyboardInterrupt):
        return {"PIN": None, "PUK": None}
