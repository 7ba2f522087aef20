"""What is logged of a request, what never is, and that uvicorn's lines take the same way."""

from __future__ import annotations

import logging
import logging.config
import socket

import pytest
from structlog.contextvars import bound_contextvars

from akis.authority.http import logs
from akis.errors import InvalidArgument
from tests.akis.authority.http.served import WAIT, Lines, Served, bearer, logged
from tests.leaks import silent

QUERY = "token-in-a-query-7531"


def test_a_request_is_one_line_with_the_id_that_its_answer_has(authority: Served, lines: Lines) -> None:
    answer = authority.http.get("/healthz")
    [line] = lines.said("request")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["path"], line["status"], line["level"]) == ("GET", "/healthz", 200, "info")
    assert line["ms"] > 0
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("given", ["a", "Client-request-1", "x" * 64])
def test_a_request_may_bring_its_id(authority: Served, lines: Lines, given: str) -> None:
    assert authority.http.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    assert lines.said("request")[0]["request_id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "{}", "a_b", "ü"])
def test_but_none_that_would_not_be_safe_to_print(authority: Served, lines: Lines, given: str) -> None:
    answer = authority.http.get("/healthz", headers=[("X-Request-ID", given.encode("latin-1"))])
    assert answer.headers["x-request-id"] != given
    assert lines.said("request")[0]["request_id"] == answer.headers["x-request-id"]


def test_of_two_ids_neither_counts(authority: Served) -> None:
    answer = authority.http.get("/healthz", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])
    assert answer.headers["x-request-id"] not in ("a", "b")


def test_an_unlock_is_named_where_it_is_opened_and_where_it_ends(authority: Served, lines: Lines) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        exchange.receive()
        exchange.send("nonsense")
        exchange.receive()
    [ended] = lines.said("exchange")
    [opened] = [line for line in lines.said("request", 5) if line["path"] == "/v1/unlocks"]
    assert opened["unlock"] == ended["unlock"] == authority.unlock().id
    assert ended["outcome"] == "out_of_order"
    assert ended["request_id"] != opened["request_id"]


def test_paths_that_are_none_and_query_strings_are_not_logged(authority: Served, lines: Lines) -> None:
    authority.http.get(f"/{QUERY}")
    authority.http.get(f"/healthz?{QUERY}")
    with authority.exchange(QUERY) as exchange:
        exchange.receive()
    assert [line["path"] for line in lines.said("request", 2)] == ["elsewhere", "/healthz"]
    silent(lines.text, [QUERY])


def test_a_whole_unlock_leaves_no_secret_in_the_log(authority: Served, lines: Lines) -> None:
    token = authority.confirmed()
    authority.answer(token, "wrong-answer-7531")
    authority.http.post("/v1/codes", headers=bearer(token))
    assert len(lines.said("request", 7)) == 7
    silent(lines.text, [*authority.secrets, "wrong-answer-7531", "mehmet-demo-1470"])


def test_lines_of_uvicorn_are_json_too(authority: Served, lines: Lines) -> None:
    with socket.create_connection(("127.0.0.1", int(authority.serving.url.rpartition(":")[2])), WAIT) as raw:
        raw.sendall(b"\x00\x01 " + QUERY.encode() + b"\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400")
    [line] = lines.said("Invalid HTTP request received.")
    assert line["level"] == "warning"
    silent(lines.text, [QUERY])


def test_of_an_error_of_ours_the_sentence_is_told() -> None:
    with logged() as lines, bound_contextvars(request_id="a"):
        logs.logger().error("not ready", exc_info=InvalidArgument("the sentence"))
    [line] = lines.said("not ready")
    assert (line["error"], line["why"], line["request_id"]) == ("InvalidArgument", "the sentence", "a")


def test_of_an_error_of_others_no_words_are_told_whoever_logs_it() -> None:
    with logged() as lines:
        try:
            raise ValueError(QUERY)
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert "ValueError" in lines.text
    silent(lines.text, [QUERY])


def test_plain_lines_are_for_people() -> None:
    with logged("plain") as lines, bound_contextvars(request_id="example-1"):
        logs.logger().info("request", path="/healthz")
    assert "request" in lines.text
    assert "path=/healthz" in lines.text
    assert "request_id=example-1" in lines.text
    assert "{" not in lines.text


@pytest.mark.parametrize(
    ("name", "level", "text", "stays"),
    [
        ("uvicorn.error", logging.INFO, "Started server process [%d]", False),
        ("uvicorn.error", logging.INFO, "Application shutdown complete.", False),
        ("uvicorn.error", logging.INFO, "Child process [7] died", True),
        ("uvicorn.error", logging.ERROR, "Application startup failed. Exiting.", True),
        (logs.NAME, logging.INFO, "listening", True),
    ],
)
def test_of_starting_and_stopping_uvicorn_says_only_what_went_wrong(
    name: str, level: int, text: str, stays: bool
) -> None:
    record = logging.LogRecord(name, level, __file__, 1, text, None, None)
    assert logs.WithoutChatter().filter(record) is stays


def test_the_configuration_is_one_that_logging_takes() -> None:
    before = [(log := logging.getLogger(name), log.handlers[:], log.level, log.propagate) for name in NAMES]
    try:
        logging.config.dictConfig(logs.config("json"))
        for name in NAMES:
            [handler] = logging.getLogger(name).handlers
            assert handler.formatter is not None
    finally:
        for log, handlers, level, propagate in before:
            log.handlers[:], log.propagate = handlers, propagate
            log.setLevel(level)


NAMES = (logs.NAME, "uvicorn")
