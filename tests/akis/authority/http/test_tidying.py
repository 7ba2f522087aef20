"""An authority forgets what counts no more, and goes on where its database does not answer meanwhile."""

from __future__ import annotations

import pytest

from akis.authority.steps import attempts
from akis.authority.store.store import Store, StoreUnavailable
from akis.authority.store.tables import Attempts
from tests.akis.authority.http.served import Lines, served, until


def test_those_who_fail_once_do_not_fill_the_database(sqlite_store: Store) -> None:
    with served(sqlite_store, window=0.05) as authority:
        for name in ("nobody", "noone", "none"):
            assert authority.http.post("/v1/sign-ins", json={"name": name, "password": "x"}).status_code == 401
        until(lambda: not authority.rows(Attempts))


def test_a_database_that_does_not_answer_is_asked_again(
    sqlite_store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget, asked = attempts.forget, []

    def gone_at_first(*arguments: object) -> None:
        asked.append(arguments)
        if len(asked) == 1:
            raise StoreUnavailable("the database does not answer")
        forget(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(attempts, "forget", gone_at_first)
    with served(sqlite_store, window=0.05):
        until(lambda: len(asked) > 1)
    [line] = lines.said("not tidied")
    assert line["why"] == "the database does not answer"
