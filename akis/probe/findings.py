"""What a card said to a probe, as values, before anything is concluded from it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from akis.codec.apdu import ResponseApdu
from akis.codec.fci import FCI, FCP, FileControl
from akis.codec.file_path import FilePath
from akis.codec.pin_flags import PinFlags
from akis.codec.tlv import Tlv, parse
from akis.commands.objects import PinObject
from akis.errors import CodecError
from akis.status import StatusWord

# ISO/IEC 7816-4:2005 §5.1.3: the file is selected, and is deactivated or in termination state.
_SELECTED_ALL_THE_SAME = (0x6283, 0x6285)
_SECURITY_STATUS = 0x6982


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer to one SELECT.

    ``template`` is 6F or 62 where the data is file control information, ``tags`` those inside it, in their order; both
    are empty where it is something else. ``control`` is what it says, ``flags`` its tag 90, each None where unreadable.
    """

    sw: StatusWord
    template: int | None = None
    tags: tuple[int, ...] = ()
    control: FileControl | None = None
    flags: PinFlags | None = None

    @classmethod
    def of(cls, answer: ResponseApdu) -> Selection:
        """Read an answer; any will do."""
        objects = _objects(answer.data)
        if len(objects) != 1 or objects[0].tag not in (FCI, FCP):
            return cls(answer.sw)
        control = flags = None
        # What is inside may have a form of its own, and its tags are of use all the same; most cards have no tag 90.
        with suppress(CodecError):
            control = FileControl.from_bytes(answer.data)
        with suppress(CodecError):
            flags = PinFlags.from_fci(answer.data)
        return cls(answer.sw, objects[0].tag, tuple(item.tag for item in objects[0].children), control, flags)

    @property
    def selected(self) -> bool:
        """Whether the file is current now."""
        return self.sw.ok or self.sw in _SELECTED_ALL_THE_SAME

    @property
    def there(self) -> bool:
        """Whether there is such a file, be it one that may not be selected now."""
        return self.selected or self.sw == _SECURITY_STATUS


@dataclass(frozen=True, slots=True)
class Information:
    """The answer to one GET DATA, ``data`` being empty where the card refused."""

    sw: StatusWord
    data: bytes = b""

    @classmethod
    def of(cls, answer: ResponseApdu) -> Information:
        """Read an answer; data that comes with a warning counts."""
        refused = not answer.sw.ok and answer.sw >> 8 not in (0x62, 0x63)
        return cls(answer.sw, b"" if refused else answer.data)


@dataclass(frozen=True, slots=True)
class NumberedPin:
    """PIN object BF81nn, and what it says."""

    number: int
    said: PinObject

    @property
    def counts(self) -> bool:
        """Whether it has a counter that does not contradict itself: a number to guard tries by."""
        left, most = self.said.tries_left, self.said.max_tries
        return left is not None and most is not None and left <= most


@dataclass(frozen=True, slots=True)
class Findings:
    """All that one probe was told.

    ``application_path`` is the path from the MF that leads to the application, None where none does;
    ``application`` is the answer of the way by which it was selected last, None where there is none.
    ``pin_objects`` are the readable ones, from 1 on; ``pins_ended`` is how the card answered the first that is not
    there, None where it was never asked or never came to an end, and ``pins_unreadable`` says that one made no sense.
    ``certificates`` are the paths of those files that are there. ``commands`` counts what was sent.
    """

    atr: bytes
    mf: Selection
    by_name: Selection
    by_aid: Selection
    by_path: Selection
    application_path: FilePath | None
    application: Selection | None
    system: Information
    memory: Information
    pin_objects: tuple[NumberedPin, ...]
    pins_ended: StatusWord | None
    pins_unreadable: bool
    certificates: tuple[FilePath, ...]
    commands: int = 0


def _objects(raw: bytes) -> tuple[Tlv, ...]:
    try:
        return parse(raw)
    except CodecError:
        return ()
