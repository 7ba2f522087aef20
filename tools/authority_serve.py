"""``akis authority serve``: the service itself, until a signal ends it."""

from __future__ import annotations

import argparse
import json

from .authority_options import add_database, add_master_key, options_named, settings
from .parser import add_examples
from .tell import tell

_HELP = """\
Runs the service that holders' portals and `akis unlock` speak to, until Ctrl-C
or SIGTERM. The first line says where it listens; log lines go to standard
error. The tables of the database are brought up to this version first. The exit
code is 2 where a file or setting cannot be used, 9 where others can read a key,
1 where the port is taken or the database does not answer.

--config FILE is TOML with the settings of the same names: database, master_key,
master_key_pin, host, port, workers, tls_cert, tls_key, behind_proxy, sms,
sms_token, log, and a table [rules]."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _HELP
    add_examples(
        parser,
        "akis authority serve",
        "akis authority serve --tls-cert cert.pem --tls-key key.pem --host 0.0.0.0",
    )
    add_database(parser)
    add_master_key(parser)
    parser.add_argument("--host", metavar="ADDRESS", help="where to listen; default: 127.0.0.1, this machine alone")
    parser.add_argument("--port", type=int, metavar="N", help="default: 8443; 0 is any free one")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that answer; default: 1")
    parser.add_argument("--tls-cert", metavar="FILE", help="the certificate and those above it, PEM")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--behind-proxy",
        action="store_const",
        const=True,
        help="a proxy of yours does TLS and says in X-Forwarded-For who asks",
    )
    parser.add_argument(
        "--sms",
        metavar="outbox:FILE|URL",
        help="where SMS go: a file, for development, or a web service; default: outbox:sms.jsonl",
    )
    parser.add_argument(
        "--sms-token", metavar="SOURCE", help="where the token for that service is: env:NAME, file:PATH"
    )


def run(args: argparse.Namespace) -> int:
    """Serve."""
    from akis.authority.serving.serve import serve

    wanted = settings(args)

    def told(url: str) -> None:
        if args.json:
            print(json.dumps({"schema": 1, "event": "listening", "url": url}), flush=True)
        else:
            print(f"The authority listens at {url}; Ctrl-C ends it.", flush=True)
        if wanted.sms.startswith("outbox:"):
            tell(f"SMS are not sent: they go into the file {wanted.sms.removeprefix('outbox:')}.")

    with options_named(args):
        serve(wanted, told)
    return 0
