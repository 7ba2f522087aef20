"""Why an authority could not be reached, as a sentence that says what to look at."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from akis.errors import AuthorityUnreachable
from akis.unlock.address import Address

# Of X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL, x509_vfy.h).
_OTHER_NAME = (62, 64)
_HUNG_UP = "Server disconnected"
"""What httpx says of a connection that ended before the answer; its kind of error is that of any odd answer."""


def unreachable(address: Address, error: BaseException, timeout: float) -> AuthorityUnreachable:
    """The error to raise for what httpx, websockets or the system raised; it keeps nothing of that but its kind.

    Their errors hold requests, with a code or a token in them: raise this where the other is not its context.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AuthorityUnreachable(_not_trusted(address, cause))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return AuthorityUnreachable(
            f"no secure connection to {address} came about; see that the address is right and that https is spoken"
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return AuthorityUnreachable(
            f"nothing answers at {address}; see that the address is right and that the authority is running"
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return AuthorityUnreachable(f"the name {address.host} leads nowhere; look at the address and at the network")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return timed_out(address, timeout)
    if any(isinstance(cause, OSError | EOFError) or str(cause).startswith(_HUNG_UP) for cause in causes):
        return AuthorityUnreachable(f"the connection to {address} broke; look at the network, then try again")
    return no_authority(address, "it does not speak as one")


def timed_out(address: Address, timeout: float) -> AuthorityUnreachable:
    """For an answer that did not come in time."""
    return AuthorityUnreachable(
        f"the authority at {address} did not answer within {timeout:g} s; look at the network, then try again"
    )


def no_authority(address: Address, why: str) -> AuthorityUnreachable:
    """For an answer that no authority gives; ``why`` says in what it differs."""
    return AuthorityUnreachable(f"what answers at {address} is no akis authority ({why}); look at the address")


def _not_trusted(address: Address, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"the certificate of {address} is for another name; see that the address is right"
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
