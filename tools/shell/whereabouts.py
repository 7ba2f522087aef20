"""Where one is on a card, by what went over to it and what it answered: the current file, and what is verified."""

from __future__ import annotations

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.fci import FileControl
from akis.codec.file_path import MF, FilePath, path_text
from akis.commands import files, pin
from akis.errors import CodecError
from akis.profile.model import CardProfile
from akis.trace.names import PSO

# ISO/IEC 7816-4:2005 §5.1.3: selected, and deactivated, without readable control information, or terminated.
_SELECTED = (0x9000, 0x6283, 0x6284, 0x6285)
_MORE = 0x61
_BY_FID, _CHILD_DF, _CHILD_EF, _PARENT, _BY_NAME, _FROM_MF, _FROM_DF = 0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x09
_SIGNATURE = (0x9E, 0x9A)


class Whereabouts:
    """Follows plain commands, whoever sent them. ``path`` is that of the current file, None where nobody knows it.

    ``df`` is the current DF, None where it is not known. ``verified`` names what the card has accepted and not
    forgotten since, as far as ISO/IEC 7816-4 says when a card forgets: leaving the DF, changing the value, a reset.
    """

    def __init__(self, profile: CardProfile) -> None:
        self._profile = profile
        self.reset()

    def reset(self) -> None:
        """After a reset the MF is current and nothing is verified."""
        self.df: FilePath | None = ()
        self.path: FilePath | None = ()
        self.verified: frozenset[str] = frozenset()
        self._name = ""

    @property
    def in_application(self) -> bool:
        """Whether the DF with PIN and keys is current."""
        return self.df == self._profile.application_path

    def __str__(self) -> str:
        return self._name or (path_text(self.path) if self.path is not None else "?")

    def heard(self, command: CommandApdu, answer: ResponseApdu) -> None:
        """A command and its answer, as they are in plain."""
        ins = command.ins & 0xFE
        if command.ins == files.SELECT:
            if answer.sw in _SELECTED or answer.sw >> 8 == _MORE:
                self._select(command, answer)
        elif ins == pin.VERIFY:
            self._verify(command, answer)
        elif ins in (pin.CHANGE, pin.RESET) or self._ends_verification(command):
            self.verified = frozenset()

    def _ends_verification(self, command: CommandApdu) -> bool:
        """Whether it is AKİS 1.0's logout, or a signature that uses the verification up."""
        if (command.cla, command.ins) == (pin.PROPRIETARY, pin.LOGOUT):
            return True
        signing = self._profile.signing
        used_up = signing is None or signing.fresh_verify
        return used_up and command.ins == PSO and (command.p1, command.p2) == _SIGNATURE

    def _verify(self, command: CommandApdu, answer: ResponseApdu) -> None:
        profile = self._profile
        names = {profile.pin.reference: profile.pin.name, profile.puk.reference: profile.puk.name}
        name = frozenset((names.get(command.p2, f"{command.p2:02X}"),))
        accepted = answer.sw.ok and command.p1 != 0xFF
        self.verified = self.verified | name if accepted else self.verified - name

    def _select(self, command: CommandApdu, answer: ResponseApdu) -> None:
        path, is_df = self._named(command)
        control = _control(answer)
        if control is not None and control.is_df is not None:
            is_df = control.is_df
        before, self.path, self._name = self.df, path, ""
        if path is None:
            self.df = None
            name = control.name if control is not None and control.name else command.data
            self._name = _text(name) if command.p1 == _BY_NAME else f"?/{command.data.hex().upper()}"
        else:
            self.df = path if is_df or not path else path[:-1]
        if self.df is None or self.df != before:
            self.verified = frozenset()

    def _named(self, command: CommandApdu) -> tuple[FilePath | None, bool]:
        """The path that a SELECT names, None where that takes knowing the card; and whether it is that of a DF."""
        p1, data, df = command.p1, command.data, self.df
        application = self._profile.application_path
        if p1 == _BY_NAME:
            return (application, True) if data and data == self._profile.application else (None, True)
        if len(data) % 2:
            return None, False
        fids = tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
        below = fids[1:] if fids[:1] == (MF,) else fids
        if p1 == _FROM_MF or (p1 == _BY_FID and not below):
            return below, below == application
        if df is None or (p1 == _BY_FID and df):
            return None, False  # a child, or one beside or above, as the card finds it
        if p1 == _PARENT:
            return df[:-1], True
        known = p1 in (_BY_FID, _CHILD_DF, _CHILD_EF, _FROM_DF)
        return ((*df, *fids), p1 == _CHILD_DF or (*df, *fids) == application) if known else (None, False)


def _control(answer: ResponseApdu) -> FileControl | None:
    try:
        return FileControl.from_bytes(answer.data) if answer.data else None
    except CodecError:
        return None


def _text(name: bytes) -> str:
    """A DF name as its letters, or in hex."""
    return name.decode("ascii") if name and all(0x21 <= byte < 0x7F for byte in name) else name.hex().upper()
