"""Why PostgreSQL did not let anybody in, told without what the driver says: that names users, hosts and databases."""

from __future__ import annotations

import re

_REASONS = (
    # Of the server, as src/backend/utils/init/postinit.c and src/backend/libpq/auth.c say it.
    (r'database ".*" does not exist', "has no database of the name in the URL; make it, such as with createdb"),
    (
        r"authentication failed|role \".*\" does not exist|pg_hba\.conf|not permitted to log in|no password supplied"
        r"|permission denied for database",
        "does not let this user in; look at the user and the password in the URL, and at the server's pg_hba.conf",
    ),
    (r"too many (clients|connections)|remaining connection slots", "has no connection left; let it take more"),
    (r"database system is (starting|shutting)", "is starting or stopping; try again in a moment"),
)
_UNREACHABLE = re.compile(
    r"Connection refused|No such file or directory|resolve host|could not translate host name|timeout expired"
    r"|timed out|No route to host|Network is unreachable|server closed the connection"
)


def why_not_connected(said: str) -> str | None:
    """A sentence for what the driver said when it could not connect; None for anything else, or another language."""
    for pattern, why in _REASONS:
        if re.search(pattern, said):
            return f"the database server answers, but {why}"
    # What breaks in the middle of a transaction is told in other words.
    if said.startswith(("connection", "failed to resolve")) and _UNREACHABLE.search(said):
        return "the database does not answer: there is no server at the host and port of its URL; see that one runs"
    return None
