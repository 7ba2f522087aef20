"""A report as one HTML page to attach to a ticket: it loads nothing, and by its own policy may not; it has no script.

Made from the values of :mod:`akis.report.as_json`, so what is redacted there is nowhere here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from akis.report import charts
from akis.report.markup import SIGNS, faint, rows, safe, section
from akis.report.page_tables import certificates, checks, file_table, times
from akis.report.say import HIDDEN, NOT_SAID, headline, moment, profile_in_words, sentence, tries_left
from akis.trace.say import counted

Row = Mapping[str, Any]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
_GOOD = f'<b class="sign pass">{SIGNS["pass"]}</b>'


def page(report: Row) -> str:
    """The whole page."""
    return "".join(_pieces(report))


def _pieces(report: Row) -> Iterator[str]:
    title = safe(headline(report))
    sent = f"{counted(report['commands'], 'command')}, none of which compares a PIN or PUK"
    yield f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Report: {title}</title>
<style>
{(files("akis.report") / "page.css").read_text("utf-8")}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
{faint(f"{safe(report['reader'])} · {safe(moment(report['made']))} · {sent}")}</header>
"""
    yield _verdicts(report["verdicts"])
    yield _failures(report["checks"])
    if report["baseline"] is not None:
        yield _baseline(report["baseline"])
    yield f'<div class="pair">\n{_identity(report)}{_counters(report)}</div>\n'
    yield times(report["times"])
    yield checks(report["checks"])
    yield file_table(report["files"])
    yield certificates(report)
    yield "</main>\n</body>\n</html>\n"


def _verdicts(counts: Mapping[str, int]) -> str:
    tiles = "".join(
        f'<li class="{charts.kind(verdict)}"><b>{count}</b> '
        f'<span><i aria-hidden="true">{SIGNS[verdict]}</i> {verdict}</span></li>'
        for verdict, count in counts.items()
    )
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return section("Verdicts", f'{charts.verdicts(counts, words)}\n<ul class="tiles">{tiles}</ul>')


def _failures(found: Sequence[Row]) -> str:
    failed = [check for check in found if check["verdict"] == "fail"]
    if not failed:
        return section("What is wrong", f"<p>{_GOOD} No check failed.</p>")
    items = "".join(
        f"<li><b>{safe(check['title'])}</b><p>{safe(sentence(check['observed']))}</p>{faint(safe(check['clause']))}</li>"
        for check in failed
    )
    return section("What is wrong", f'<ul class="wrong">{items}</ul>')


def _baseline(baseline: Row) -> str:
    title = f"Changed since {moment(baseline['made'])}"
    if not baseline["differences"]:
        return section(title, f"<p>{_GOOD} Nothing is otherwise than in the baseline.</p>")
    items = "".join(f"<li>{safe(sentence(text))}</li>" for text in baseline["differences"])
    return section(title, f'<ul class="changed">{items}</ul>')


def _identity(report: Row) -> str:
    identity = report["identity"]
    named = [
        ("Version", identity["version"] or "not an AKİS card, by its ATR"),
        ("ATR", identity["atr"]),
        ("Serial number", HIDDEN if report["redacted"] else identity["serial"]),
        ("Life cycle", identity["life_cycle"]),
        ("Application", identity["application"] or "not on this card"),
        ("Profile", profile_in_words(identity)),
    ]
    if identity["pin_flags"] is not None:
        named.append(("PIN flags", ", ".join(identity["pin_flags"]) or "none"))
    return section("Identity", rows((name, safe(value or NOT_SAID)) for name, value in named))


def _counters(report: Row) -> str:
    return section("Tries left", rows((counter["name"], _counter(counter, report)) for counter in report["counters"]))


def _counter(counter: Row, report: Row) -> str:
    said = tries_left(counter, report)
    drawn = ""
    if counter["left"] is not None and counter["most"]:
        drawn = f"{charts.tries(counter['left'], counter['most'], said)} "
    moved = "" if counter["unmoved"] else f' <span class="sign fail">{SIGNS["fail"]} it has moved</span>'
    return f"{drawn}{said}{moved}"
