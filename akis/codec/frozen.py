"""Values that never change, made as fast as ones that do."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class Frozen:
    """Mixed into a class with slots: its objects take no assignment."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change once it is made")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change once it is made")


def freeze(fields: Any, kind: type[T]) -> T:
    """Make ``fields`` a ``kind``: the same slots, and from here on no assignment.

    A frozen dataclass writes each field through ``object.__setattr__`` and takes three times as long to make.
    """
    fields.__class__ = kind
    return fields  # type: ignore[no-any-return]
