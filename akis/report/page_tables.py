"""The longer parts of a page: response times, checks, files, certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from akis.report import charts
from akis.report.markup import SIGNS, faint, rows, safe, section
from akis.report.say import HIDDEN, NOT_SAID, file_state, refusal, sentence, size, validity_in_words
from akis.trace.say import counted, span

Row = Mapping[str, Any]
_INDENT = 1.1
_OTHERS = "Those that PKCS #15, the profile or a standard names; there may be others. "
_UNSAID = "Where there is nothing under read and update, the card says nothing of them."


def times(found: Sequence[Row]) -> str:
    """A row a command: how its times are spread, the one in the middle, the worst."""
    if not found:
        return section("Response times", "<p>No command could be timed.</p>")
    axis = charts.LogAxis.of(found)
    ticks = "".join(f'<span style="left:{axis.at(tick):.2f}%">{_tick(tick)}</span>' for tick in axis.ticks)
    head = (
        f'<li class="head"><span class="name">Command</span><span class="ticks">{ticks}</span>'
        '<span class="number">median</span><span class="number">worst</span></li>\n'
    )
    legend = (
        f"Each {counted(found[0]['count'], 'time')}. Columns: how many answers took so long; "
        '<b class="median">┃</b> the median, <b class="worst">┃</b> the worst.'
    )
    listed = "\n".join(_time(one, axis) for one in found)
    return section("Response times", f'<ol class="times">{head}{listed}</ol>\n{faint(legend)}')


def _tick(time: int) -> str:
    return span(time).replace(".00 ", " ")


def _time(one: Row, axis: charts.LogAxis) -> str:
    median, worst = span(one["median"]), span(one["worst"])
    drawn = charts.distribution(one, axis, safe(f"{one['name']}: median {median}, worst {worst}"))
    numbers = f'<span class="number"><i>median </i>{median}</span><span class="number"><i>worst </i>{worst}</span>'
    return f'<li><span class="name">{safe(one["name"])}</span>{drawn}{numbers}</li>'


def checks(found: Sequence[Row]) -> str:
    """Each check to unfold: what was seen, the clause, what was sent."""
    return section("Checks", f'<ul class="checks">{"".join(map(_check, found))}</ul>')


def _check(check: Row) -> str:
    verdict = check["verdict"]
    sent = "".join(
        f"<tr><td><code>{safe(one['command'])}</code></td><td>{safe(one['answer'])}</td></tr>" for one in check["sent"]
    )
    table = f'<table class="sent">{sent}</table>' if sent else ""
    clause = safe(f"{check['clause']} · {check['name']}")
    return (
        f'<li class="{charts.kind(verdict)}"><details><summary><b class="sign">{SIGNS[verdict]}</b>'
        f'<span class="title">{safe(check["title"])}</span><span class="verdict">{verdict}</span></summary>'
        f"<p>{safe(sentence(check['observed']))}</p>{faint(clause)}{table}</details></li>\n"
    )


def file_table(found: Row) -> str:
    """The tree, a row a file."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("File", "Kind", "Size", "Read", "Update", "State"))
    listed = "\n".join(map(_file, found["listed"]))
    table = f'<table class="files"><thead><tr>{head}</tr></thead><tbody>\n{listed}</tbody></table>\n'
    if not found["listed"]:
        return section("Files", "<p>None was found.</p>")
    return section("Files", table + faint(("" if found["complete"] else _OTHERS) + _UNSAID))


def _file(file: Row) -> str:
    fid = file["path"].rpartition("/")[2]
    cells = {
        "kind": file["kind"] or refusal(file) or NOT_SAID,
        "size": size(file),
        "read": file["read"] or "",
        "update": file["update"] or "",
        "state": file_state(file),
    }
    name = f"<code>{safe(fid)}</code> {safe(file['name'] or '')}"
    return (
        f'<tr><th scope="row" style="padding-left:{_INDENT * file["depth"]:.1f}em">{name}</th>'
        + "".join(f'<td data-name="{label}">{safe(value)}</td>' for label, value in cells.items())
        + "</tr>"
    )


def certificates(report: Row) -> str:
    """A block a certificate."""
    found = report["certificates"]
    blocks = [_certificate(one, report) for one in found["listed"]] or ["<p>None was found.</p>\n"]
    notes = "".join(faint(safe(sentence(note))) for note in found["notes"])
    return section("Certificates", f"{''.join(blocks)}{notes}")


def _certificate(one: Row, report: Row) -> str:
    hidden = report["redacted"]
    named = [
        ("Holder", HIDDEN if hidden else one["holder"]),
        ("Issuer", one["issuer"]),
        ("Serial number", HIDDEN if hidden else one["serial"]),
        ("Key", one["key"]),
        ("Usage", ", ".join(one["key_usage"] or ())),
        ("Qualified", "yes, by its own statements" if one["qualified"] else "no"),
        ("Validity", validity_in_words(one)),
        *(("Problem", sentence(problem)) for problem in one["problems"]),
    ]
    listed = rows((name, safe(value or NOT_SAID)) for name, value in named)
    title = f"<code>{safe(one['place'] or 'in the list')}</code> {safe(one['label'] or '')}"
    return f"<article><h3>{title}</h3>{_validity(one, report)}{listed}</article>\n"


def _validity(one: Row, report: Row) -> str:
    if one["begins"] is None or one["ends"] is None:
        return ""
    begins, ends, now = (datetime.fromisoformat(time) for time in (one["begins"], one["ends"], report["made"]))
    return charts.validity(begins, ends, now, safe(one["validity_in_words"]))
