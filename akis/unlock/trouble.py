"""Why an authority could not be reached, as a sentence that says what to look at."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from akis.errors import AuthorityUnreachable
from akis.unlock.address import Address, is_loopback

# Of X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL, x509_vfy.h).
_OTHER_NAME = (62, 64)
# Of X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_OTHER_TIME = (9, 10)
_HUNG_UP = "Server disconnected"
"""What httpx says of a connection that ended before the answer; its kind of error is that of any odd answer."""

_NO_HTTP = ("RemoteProtocolError", "InvalidMessage")
"""How httpx and websockets name what they raise for an answer that is no HTTP."""


def unreachable(address: Address, error: BaseException, timeout: float, ca: Path | None = None) -> AuthorityUnreachable:
    """The error to raise for what httpx, websockets or the system raised; it keeps nothing of that but its kind.

    ``ca`` is the file whose CAs alone were trusted, where there was one.

    Their errors hold requests, with a code or a token in them: raise this where the other is not its context.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AuthorityUnreachable(_not_trusted(address, cause, ca))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return AuthorityUnreachable(_not_secure(address))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return AuthorityUnreachable(
            f"nothing answers at {address}; see that the address is right and that the authority is running"
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return AuthorityUnreachable(f"the name {address.host} leads nowhere; look at the address and at the network")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return timed_out(address, timeout)
    if any(isinstance(cause, OSError | EOFError) or str(cause).startswith(_HUNG_UP) for cause in causes):
        return AuthorityUnreachable(_broke(address))
    if not address.secure and any(type(cause).__name__ in _NO_HTTP for cause in causes):
        return AuthorityUnreachable(
            f"what answers at {address} does not speak http; if it speaks TLS, write the address as https://"
        )
    return no_authority(address, "it does not speak as one")


def timed_out(address: Address, timeout: float) -> AuthorityUnreachable:
    """For an answer that did not come in time."""
    return AuthorityUnreachable(
        f"the authority at {address} did not answer within {timeout:g} s; look at the network, then try again"
    )


def no_authority(address: Address, why: str) -> AuthorityUnreachable:
    """For an answer that no authority gives; ``why`` says in what it differs."""
    return AuthorityUnreachable(f"what answers at {address} is no akis authority ({why}); look at the address")


def _broke(address: Address) -> str:
    if address.secure:
        return f"the connection to {address} broke; look at the network, then try again"
    # Without TLS it is on this machine, where no network is in the way; a server that expects TLS just hangs up.
    return (
        f"the connection to {address} broke; see that the authority is running, and if it speaks TLS, write the "
        "address as https://"
    )


def _not_secure(address: Address) -> str:
    if is_loopback(address.host):
        return (
            f"no secure connection to {address} came about; see that https is spoken there, and if it is plain http, "
            "which this machine alone may have, write the address as http://"
        )
    return f"no secure connection to {address} came about; see that the address is right and that https is spoken"


def _not_trusted(address: Address, error: ssl.SSLCertVerificationError, ca: Path | None) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"the certificate of {address} is for another name; see that the address is right"
    if error.verify_code in _OTHER_TIME:
        return (
            f"the certificate of {address} is not trusted ({error.verify_message}); see that the clock of this "
            "computer is right, and tell the issuer"
        )
    if ca is not None:
        return (
            f"the certificate of {address} is not from the CA in {ca} ({error.verify_message}); see that this is the "
            "file of the authority's CA"
        )
    return (
        f"the certificate of {address} is not trusted ({error.verify_message}); where it comes from a CA that this "
        "system does not know, name the file of that CA with --ca"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
