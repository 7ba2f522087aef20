"""A draft of a profile: the nearest known one, with what the card itself said in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from akis.errors import CodecError
from akis.probe.conclude import LEARNED, conclusions
from akis.probe.findings import Findings
from akis.probe.words import learned, not_learned
from akis.profile.load import load
from akis.profile.model import CardProfile
from akis.profile.recognise import FIRST, SECOND, RecognisedCard, recognise
from akis.profile.write import as_toml

BaseBy = Literal["atr", "answers", "default"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a probe leads to.

    ``profile`` says of each value where it is from; ``base`` names the one it starts from, chosen by the card's "atr",
    by its "answers", or for want of a better one ("default"). ``learned`` and ``not_learned`` say in sentences what is
    known now and what is not, without the serial number and the counters of this one card.
    """

    profile: CardProfile
    base: str
    base_by: BaseBy
    card: RecognisedCard | None
    learned: tuple[str, ...]
    not_learned: tuple[str, ...]

    @property
    def by_this_card(self) -> Mapping[str, str]:
        """The values that the card itself is behind, by their names, with their sources."""
        return {name: source for name, source in self.profile.sources.items() if LEARNED in source}

    def to_toml(self) -> str:
        """The draft as a file that :func:`akis.profile.load.parse` reads, what is not known in front."""
        return as_toml(self.profile, _remarks(self))


def draft(found: Findings) -> Draft:
    """The draft that the answers of a card lead to; any answers will do."""
    card = _recognised(found.atr)
    base, by = _nearest(found, card)
    known = load(base)
    sources = dict(known.sources)
    if by != "atr":
        # What is known of one kind of card is a guess about another.
        sources = {name: f"assumed: as on {known.name}, where it is {source}" for name, source in sources.items()}
    profile = known
    for name, value, source in conclusions(found, known):
        profile, sources[name] = _with(profile, name, value), source
    label = "an unknown card" if card is None or card.source is None else card.name or card.label
    sources["name"] = "assumed: made up by probe"
    profile = replace(profile, name=f"draft for {label}", sources=sources)
    return Draft(profile, base, by, card, tuple(learned(found, profile)), tuple(not_learned(found, known)))


def _recognised(atr: bytes) -> RecognisedCard | None:
    try:
        return recognise(atr)
    except CodecError:
        return None


def _nearest(found: Findings, card: RecognisedCard | None) -> tuple[str, BaseBy]:
    if card is not None and card.profile is not None:
        return card.profile, "atr"
    # Open code and integrators tell the generations apart so: names and counters on one side, flags on the other.
    if found.by_name.selected or found.by_aid.selected or found.pin_objects:
        return SECOND, "answers"
    if found.application is not None and found.application.flags is not None:
        return FIRST, "answers"
    return SECOND, "default"


def _with(profile: CardProfile, name: str, value: Any) -> CardProfile:
    """The profile with one value changed, by its dotted name."""
    table, _, inner = name.rpartition(".")
    return replace(profile, **{table: replace(getattr(profile, table), **{inner: value})} if table else {inner: value})


def _remarks(draft: Draft) -> Iterator[str]:
    why = {"atr": "by its ATR", "answers": "by its answers", "default": "for want of a better one"}[draft.base_by]
    yield (
        "A draft of a profile, from what one card said to SELECT and GET DATA. It starts from "
        f"{draft.base}, the nearest one ({why}); values that the card itself is behind have the words "
        f'"{LEARNED}" in their source. Check the others before a PIN is sent on the strength of them.'
    )
    for title, sentences in (("Learned:", draft.learned), ("Not learned:", draft.not_learned)):
        yield ""
        yield title
        yield from (f"- {sentence}" for sentence in sentences)
