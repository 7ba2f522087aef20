"""Signing in at the portal: a name and the web password for a token."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from akis.authority.context import Authority
from akis.authority.passwords import password_fits
from akis.authority.refused import Refused
from akis.authority.spent import PASSWORDS
from akis.authority.steps import attempts
from akis.authority.steps.barred import check_not_locked
from akis.authority.steps.step import step
from akis.authority.steps.tokens import new_token, token_hash
from akis.authority.store.tables import Holder, SignIn
from akis.unlock.kinds import Kind

LONGEST_NAME = 64
_NOT_SIGNED_IN = "nobody is signed in with this token, or no more; sign in again"


def sign_in(authority: Authority, name: str, password: str, address: str) -> tuple[str, Holder]:
    """A new sign-in token for whoever knows the password, and the holder it is for; it lasts ``rules.sign_in_lasts``.

    Refused: SIGN_IN_REFUSED for an unknown name and a wrong password alike, HOLDER_LOCKED, TOO_MANY.
    """
    by = _counted_by(authority, name, address)
    with authority.read() as session:
        wait = _blocked_for(authority, session, by)
        found = _named(session, name)
        stored = None if found is None else found.password_hash
    # Outside of the transaction, since it is made to take long; the same work where there is no such name.
    with authority.spent.on(PASSWORDS):
        fits = wait is None and password_fits(stored, password)
    with step(authority, "sign_in", address) as (session, line):
        # Asked again: of many guesses at one moment, those that come to their end too late are told nothing.
        wait = _blocked_for(authority, session, by) if wait is None else wait
        if wait is not None:
            raise Refused(Kind.TOO_MANY, "too many wrong passwords; wait and try again", retry_after=wait)
        holder = _named(session, name)
        if holder is not None:
            line.details["name"] = holder.name
        # What is no holder's name is not written down: people type passwords into the wrong field.
        if holder is None or holder.password_hash != stored or not fits:
            for who in by:
                attempts.count(session, who, authority.now(), authority.rules.window)
            raise Refused(Kind.SIGN_IN_REFUSED, "name or password is wrong")
        line.actor = holder.name
        check_not_locked(holder)
        return _new_sign_in(authority, session, holder), holder


def signed_in(authority: Authority, token: str) -> Holder:
    """The holder a sign-in token is for; refused with NOT_SIGNED_IN. Only looks, so it writes nothing down."""
    with authority.read() as session:
        return _found(authority, session, token).holder


def sign_out(authority: Authority, token: str, address: str = "") -> None:
    """Make a sign-in token worthless; refused with NOT_SIGNED_IN where it is already."""
    with step(authority, "sign_out", address) as (session, line):
        line.kept = False  # anybody can send a token that nobody has, again and again
        found = _found(authority, session, token)
        line.kept = True
        line.actor = found.holder.name
        session.delete(found)


def _new_sign_in(authority: Authority, session: Session, holder: Holder) -> str:
    now = authority.now()
    session.execute(delete(SignIn).where(SignIn.holder_id == holder.id, SignIn.expires_at <= now))
    token, hashed = new_token(authority.random)
    expires_at = now + timedelta(seconds=authority.rules.sign_in_lasts)
    session.add(SignIn(token_hash=hashed, holder_id=holder.id, expires_at=expires_at))
    return token


def _found(authority: Authority, session: Session, token: str) -> SignIn:
    found = session.get(SignIn, token_hash(token))
    if found is None or found.expires_at <= authority.now():
        raise Refused(Kind.NOT_SIGNED_IN, _NOT_SIGNED_IN)
    _ = found.holder  # loaded while there is a session
    return found


def _named(session: Session, name: str) -> Holder | None:
    # Databases choke on some characters that nobody is named with.
    if not name.isprintable() or len(name) > LONGEST_NAME:
        return None
    return session.scalars(select(Holder).where(Holder.name == name)).one_or_none()


def _counted_by(authority: Authority, name: str, address: str) -> tuple[str, str]:
    """Under what wrong passwords count: the name, which need not be one and is therefore hidden, and the address."""
    hidden = authority.mac("sign-in names", name.encode("utf-8", "replace"))[:16].hex()
    return f"sign-in/name/{hidden}", f"sign-in/address/{attempts.source(address)}"


def _blocked_for(authority: Authority, session: Session, by: tuple[str, str]) -> int | None:
    rules = authority.rules
    waits = [attempts.blocked_for(session, who, authority.now(), rules.sign_ins_wrong, rules.window) for who in by]
    return max((wait for wait in waits if wait is not None), default=None)
