"""What a report looks like on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NAME = 17
_TIMES_NAME, _NUMBER = 33, 9
_BLOCKS, _MOST_BINS = "▁▂▃▄▅▆▇█", 10
Row = Mapping[str, Any]


def as_text(report: Row, width: int) -> Iterator[str]:
    """The lines of a report, in ``width`` columns."""
    yield from _facts(report, width)
    yield from _titled("Files", _files(report["files"], width))
    yield from _titled("Certificates", _certificates(report, width))
    yield from _titled("Response times", _times(report["times"], width))
    yield from _titled("Checks", _checks(report["checks"], width))
    if report["baseline"] is not None:
        yield from _titled("Since the baseline", _baseline(report["baseline"], width))
    yield ""
    yield from _verdict(report, width)


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from lines


def _facts(report: Row, width: int) -> Iterator[str]:
    from akis.report.say import HIDDEN, NOT_SAID, headline, moment, profile_in_words, tries_left

    identity = report["identity"]
    flags = identity["pin_flags"]
    rows = [
        ("Card", headline(report)),
        ("Reader", report["reader"]),
        ("Made", moment(report["made"])),
        ("ATR", identity["atr"]),
        ("Serial number", HIDDEN if report["redacted"] else identity["serial"] or NOT_SAID),
        ("Life cycle", identity["life_cycle"] or NOT_SAID),
        ("Application", identity["application"] or "not on this card"),
        ("Profile", profile_in_words(identity)),
        *((f"{one['name']} tries left", tries_left(one, report)) for one in report["counters"]),
        *([] if flags is None else [("PIN flags", ", ".join(flags) or "none")]),
    ]
    for name, value in rows:
        yield _filled(f"{f'{name} ':.<{_NAME}}: ", value, width)


def _files(found: Row, width: int) -> Iterator[str]:
    from akis.report.say import file_state, refusal, size

    for file in found["listed"]:
        said = [f"{file['path'].rpartition('/')[2]} {file['name'] or ''}".rstrip()]
        if file["kind"] != "DF":
            said.append(file["kind"] or refusal(file) or "unknown kind")
            said.append(f"{size(file)} bytes" if size(file) else "")
        if file["read"] is not None:
            said.append(f"read {file['read']}, update {file['update']}")
        said.append(file_state(file))
        yield _filled("  " * (file["depth"] + 1), ", ".join(filter(None, said)), width, 2)
    if not found["listed"]:
        yield "  none was found"
    elif not found["complete"]:
        yield _filled("  ", "(those that PKCS #15, the profile or a standard names; there may be others)", width)


def _certificates(report: Row, width: int) -> Iterator[str]:
    from akis.report.say import HIDDEN, NOT_SAID, sentence, validity_in_words

    for one in report["certificates"]["listed"]:
        label = f" {one['label']}" if one["label"] else ""
        yield _filled("  ", f"{one['place'] or 'in the list'}{label}", width)
        holder = HIDDEN if report["redacted"] else one["holder"] or NOT_SAID
        qualified = "qualified, by its own statements" if one["qualified"] else "not qualified"
        yield _filled("    ", f"of {holder}, by {one['issuer'] or NOT_SAID}", width)
        yield _filled("    ", f"{one['key'] or NOT_SAID}; {qualified}; {validity_in_words(one)}", width)
        for problem in one["problems"]:
            yield _filled("    ", sentence(problem), width)
    if not report["certificates"]["listed"]:
        yield "  none was found"
    for note in report["certificates"]["notes"]:
        yield _filled("  ", sentence(note), width)


def _times(times: Sequence[Row], width: int) -> Iterator[str]:
    from akis.trace.say import counted, span

    if not times:
        yield "  no command could be timed"
        return
    yield f"  {'':<{_TIMES_NAME}}{'median':>{_NUMBER}}{'worst':>{_NUMBER}}  distribution"
    for one in times:
        bins = one["distribution"]
        numbers = f"{span(one['median']):>{_NUMBER}}{span(one['worst']):>{_NUMBER}}"
        drawn = f"{span(bins[0]['from'])} {_drawn(bins)} {span(bins[-1]['to'])}"
        line = f"  {one['name']:<{_TIMES_NAME}}{numbers}  {drawn}"
        if len(line) <= width and len(one["name"]) < _TIMES_NAME:
            yield line
        else:
            yield _filled("  ", one["name"], width)
            yield f"    {numbers}  {drawn}"
    yield f"  each {counted(times[0]['count'], 'time')}"


def _drawn(bins: Sequence[Row]) -> str:
    """A letter for each span of time, the higher the more answers; a dot where there is none."""
    together = -(-len(bins) // _MOST_BINS)
    counts = [sum(one["count"] for one in bins[at : at + together]) for at in range(0, len(bins), together)]
    return "".join(_BLOCKS[-(-len(_BLOCKS) * count // max(counts)) - 1] if count else "." for count in counts)


def _checks(checks: Sequence[Row], width: int) -> Iterator[str]:
    from akis.report.markup import SIGNS
    from akis.report.say import sentence

    for check in checks:
        verdict = check["verdict"]
        yield _filled(f"  {SIGNS[verdict]} ", check["title"], width)
        if verdict != "pass":
            yield _filled("      ", f"{verdict}: {sentence(check['observed'])}", width)
        if verdict == "fail":
            yield _filled("      ", f"By {check['clause'].removeprefix('by ')}.", width)


def _baseline(baseline: Row, width: int) -> Iterator[str]:
    from akis.report.say import moment, sentence

    for text in baseline["differences"]:
        yield _filled("  ! ", sentence(text), width)
    if not baseline["differences"]:
        yield _filled("  ", f"Nothing is otherwise than at {moment(baseline['made'])}.", width)


def _verdict(report: Row, width: int) -> Iterator[str]:
    from akis.trace.say import counted

    counts = ", ".join(f"{count} {verdict}" for verdict, count in report["verdicts"].items() if count)
    sent = counted(report["commands"], "command")
    yield _filled("", f"{counts}; {sent} sent, none of which compares a PIN or PUK.", width)


def _filled(head: str, text: str, width: int, hanging: int = 0) -> str:
    """The text behind ``head``, which goes on below itself where it is long, ``hanging`` columns further in."""
    from akis.trace.say import printable, wrapped

    return head + wrapped(printable(text), width - len(head) - hanging, len(head) + hanging)
