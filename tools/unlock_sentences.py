"""Sentences of the library that the holder of a card meets, in the language that is spoken.

The library speaks English and puts names of readers, files and addresses into its sentences, so each is found again by
its pattern, in which ``{…}`` stands for such a name.
"""

from __future__ import annotations

import re
from functools import cache

from .language import N_, _

PATTERNS = (
    # What is seen while a card is waited for (akis.unlock.cards).
    N_("there is no card reader; plug one in"),
    N_("there is no card in {place}"),
    N_("the card in {place} is none of yours"),
    N_("the card in {place} does not tell its serial number; it is none of yours, or too new"),
    N_("another program has the card in {place}; end that one"),
    N_("the reader {place} is not available; plug it in again"),
    N_("the card in {place} does not answer; see that it is clean and the right way up"),
    # PC/SC (akis.transport.pcsc, akis.transport.readers).
    N_("the PC/SC service does not answer; start pcscd, then connect again"),
    N_("the PC/SC service has stopped; start pcscd, then connect again"),
    N_("the PC/SC service does not let this user in; ask for access, often given by polkit"),
    N_("there is no reader {name}; there are {names}"),
    N_("{name} fits several readers, say which: {names}"),
    N_("the card in {place} does not answer; see that it is a smart card, clean and the right way up"),
    N_("the card was taken out of {place}; put it back, then begin again"),
    N_("the card in {place} has lost its power; begin again"),
    N_("another program has the card in {place}; end that one, then try again"),
    # The address of the authority and the way to it (akis.unlock.address, akis.unlock.trouble).
    N_("the authority's address is not one; write it as https://HOST"),
    N_("http is for an authority on this machine alone, all could read along; write the address as https://"),
    N_("a CA file is for https, and the authority's address is http"),
    N_("the CA file {file} has no certificate in PEM form"),
    N_("the CA file {file} cannot be read: {reason}"),
    N_("nothing answers at {address}; see that the address is right and that the authority is running"),
    N_("the name {host} leads nowhere; look at the address and at the network"),
    N_("the authority at {address} did not answer within {seconds} s; look at the network, then try again"),
    N_("the connection to {address} broke; look at the network, then try again"),
    N_("the connection to {address} ended in the middle of an exchange; look at the network and try again"),
    N_("the certificate of {address} is for another name; see that the address is right"),
    N_(
        "the certificate of {address} is not trusted ({reason}); where it comes from a CA that this system does not "
        "know, name the file of that CA with --ca"
    ),
    N_(
        "the certificate of {address} is not trusted ({reason}); see that the clock of this computer is right, and "
        "tell the issuer"
    ),
    N_(
        "the certificate of {address} is not from the CA in {file} ({reason}); see that this is the file of the "
        "authority's CA"
    ),
    N_("no secure connection to {address} came about; see that the address is right and that https is spoken"),
    N_(
        "no secure connection to {address} came about; see that https is spoken there, and if it is plain http, which "
        "this machine alone may have, write the address as http://"
    ),
    N_(
        "the connection to {address} broke; see that the authority is running, and if it speaks TLS, write the "
        "address as https://"
    ),
    N_("what answers at {address} does not speak http; if it speaks TLS, write the address as https://"),
    N_("what answers at {address} is no akis authority ({reason}); look at the address"),
    N_("the authority at {address} is out of order just now (HTTP {status}); try again later"),
    # The exchange with the card (akis.unlock.carry, akis.unlock.permitted, akis.unlock.finish, akis.unlock.run).
    N_(
        "the authority does not keep to the protocol of an unlock ({reason}); see that its address is right and that "
        "client and authority are of fitting versions"
    ),
    N_("the authority sent {what}, which no unlock needs; it was not given to the card"),
    N_(
        "this card takes PINs only in a secure session of the terminal's key, so it still holds a transport PIN; give "
        "--terminal-keys and run the unlock again: {status}"
    ),
    N_("the card in {place} is another one than before; put that one back, then go on"),
    # Codes, and where answers come from (akis.unlock.code, akis.sources.secrets).
    N_("a code has 15 digits; nothing was sent"),
    N_("this code was mistyped: its check digit does not fit; nothing was sent"),
    N_("the code from {source} is empty or not there; nothing was sent"),
    N_("the new PIN from {source} is empty or not there; nothing was sent"),
    N_(
        "no card that is known here takes this PIN: it is too short, too long, or not of digits alone; nothing was sent"
    ),
    N_("the code of the SMS has 6 digits; it was not sent, and no try is spent"),
    N_("the web password is empty; it was not sent, and no try is spent"),
    N_("the answer is not text in UTF-8, so it was not sent"),
    N_("the answer from {source} is empty or not there; nothing was sent"),
    N_("the answer from {source} is empty or not there"),
    N_("an unlock needs the packages httpx and websockets, which are not here; install akis[unlock]"),
)


def translated(sentence: str) -> str | None:
    """``sentence`` in the language that is spoken; None where it is none of these."""
    for pattern, compiled in _compiled().items():
        found = compiled.fullmatch(sentence)
        if found:
            return _(pattern).format(**found.groupdict())
    return None


@cache
def _compiled() -> dict[str, re.Pattern[str]]:
    return {pattern: _expression(pattern) for pattern in PATTERNS}


def _expression(pattern: str) -> re.Pattern[str]:
    """What finds the pattern's sentence; the names in it may hold anything."""
    pieces = re.split(r"\{(\w+)\}", pattern)
    return re.compile(
        "".join(f"(?P<{piece}>.+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)), re.DOTALL
    )
