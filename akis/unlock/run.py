"""One unlock from the code to the new PIN, in its order; it asks nothing and prints nothing.

::

    run = UnlockRun(client, keys=terminal_keys, step=show)
    opened = run.open(code)
    seen = run.look(target)          # until seen.found has the card
    run.use(seen.found[0])
    run.check_pin(new_pin)
    factor = run.choose()
    run.confirm(answer)
    run.exchange(new_pin, wait=wait)
    run.holds                        # at any time, whatever happened
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from akis.card import Card
from akis.connect import connect
from akis.errors import AkisError, AuthorityRefused, InvalidArgument
from akis.secret import Secret
from akis.sources.keys import TerminalKeys
from akis.unlock import cards
from akis.unlock.api import AuthorityClient
from akis.unlock.cards import Connect, FoundCard, Look
from akis.unlock.carry import Carrying
from akis.unlock.channel import Channel
from akis.unlock.code import UnlockCode
from akis.unlock.finish import Finishing
from akis.unlock.holds import Holds
from akis.unlock.issue import OtherCard
from akis.unlock.kinds import Kind
from akis.unlock.new_pin import check_new_pin
from akis.unlock.opened import OpenedUnlock, SecondFactor
from akis.unlock.steps import Progress, Step, unseen

__all__ = ["FoundCard", "Holds", "Look", "OpenedUnlock", "Step", "UnlockRun"]

Wait = Callable[[int], bool]
"""Called with the seconds to wait, which it does; whether to try again is what it returns."""


class UnlockRun:
    """One unlock with ``client``. ``keys`` are for a card that takes PINs only in a session of the terminal's key.

    ``connect`` leads to the card, ``step`` is called at every :class:`Step`. :attr:`holds` says what the card's PIN is,
    at any time and after any error, :class:`KeyboardInterrupt` included.
    """

    def __init__(
        self,
        client: AuthorityClient,
        *,
        keys: TerminalKeys | None = None,
        connect: Connect = connect,
        step: Progress = unseen,
    ) -> None:
        self.opened: OpenedUnlock | None = None
        self.found: FoundCard | None = None
        self._client = client
        self._keys = keys
        self._connect = connect
        self._step = step
        self._earlier = Holds.AS_BEFORE
        """What the exchanges before the last one have left."""
        self._last: Carrying | Finishing | None = None

    @property
    def holds(self) -> Holds:
        """What the card's PIN is after all that was done in this run. A later exchange that changed nothing undoes
        nothing of an earlier one."""
        last = Holds.AS_BEFORE if self._last is None else self._last.holds
        return self._earlier if last is Holds.AS_BEFORE else last

    def open(self, code: UnlockCode) -> OpenedUnlock:
        """Redeem the code."""
        self.opened = self._client.open_unlock(code)
        self._step(Step.CODE_ACCEPTED)
        return self.opened

    def look(self, target: str | None) -> Look:
        """Look once for the holder's cards (:func:`akis.unlock.cards.look`)."""
        if self.opened is None:
            raise InvalidArgument("whose cards to look for is known once a code was redeemed")
        return cards.look(target, self.opened.cards, connect=self._connect)

    def use(self, found: FoundCard) -> None:
        """The card to unlock, one that :meth:`look` found."""
        self.found = found
        self._step(Step.CARD_FOUND)

    def check_pin(self, pin: Secret) -> None:
        """:class:`PinFormatError` or :class:`ObviousPin` where ``pin`` will not do for the card in use."""
        found = self._in_use()
        check_new_pin(pin, found.profile.pin, found.card.serial)

    def choose(self) -> SecondFactor:
        """Tell the authority which card it is; where the second factor is an SMS this sends it, and again a new one."""
        factor = self._client.choose_card(self._in_use().card.serial)
        if factor.kind == "sms":
            self._step(Step.SECOND_FACTOR_SENT)
        return factor

    def confirm(self, answer: Secret) -> None:
        """Give the second factor's answer."""
        self._client.confirm(answer)
        self._step(Step.CONFIRMED)

    def exchange(self, new_pin: Secret, *, wait: Wait | None = None) -> None:
        """Have the authority reset the PIN, change it to ``new_pin``, and see that the card takes that.

        Where another unlock has the card, ``wait`` is called with the seconds after which to try again; without it, or
        where it returns False, :class:`AuthorityRefused` (``card_busy``) is raised. Raises what :class:`Carrying` and
        :class:`Finishing` raise, and :class:`OtherCard` where the card was changed for another. It may be called again
        as long as the authority lets it.
        """
        self.check_pin(new_pin)
        while (busy := self._unless_busy(new_pin)) is not None:
            if wait is None or busy.retry_after is None or not wait(busy.retry_after):
                raise busy

    def _unless_busy(self, new_pin: Secret) -> AuthorityRefused | None:
        """One exchange; the refusal is returned where another unlock has the card."""
        try:
            self._exchange_once(self._in_use(), new_pin)
        except AuthorityRefused as refused:
            if refused.kind != Kind.CARD_BUSY:
                raise
            return refused
        self._step(Step.DONE)
        return None

    def _exchange_once(self, found: FoundCard, new_pin: Secret) -> None:
        self._earlier, self._last = self.holds, None
        connection = self._connect(found.target, exclusive=True, leave_card=False)
        # From here to the end nobody else gets to the card, and then it is reset, the new PIN not verified any more.
        with Card(connection.transport, found.profile) as card, card.transaction():
            if card.serial() != found.card.serial:
                raise OtherCard(f"the card in {found.place} is another one than before; put that one back, then go on")
            with self._client.exchange() as channel:
                self._carry_and_finish(card, channel, new_pin)

    def _carry_and_finish(self, card: Card, channel: Channel, new_pin: Secret) -> None:
        self._last = carrying = Carrying(channel, card.transport, card.profile, self._step)
        with carrying.run() as transport_pin:
            try:
                self._last = finishing = Finishing(card.transport, card.profile, self._keys, self._step)
                finishing.run(transport_pin, new_pin)
            finally:
                # What became of the card does not depend on whether the authority hears of it.
                with suppress(AkisError):
                    carrying.report(self.holds)

    def _in_use(self) -> FoundCard:
        if self.found is None:
            raise InvalidArgument("no card was chosen yet; look for one, and use what was found")
        return self.found
