"""For a checksum that does not fit: what would make it fit, as a sentence that names the cause.

Each suspicion is a message the other side may have computed its checksum over. Counters near the expected one, a
padding, an object left out: the first that gives the checksum on the wire is the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from akis.codec import tlv
from akis.codec.apdu import SM_BITS, CommandApdu, ResponseApdu
from akis.codec.sm_objects import CHECKSUM, CRYPTOGRAM, CRYPTOGRAM_TLV, LE, PLAIN, STATUS, SmObjects
from akis.errors import CodecError
from akis.sm.observer import Observer
from akis.sm.suite import pad

STEPS = (1, -1, 2, -2, 3, -3)
"""How far from the expected counter is near."""
_DATA = (PLAIN, CRYPTOGRAM_TLV, CRYPTOGRAM)
_NO_MORE = "nothing near makes the checksum fit"


@dataclass(frozen=True, slots=True, repr=False)
class NearMiss:
    """What is the matter with a message.

    Where ``objects`` is there, its checksum fits what ``cause`` says: at the counter ``step`` away from the expected
    one, with the keys ``swapped`` or not. Where it is None nothing was found that fits; ``cause`` is "" where there is
    no checksum to begin with, or nothing the matter with it.
    """

    cause: str
    objects: SmObjects | None = None
    step: int = 0
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class _Message:
    """What a checksum may have been computed over: ``content`` after the counter, filled up to a block or not."""

    cause: str
    content: bytes
    filled: bool = True
    counted: bool = True


def command_near_miss(observer: Observer, command: CommandApdu) -> NearMiss:
    """Why the command that ``observer`` heard last does not fit; the observer stays as it is."""
    found = _objects(command.data)
    if found is None:
        return NearMiss("")
    objects, tags = found
    fit = _search(observer, objects, list(_command_messages(observer, command, objects, tags)))
    if fit is None:
        fit = _first(observer, objects, _with_le(observer, command, objects, tags), (0,))
    return fit or NearMiss(_told_by_cryptogram(observer, objects))


def answer_near_miss(observer: Observer, answer: ResponseApdu) -> NearMiss:
    """Why the answer that ``observer`` heard last does not fit; the observer stays as it is."""
    found = _objects(answer.data)
    if found is None:
        return NearMiss("")
    objects, tags = found
    fit = _search(observer, objects, list(_answer_messages(answer, objects, tags)))
    return fit or NearMiss(_told_by_cryptogram(observer, objects))


def _search(observer: Observer, objects: SmObjects, messages: Sequence[_Message]) -> NearMiss | None:
    """What fits, the likeliest first: one deviation before two."""
    right, others = messages[:1], messages[1:]
    fit = (
        _first(observer, objects, messages, (0,))
        or _first(observer, objects, right, STEPS)
        or _with_keys_swapped(observer, objects, right)
        or _first(observer, objects, others, STEPS)
    )
    if fit is None or fit.swapped or not _is_cryptogram(observer, objects) or observer.opens(objects, fit.step):
        return fit
    wrong = (
        "the cryptogram does not open, although the checksum fits: the MAC key is right, the encryption key is wrong"
    )
    return replace(fit, cause="; ".join(filter(None, (fit.cause, wrong))))


def _with_keys_swapped(observer: Observer, objects: SmObjects, right: Sequence[_Message]) -> NearMiss | None:
    observer.swap_keys()
    try:
        fit = _first(observer, objects, right, (0, *STEPS))
        proven = fit is not None and _is_cryptogram(observer, objects) and observer.opens(objects, fit.step)
    finally:
        observer.swap_keys()
    if fit is None:
        return None
    # One wrong key in 255 seems to open a cryptogram, so the right place of the keys must not open it as well.
    proven = proven and not observer.opens(objects, fit.step)
    # Without a cryptogram that opens, nobody can tell whether K.MAC is used in place of K.ENC as well.
    cause = "K.ENC and K.MAC are swapped" if proven else "the checksum was made with K.ENC in place of K.MAC"
    return replace(fit, cause="; ".join(filter(None, (cause, fit.cause))), swapped=proven)


def _first(
    observer: Observer, objects: SmObjects, messages: Iterable[_Message], steps: Sequence[int]
) -> NearMiss | None:
    size, block = len(objects.checksum), observer.suite.block
    if size < 4:
        return None  # ISO/IEC 7816-4:2005 §6.2.3: at least four bytes; fewer would fit by chance
    length = observer.rules.mac_length
    odd_size = "" if size == length else f"DO'8E' has {size} bytes where the rules say {length}"
    for message in messages:
        for step in steps:
            counter = observer.ssc_at(step) if message.counted else b""
            whole = counter + message.content
            whole = pad(whole, block) if message.filled else whole
            if whole and observer.checksum(whole)[:size] == objects.checksum:
                causes = (message.cause, step_text(step), odd_size)
                return NearMiss("; ".join(filter(None, causes)), objects, step)
    return None


def step_text(step: int) -> str:
    """What a counter says that is not the expected one; nothing where it is."""
    if not step:
        return ""
    many = f"{abs(step)} messages were" if abs(step) > 1 else "a message was"
    why = "lost, or counted by that side alone" if step > 0 else "doubled, or not counted by that side"
    return f"the checksum fits with the counter {'+' if step > 0 else '−'}{abs(step)}: {many} {why}"


def _command_messages(
    observer: Observer, command: CommandApdu, objects: SmObjects, tags: Sequence[int]
) -> Iterator[_Message]:
    block, covered, rules = observer.suite.block, objects.covered, observer.rules
    header = pad(command.header, block)
    twice = rules.case1_padding == "double"
    # The one that the rules ask for comes first.
    yield _Message("", header + covered, filled=bool(covered) or twice)
    if not covered:
        how, said = ("once", "twice") if twice else ("twice", "once")
        yield _Message(f"the header is padded {how} (case1_padding) where the rules say {said}", header, not twice)
    if LE in tags:
        rest = _without(covered, LE)
        for filled in {bool(rest) or twice, True}:
            yield _Message("the checksum leaves DO'97' out", header + rest, filled)
    if covered:
        yield _Message("the checksum leaves the header out", covered)
    plain = bytes((command.cla & ~SM_BITS,)) + command.header[1:]
    yield _Message(
        f"the checksum covers the CLA of the plain command, {plain[0]:02X}", pad(plain, block) + covered, bool(covered)
    )
    for cause, lc in _lengths(command, objects, block):
        yield _Message(cause, pad(command.header + lc, block) + covered, bool(covered))
    yield _Message("the checksum leaves the counter out", header + covered, bool(covered) or twice, counted=False)


def _lengths(command: CommandApdu, objects: SmObjects, block: int) -> Iterator[tuple[str, bytes]]:
    """The values of Lc that somebody may have taken for a part of the header."""
    outer = len(command.data)
    yield "the checksum covers Lc", bytes((0, outer >> 8, outer & 0xFF)) if command.extended else bytes((outer,))
    # Padding takes 1 byte to a whole block, so this many bytes of plain data there can be.
    for plain in range(max(len(objects.value) - block, 0), len(objects.value)):
        if plain <= 0xFF:
            yield "the checksum covers the Lc of the plain command", bytes((plain,))


def _with_le(observer: Observer, command: CommandApdu, objects: SmObjects, tags: Sequence[int]) -> Iterator[_Message]:
    """The command with each DO'97' that may be missing; there are many, so a wrong key is ruled out before."""
    if LE in tags or (_is_cryptogram(observer, objects) and not observer.opens(objects)):
        return
    before = pad(command.header, observer.suite.block) + objects.covered
    widths = (1, 2) if command.extended else (1,)
    for value in (ne.to_bytes(width, "big") for width in widths for ne in range(1 << 8 * width)):
        yield _Message(
            f"DO'97' {value.hex().upper()} is missing, and the checksum covers it",
            before + bytes((LE, len(value))) + value,
        )


def _answer_messages(answer: ResponseApdu, objects: SmObjects, tags: Sequence[int]) -> Iterator[_Message]:
    covered = objects.covered
    sw = answer.sw.to_bytes(2, "big")
    outside = bytes((STATUS, 2)) + sw
    if STATUS not in tags:
        yield _Message("DO'99' is missing", covered)
        yield _Message("DO'99' is missing, and the checksum covers it", covered + outside)
        return
    yield _Message("", covered)
    yield _Message("the checksum leaves DO'99' out", _without(covered, STATUS))
    if objects.second != sw:
        changed = _without(covered, STATUS) + outside
        yield _Message("the checksum covers the status word outside, not that of DO'99'", changed)
    for tag in _DATA:
        if tag in tags:
            yield _Message(f"the checksum leaves DO'{tag:02X}' out", _without(covered, tag))
    yield _Message("the checksum leaves the counter out", covered, counted=False)


def _told_by_cryptogram(observer: Observer, objects: SmObjects) -> str:
    """What the cryptogram says of the keys when no checksum fits. By chance one in 255 has proper padding."""
    if not objects.tag or objects.tag == PLAIN:
        return f"{_NO_MORE}, and without a cryptogram there is no telling which key is wrong"
    if not _is_cryptogram(observer, objects):
        return f"{_NO_MORE}, and the cryptogram is not whole blocks: bytes were changed or lost"
    wrong_mac = "the encryption key is right, the MAC key is wrong or the MAC is computed in another way"
    if observer.opens(objects):
        return f"{_NO_MORE}, yet the cryptogram opens: {wrong_mac}"
    # The IV of 3DES is zero whatever the counter is, and that of AES changes the first block only.
    for step in STEPS:
        if observer.opens(objects, step):
            counter = f"{'+' if step > 0 else '−'}{abs(step)}"
            return f"{_NO_MORE}, yet the cryptogram opens with the counter {counter}: {wrong_mac}"
    return f"{_NO_MORE}, and the cryptogram does not open: these are not the keys of this session"


def _is_cryptogram(observer: Observer, objects: SmObjects) -> bool:
    whole = bool(objects.value) and not len(objects.value) % observer.suite.block
    return objects.tag in (CRYPTOGRAM, CRYPTOGRAM_TLV) and whole


def _objects(data: bytes) -> tuple[SmObjects, tuple[int, ...]] | None:
    """The objects before the checksum, in whatever order, and their tags; None where there is no checksum."""
    try:
        items = tlv.parse(data, minimal=False)
    except CodecError:
        return None
    tags = tuple(item.tag for item in items)
    if CHECKSUM not in tags:
        return None
    end = tags.index(CHECKSUM)
    covered = b"".join(item.to_bytes() for item in items[:end])
    by_tag = {item.tag: item.content for item in items[:end]}
    tag = next((tag for tag in _DATA if tag in by_tag), 0)
    value = by_tag.get(tag, b"")
    second = by_tag.get(LE, by_tag.get(STATUS))
    made = SmObjects(tag, value[1:] if tag == CRYPTOGRAM else value, second, items[end].content, covered)
    return made, tags[:end]


def _without(covered: bytes, tag: int) -> bytes:
    return b"".join(item.to_bytes() for item in tlv.parse(covered, minimal=False) if item.tag != tag)
