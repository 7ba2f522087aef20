"""Which DF, EF and record are current, and who may do what with them."""

from __future__ import annotations

from akis.emulator.contents import Access
from akis.emulator.file_tree import Df, Ef, FileTree
from akis.emulator.memory import PIN
from akis.emulator.personality import APPLICATION
from akis.emulator.security import SecurityStatus
from akis.emulator.status import FILE_NOT_FOUND, NO_CURRENT_EF, SECURITY_STATUS, Refuse, require


class Current:
    """What SELECT has left behind. ``record`` is the current record's number, 0 before the first access to one."""

    def __init__(self, tree: FileTree, security: SecurityStatus) -> None:
        self.tree = tree
        self._security = security
        self.reset()

    def reset(self) -> None:
        """The MF is current, no EF is."""
        self.df: Df = self.tree.mf
        self.ef: Ef | None = None
        self.record = 0

    @property
    def in_application(self) -> bool:
        """Whether the DF with PIN, PUK and signature keys is current."""
        return self.df.path == APPLICATION

    def enter(self, file: Df | Ef) -> None:
        """Make ``file`` current, and for an EF the DF it is in."""
        df = file.parent if isinstance(file, Ef) else file
        if df is not self.df:
            # Leaving a DF ends what was verified in it.
            self._security.verified.clear()
        self.df = df
        self.ef = file if isinstance(file, Ef) else None
        self.record = 0

    def by_short_id(self, short_id: int) -> Ef:
        """Make the EF with this short identifier in the current DF current; 0 stands for the one that is."""
        if not short_id:
            return self.current_ef()
        ef = self.df.short(short_id)
        if ef is None:
            raise Refuse(FILE_NOT_FOUND)
        if ef is not self.ef:
            self.enter(ef)
        return ef

    def current_ef(self) -> Ef:
        """The current EF; refuses where there is none."""
        if self.ef is None:
            raise Refuse(NO_CURRENT_EF)
        return self.ef

    def require_access(self, access: Access) -> None:
        """Refuse where what is asked for needs more than there is."""
        allowed = {
            "always": True,
            "pin": PIN in self._security.verified,
            "issuer": self._security.role == "issuer",
            "never": False,
        }
        require(allowed[access], SECURITY_STATUS)
