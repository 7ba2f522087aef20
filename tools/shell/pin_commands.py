"""``verify``, ``change``, ``unblock`` and ``sm``: PINs, which are asked for and never typed in a line, and sessions."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from akis.errors import AkisError, InvalidArgument, PolicyRefused

from ..pin_input import PUK_RISK, PUK_WORD, announce_try, confirm, read_secret
from ..tell import tell
from .bench import Bench
from .grammar import Command, Parser, add_source, check_sources, no_value

_OFF, _EMULATOR = "off", "emulator:"


def _allow_last_try(parser: Parser) -> None:
    parser.add_argument(
        "--allow-last-try", action="store_true", help="go on with one try left, or an unknown number of tries"
    )
    no_value(parser)


def _verify_arguments(parser: Parser) -> None:
    add_source(parser, "pin")
    _allow_last_try(parser)


def _verify(bench: Bench, args: argparse.Namespace) -> None:
    from akis.pin import Pin

    with read_secret(args.pin, "PIN") as secret:
        bench.enter_application()
        pin = Pin(bench.card)
        announce_try("VERIFY compares the PIN", pin.tries_left())
        pin.verify(secret, allow_last_try=args.allow_last_try)
    print("The PIN is right.")


def _change_arguments(parser: Parser) -> None:
    add_source(parser, "pin")
    add_source(parser, "new-pin")
    _allow_last_try(parser)


def _change(bench: Bench, args: argparse.Namespace) -> None:
    from akis.pin import Pin

    with read_secret(args.pin, "PIN") as old, read_secret(args.new_pin, "new PIN", twice=True) as new:
        bench.enter_application()
        pin = Pin(bench.card)
        announce_try("CHANGE REFERENCE DATA compares the old PIN", pin.tries_left())
        pin.change(old, new, allow_last_try=args.allow_last_try)
    print("The PIN was changed.")


def _unblock_arguments(parser: Parser) -> None:
    add_source(parser, "new-pin")
    parser.add_argument("--use-puk", action="store_true", help=f"by PUK, not in a secure session. {PUK_RISK}")
    add_source(parser, "puk")
    parser.add_argument("--accept-puk-risk", action="store_true", help="do not ask before the PUK is used")
    _allow_last_try(parser)


def _unblock(bench: Bench, args: argparse.Namespace) -> None:
    from akis.pin import Pin, Puk

    if not args.use_puk and not bench.secure:
        raise InvalidArgument(
            "unblocking needs the issuer's secure session, `sm FILE`, or, at the card's risk, --use-puk"
        )
    if not args.use_puk:
        with read_secret(args.new_pin, "new PIN", twice=True) as new:
            bench.enter_application()
            tell(
                "RESET RETRY COUNTER to a random transport PIN, CHANGE REFERENCE DATA to the new PIN, VERIFY, inside "
                "secure messaging: the PIN's counter goes to full, no try can be spent, the PUK's does not move."
            )
            Pin(bench.card).unblock(new)
        print("The PIN is unblocked and the new one in force.")
        return
    if not args.accept_puk_risk and not confirm(PUK_RISK, PUK_WORD):
        raise PolicyRefused("the PUK was not used: its risk was not confirmed; nothing was sent")
    with read_secret(args.puk, "PUK") as code, read_secret(args.new_pin, "new PIN", twice=True) as new:
        bench.enter_application()
        puk = Puk(bench.card)
        announce_try("RESET RETRY COUNTER compares the PUK", puk.tries_left())
        puk.unblock(code, new, permit_puk=True, allow_last_try=args.allow_last_try)
    print("The PIN is unblocked by the PUK, the new one in force.")


def _sm_arguments(parser: Parser) -> None:
    parser.add_argument(
        "keys",
        metavar="FILE|off",
        nargs="?",
        help="device keys, as for --sm-keys, or emulator:NAME/ROLE; those of --sm-keys when left out",
    )


def _check_sm(bench: Bench, args: argparse.Namespace) -> None:
    if args.keys is None and bench.keys is None:
        raise InvalidArgument("name the device keys, sm FILE, or give them to the whole shell with --sm-keys")
    if args.keys not in (None, _OFF) and not args.keys.startswith(_EMULATOR) and not Path(args.keys).exists():
        raise InvalidArgument("there is no such key file")


def _sm(bench: Bench, args: argparse.Namespace) -> None:
    from ..sm_keys import read_keys

    if args.keys == _OFF:
        was = bench.secure
        bench.card.end_session()
        print("The secure session is over; what follows goes in the clear." if was else "No secure session was open.")
        return
    with ExitStack() as held:
        keys = held.enter_context(read_keys(args.keys)) if args.keys is not None else bench.keys
        assert keys is not None  # or it would have been refused
        bench.card.require_secure_messaging()
        bench.card.end_session()
        bench.enter_application()
        tell("MUTUAL AUTHENTICATE proves the keys; where a card counts that, wrong ones spend a try of the key.")
        try:
            bench.card.open_session(keys.device, keys.ifd_sn)
        except AkisError:
            bench.card.end_session()
            tell("No secure session is open; what follows goes in the clear.")
            raise
    print("A secure session is open; what follows goes inside it.")


VERIFY = Command("verify", "VERIFY the PIN", "verify", _verify, _verify_arguments, check_sources)
CHANGE = Command("change", "change the PIN", "change", _change, _change_arguments, check_sources)
UNBLOCK = Command(
    "unblock",
    "put a new PIN in force, in the issuer's secure session or by PUK",
    "unblock",
    _unblock,
    _unblock_arguments,
    check_sources,
)
SM = Command(
    "sm", "open a secure session, or end it", "sm emulator:akis-2.2/issuer", _sm, _sm_arguments, _check_sm, takes="keys"
)
