"""Low-level driver toolkit for AKİS-style smart cards; import what you need from the modules inside."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:  # hidden from type checkers, for whom a module with ``__getattr__`` has every name there is

    def __getattr__(name: str) -> str:
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version  # late: it costs more than everything else at start-up

        return version(__name__)
