"""What is wrong with settings is told by the names under which they were given."""

from __future__ import annotations

import argparse

import pytest

from akis.authority.keys.file import NoMasterKey
from akis.authority.keys.key_check import OtherMasterKey
from akis.authority.keys.master import MasterKeyError
from akis.authority.people.file import PeopleError
from akis.authority.serving.listening import CannotServe, TlsFilesUnusable
from akis.authority.store.store import StoreUnavailable
from akis.errors import AkisError, InvalidArgument, PolicyRefused
from tools.authority_options import add_database, options_named, settings
from tools.exit_codes import Exit, exit_code


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_database(parser)
    for name in ("--tls-cert", "--tls-key", "--host", "--master-key", "--master-key-pin"):
        parser.add_argument(name)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--tls-cert", "c.pem"], "TLS needs both, --tls-cert and --tls-key"),
        (
            ["--database", "authority.db"],
            "--database is a URL such as sqlite:///authority.db or postgresql://user@host/name",
        ),
        (["--host", ""], "--host is a name or an IP address, such as 127.0.0.1"),
        (
            ["--master-key", "pkcs11:x?pin-value=1"],
            "--master-key must not hold the PIN itself; say with --master-key-pin where it is",
        ),
    ],
)
def test_by_their_options(words: list[str], complaint: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        settings(parsed(*words))
    assert str(refused.value) == complaint


def test_those_of_a_file_as_in_the_file() -> None:
    args = parsed("--config", "authority.toml", "--tls-key", "k.pem")
    with pytest.raises(PolicyRefused) as refused, options_named(args):
        raise PolicyRefused("tls_cert /etc/tls_cert.pem and tls_key k.pem cannot be used")
    assert str(refused.value) == "tls_cert /etc/tls_cert.pem and --tls-key k.pem cannot be used"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoMasterKey("the key file m holds no master key"), Exit.USAGE),
        (MasterKeyError("the token cannot be used now"), Exit.UNEXPECTED),
        (OtherMasterKey("this database was used with another master key"), Exit.USAGE),
        (TlsFilesUnusable("tls_cert c cannot be read"), Exit.USAGE),
        (CannotServe("it cannot listen on 127.0.0.1, port 8443"), Exit.UNEXPECTED),
        (StoreUnavailable("the database does not answer"), Exit.UNEXPECTED),
        (PeopleError("p.csv holds nobody"), Exit.USAGE),
        (PolicyRefused("others can read the key file k"), Exit.POLICY_REFUSED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_used_has_the_exit_code_of_its_kind(error: AkisError, code: Exit) -> None:
    assert exit_code(error) == code
