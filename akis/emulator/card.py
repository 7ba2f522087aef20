"""The emulated card: bytes in, bytes out.

What it answers is written down row by row in the tests, ``tests/akis/emulator``; they are its definition.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from akis.codec.apdu import CHAINED, SM_BITS, CommandApdu, ResponseApdu
from akis.commands.pin import PROPRIETARY
from akis.emulator.continuation import Continuation
from akis.emulator.current import Current
from akis.emulator.dialect import Commands, Parts
from akis.emulator.dialect_1 import dialect_1
from akis.emulator.dialect_2 import dialect_2
from akis.emulator.factory_files import NAMES, factory_files
from akis.emulator.file_tree import FileTree
from akis.emulator.memory import Memory
from akis.emulator.personality import Personality, State, load_personality
from akis.emulator.security import SecurityStatus
from akis.emulator.status import (
    CHAIN_END_EXPECTED,
    CHANNEL_NOT_SUPPORTED,
    CONDITIONS,
    DONE,
    NOT_FOUND,
    SECURITY_STATUS,
    SM_NOT_SUPPORTED,
    UNKNOWN_CLA,
    UNKNOWN_INS,
    WRONG_LENGTH,
    Refuse,
    require,
)
from akis.errors import CodecError, ProfileError, SecureMessagingError, WrongType

_LONGEST_CHAIN = 0x10000


class EmulatedCard:
    """One card of a personality. It starts powered up; :meth:`reset` takes the power away and gives it back.

    ``random(n)`` gives n random bytes. ``on_commit`` is called with the memory at each write to it.
    :attr:`instead` maps instruction codes to a status word that is answered without doing anything.
    """

    def __init__(
        self,
        personality: Personality,
        memory: Memory | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        on_commit: Callable[[Memory], None] | None = None,
    ) -> None:
        if not isinstance(personality, Personality):
            raise WrongType(
                f"a card is of a Personality, not of {type(personality).__name__}; EmulatedCard.named has names"
            )
        self.personality = personality
        self.memory = Memory.new(personality) if memory is None else memory
        self.memory.on_commit = on_commit
        if self.memory.dialect != personality.dialect:
            theirs = self.memory.dialect
            raise ProfileError(f"the saved card is one of dialect {theirs}, and {personality.name} is not")
        self._security = SecurityStatus(personality, random)
        self._tree = self._files()
        self._current = Current(self._tree, self._security)
        self._commands = self._dialect(random)
        self.instead: dict[int, int] = {}
        self._chain: CommandApdu | None = None
        self._continuation = Continuation()

    @classmethod
    def named(
        cls, name: str = "akis-2.2", state: State = "", random: Callable[[int], bytes] = secrets.token_bytes
    ) -> EmulatedCard:
        """A card of a personality that comes with the library, in a state: "", new, blocked, last-try, dead."""
        personality = load_personality(name)
        return cls(personality, Memory.new(personality, state), random)

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self.personality.atr

    def reset(self) -> bytes:
        """Reset: session, role, verified PINs and current files are gone, the memory stays. Returns the ATR."""
        self._security.reset()
        self._current.reset()
        self._commands.reset()
        self._continuation.forget()
        self._chain = None
        return self.atr

    def save(self) -> bytes:
        """What survives a power cut, PIN and PUK in it; see :meth:`restore`."""
        return self.memory.save()

    @classmethod
    def restore(
        cls, personality: Personality, saved: bytes, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> EmulatedCard:
        """A card with the memory that :meth:`save` gave, just powered up."""
        return cls(personality, Memory.restore(saved), random)

    def fork(self, random: Callable[[int], bytes] = secrets.token_bytes) -> EmulatedCard:
        """A second card with the same memory, just powered up, that goes its own way from here on."""
        return self.restore(self.personality, self.save(), random)

    def process(self, raw: bytes) -> bytes:
        """Answer one command APDU. Never raises for what a terminal sends."""
        return self._answer(raw).to_bytes()

    def __repr__(self) -> str:
        return f"EmulatedCard({self.personality.name}, {self.memory.references})"

    def _files(self) -> FileTree:
        """The files in the memory, or those of the personality as long as none was changed."""
        saved = self.memory.files
        entries = factory_files(self.personality) if saved is None else saved
        return FileTree(entries, NAMES, grows=self.personality.dialect == "1.0", written=self._files_written)

    def _files_written(self) -> None:
        self.memory.files = self._tree.entries()
        self.memory.commit()

    def _dialect(self, random: Callable[[int], bytes]) -> Commands:
        parts = Parts(self.personality, self.memory, self._security, self._current, random)
        return dialect_1(parts) if self.personality.dialect == "1.0" else dialect_2(parts)

    def _answer(self, raw: bytes) -> ResponseApdu:
        try:
            command = CommandApdu.from_bytes(raw)
            self._check_class(command)
        except CodecError:
            return self._broken_off(WRONG_LENGTH)
        except Refuse as refusal:
            return self._broken_off(refusal.sw)
        continued = self._continuation.next(command)
        if continued is not None:
            return continued
        answer = self._protected(command) if command.cla & SM_BITS else self._plain(command)
        self._security.answered()
        return answer if command.extended else self._continuation.cut(answer)

    def _check_class(self, command: CommandApdu) -> None:
        """Refuse classes and lengths this card does not know (ISO/IEC 7816-4:2005 §5.1.1)."""
        cla = command.cla
        require(cla & 0xC0 != 0x40, CHANNEL_NOT_SUPPORTED)
        require(cla & 0xE0 == 0 or self._is_proprietary(command), UNKNOWN_CLA)
        require(cla & 0x03 == 0, CHANNEL_NOT_SUPPORTED)
        secure = cla & SM_BITS == SM_BITS and self._commands.secure_messaging
        require(not cla & SM_BITS or secure, SM_NOT_SUPPORTED)
        require(self.personality.extended_length or not command.extended, WRONG_LENGTH)
        require(len(command.data) <= self._commands.max_data, WRONG_LENGTH)

    def _is_proprietary(self, command: CommandApdu) -> bool:
        """Whether it is of the class that 1.0 has for itself; what that class has not is no unknown class."""
        return command.cla == PROPRIETARY and bool(self._commands.proprietary)

    def _plain(self, command: CommandApdu) -> ResponseApdu:
        # Any plain command ends session and role, then runs with plain rights.
        if self._security.session is not None:
            self._chain = None
        self._security.end_session()
        return self._run(command, protected=False)

    def _protected(self, command: CommandApdu) -> ResponseApdu:
        session = self._security.session
        if session is None:
            return self._broken_off(CONDITIONS)
        if session.rules.chain == "whole":
            whole = self._joined(command)
            if not isinstance(whole, CommandApdu):
                return whole if whole.sw.ok else self._broken_off(whole.sw)
            command = whole
        try:
            plain = session.unprotect(command)
        except SecureMessagingError as error:
            return self._broken_off(error.sw or 0x6988)
        return session.protect(self._run(plain, protected=True))

    def _broken_off(self, sw: int) -> ResponseApdu:
        """A refusal in the clear that no command was run for: session and role are over, and so is a chain."""
        self._security.end_session()
        self._continuation.forget()
        self._chain = None
        return ResponseApdu(sw=sw)

    def _run(self, command: CommandApdu, protected: bool) -> ResponseApdu:
        """Run a plain command; errors of the application are answers like any other."""
        try:
            require(not self.memory.dead or command.ins in self._commands.when_dead, CONDITIONS)
            whole = self._joined(command)
            if not isinstance(whole, CommandApdu):
                return whole
            return self._dispatch(whole, protected)
        except Refuse as refusal:
            return ResponseApdu(sw=refusal.sw)

    def _dispatch(self, command: CommandApdu, protected: bool) -> ResponseApdu:
        ins = command.ins
        if ins in self.instead:
            raise Refuse(self.instead[ins])
        table = self._commands.proprietary if self._is_proprietary(command) else self._commands.handlers
        handler = table.get(ins)
        if handler is None:
            raise Refuse(UNKNOWN_INS)
        if ins in self._commands.of_pins and not self._is_proprietary(command):
            # References 81 and 82 are local to the application.
            require(self._current.in_application, NOT_FOUND)
            require(protected or not self.personality.pin_over_sm_only, SECURITY_STATUS)
        return handler(command)

    def _joined(self, command: CommandApdu) -> CommandApdu | ResponseApdu:
        """The command with all links of its chain before it, or the answer to a link that is not the last."""
        begun, self._chain = self._chain, None
        if begun is None and not command.cla & CHAINED:
            return command
        data = command.data
        if begun is not None:
            if (begun.cla & ~CHAINED, begun.header[1:]) != (command.cla & ~CHAINED, command.header[1:]):
                return ResponseApdu(sw=CHAIN_END_EXPECTED)
            data = begun.data + data
        if len(data) >= _LONGEST_CHAIN:
            return ResponseApdu(sw=WRONG_LENGTH)
        if command.cla & CHAINED:
            self._chain = command.replace(data=data)
            return DONE
        return command.replace(data=data)
