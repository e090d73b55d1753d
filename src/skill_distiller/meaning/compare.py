"""Compare two skills: every difference is accounted for, with its place on both sides and its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from skill_distiller.language.lexicon import Sense
from skill_distiller.meaning.align import Alignment, Match, align, in_order, plain
from skill_distiller.meaning.statements import PARTED
from skill_distiller.meaning.sentence_tokens import TokenKind, read_tokens
from skill_distiller.meaning.units import Unit, UnitKind
from skill_distiller.meaning.wording import CERTIFIED, RANK, Edit, Verdict, asks, compare_wording, worst
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill

_VERBATIM: Final = frozenset({UnitKind.CODE, UnitKind.FENCE})


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of two texts: the units on both sides, its verdict, what it is about, and the words that differ.

    `what` is a word for people: "fact", "order", "heading", a sense. Of what is `firm` nobody can say that it is
    harmless: a change of meaning, or something lost, moved or new that binds an agent.
    """

    verdict: Verdict
    before: tuple[Unit, ...]
    after: tuple[Unit, ...]
    what: str
    firm: bool
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The differences of two texts in the order of the original, what is new at the end of it."""

    alignment: Alignment
    differences: tuple[Difference, ...]

    @cached_property
    def failed(self) -> tuple[Difference, ...]:
        """What is a change of meaning for certain, or can't be taken on trust."""
        return tuple(difference for difference in self.differences if difference.firm)

    def count(self) -> dict[Verdict, int]:
        """How many units got each verdict."""
        counts = dict.fromkeys(Verdict, 0)
        same = self.alignment
        counts[Verdict.IDENTICAL] = sum(len(same.old.units(i)) for i, _ in same.blocks) + len(same.headings)
        counts[Verdict.IDENTICAL] += sum(len(match.before) for match in same.matches)
        for difference in self.differences:
            counts[difference.verdict] += 1
            if difference.before and difference.after:
                counts[Verdict.IDENTICAL] -= 1
        return counts


def compare(before: Skill, after: Skill) -> Comparison:
    """Every difference of two skills' bodies; frontmatter is not looked at."""
    found = align(before, after)
    differences = [
        *_headings(found),
        *(difference for match in found.matches for difference in _match(match)),
        *_places(found),
        *_gone(found),
        *_come(found),
    ]
    return Comparison(found, tuple(_exchanged(differences)))


def compare_texts(before: str, after: str) -> Comparison:
    """The same for two pieces of Markdown."""
    return compare(parse_skill(before), parse_skill(after))


def is_proved(before: str, after: str) -> bool:
    """Whether every difference of two pieces of Markdown is of a kind that can't change what is said."""
    return all(difference.verdict in CERTIFIED for difference in compare_texts(before, after).differences)


def _exchanged(differences: Sequence[Difference]) -> Iterator[Difference]:
    """The differences; two of one block of which each lost what the other got are changes: who does what is turned."""
    for number, one in enumerate(differences):
        near = (differences[i] for i in (number - 1, number + 1) if 0 <= i < len(differences))
        if one.verdict is Verdict.REWORDED and any(_swap(one, other) for other in near):
            yield replace(one, verdict=Verdict.CHANGED, what="exchanged", firm=True)
        else:
            yield one


def _swap(one: Difference, other: Difference) -> bool:
    if not (one.edits and other.edits and one.before[0].block == other.before[0].block):
        return False
    lost, come = _words_changed(one)
    lost_there, come_there = _words_changed(other)
    return bool(lost & come_there) and bool(come & lost_there)


def _words_changed(difference: Difference) -> tuple[set[str], set[str]]:
    lost = {t.value for edit in difference.edits for t in edit.before if t.kind is not TokenKind.SMALL}
    come = {t.value for edit in difference.edits for t in edit.after if t.kind is not TokenKind.SMALL}
    return lost, come


def _headings(found: Alignment) -> Iterator[Difference]:
    for old, new in found.headings:
        if old.depth != new.depth:
            yield Difference(Verdict.CHANGED, (old,), (new,), "level", True)
        if old.text != new.text:
            edits = tuple(e for e in compare_wording(old.text, new.text) if e.what != "capitals")
            verdict = worst(edits)
            yield Difference(verdict, (old,), (new,), _what(edits), RANK[verdict] > RANK[Verdict.REWORDED], edits)


def _match(match: Match) -> Iterator[Difference]:
    """How a unit is written otherwise: its form, its words."""
    before, after = tuple(match.before), tuple(match.after)
    old, new = before[0], after[0]
    kinds = {unit.kind for unit in (*before, *after)}
    joined = len(before) + len(after) > 2
    if joined and kinds & {UnitKind.ITEM, UnitKind.CELL, UnitKind.CODE}:
        yield Difference(Verdict.CHANGED, before, after, "joined", True)
    elif (not joined and old.kind is not new.kind) or (joined and len({unit.block for unit in before}) != len({unit.block for unit in after})):
        yield Difference(Verdict.CHANGED, before, after, "form", True)
    elif _renumbered(old.number, new.number) or (old.depth != new.depth and old.kind is UnitKind.ITEM):
        yield Difference(Verdict.MOVED, before, after, "number" if old.depth == new.depth else "nesting", True)
    one, other = (PARTED.join(unit.text for unit in side) for side in (before, after))
    if one == other:
        return
    if old.kind in _VERBATIM or new.kind in _VERBATIM:
        if one.split() != other.split() or (old.kind is UnitKind.CODE and _indent(one) != _indent(other)):
            yield Difference(Verdict.CHANGED, before, after, old.kind.value, True)
        return
    edits = compare_wording(one, other)
    verdict = worst(edits)
    asked = one.rstrip("*_ ").endswith(("?", "？")) is not other.rstrip("*_ ").endswith(("?", "？"))
    if asked and not joined and _binds(old):
        yield Difference(Verdict.CHANGED, before, after, "question", True, edits)
    else:
        yield Difference(verdict, before, after, _what(edits), RANK[verdict] > RANK[Verdict.REWORDED], edits)


def _renumbered(old: str, new: str) -> bool:
    """Whether an item has another number both as written and as shown, or none any more."""
    return not set(old.split()) & set(new.split()) and old != new


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _what(edits: tuple[Edit, ...]) -> str:
    return max(edits, key=lambda edit: RANK[edit.verdict]).what if edits else ""


def _places(found: Alignment) -> Iterator[Difference]:
    """What stands under another heading, label, item, row or column, or in another order."""
    for one, other, kept in in_order(found):
        if isinstance(one, int) and isinstance(other, int):
            old, new = found.old.units(one)[:1], found.new.units(other)[:1]
            contexts = _context(found, "old", one), _context(found, "new", other)
            units = found.old.units(one)
            if not old or not new:
                continue
            first, there = old[0], new[0]
        elif isinstance(one, Unit) and isinstance(other, Unit) and one.kind is not UnitKind.HEADING:
            first, there = one, other
            units = [one]
            heads = found.old.headings[one.section], found.new.headings[other.section]
            contexts = (*([heads[0]] if heads[0] else []), *one.under), (*([heads[1]] if heads[1] else []), *other.under)
        elif isinstance(one, Unit) and isinstance(other, Unit):
            if not kept:
                yield Difference(Verdict.MOVED, (one,), (other,), "order", True)
            continue
        else:
            continue
        what = _under_another(found, *contexts)
        if what:
            yield Difference(Verdict.MOVED, (first,), (there,), what, any(map(_binds, units)) or what != "heading")
        elif not kept:
            yield Difference(Verdict.MOVED, (first,), (there,), "order", any(map(_has_order, units)))


def _context(found: Alignment, side: str, block: int) -> tuple[Unit, ...]:
    own = found.old if side == "old" else found.new
    heading = own.headings[own.section_of[block]]
    return (*([heading] if heading else []), *own.labels(block))


def _under_another(found: Alignment, old: tuple[Unit, ...], new: tuple[Unit, ...]) -> str:
    """What kind of thing a unit now stands under that it did not stand under; "" where there is none."""
    there = {found.of_old.get(unit) for unit in old}
    for unit in new:
        if unit in there:
            continue
        if unit in found.of_new:  # it is known, and was not above this
            return unit.kind.value if unit.kind is UnitKind.HEADING else "label" if unit.kind is UnitKind.SENTENCE else unit.kind.value
        if unit.kind is not UnitKind.HEADING and len(new) != len(old):
            return "label"
    lost = [unit for unit in old if unit.kind is not UnitKind.HEADING and found.of_old.get(unit) not in new]
    if lost and any(unit in found.of_old for unit in lost):
        return "label"
    heads_old = [unit for unit in old if unit.kind is UnitKind.HEADING]
    heads_new = [unit for unit in new if unit.kind is UnitKind.HEADING]
    return "heading" if heads_old and not heads_new and heads_old[0] in found.of_old else ""


def _has_order(unit: Unit) -> bool:
    """Whether the order matters in which a unit stands: a step, a line of code, something to do."""
    return bool(unit.number) or unit.kind is UnitKind.CODE or (unit.kind is UnitKind.SENTENCE and _asks(unit))


def _asks(unit: Unit) -> bool:
    return asks(read_tokens(unit.text))


def _binds(unit: Unit) -> bool:
    """Whether a unit tells an agent something to do or not to do, or a fact."""
    if unit.kind is not UnitKind.SENTENCE:
        return True
    tokens = read_tokens(unit.text)
    strong = {Sense.NEGATION, Sense.DUTY, Sense.APPROVAL, Sense.ONLY, Sense.CONDITION, Sense.EXCEPTION, Sense.AVOIDANCE}
    return any(token.kind is TokenKind.FACT or token.sense in strong for token in tokens) or _asks(unit)


def _gone(found: Alignment) -> Iterator[Difference]:
    """What is no longer there; an exact duplicate that still stands in the same section is no loss."""
    if not found.gone:
        return
    left = {plain(unit.text): unit.section for unit in found.of_old}
    for i, _ in found.blocks:
        left.update((plain(unit.text), unit.section) for unit in found.old.units(i))
    for unit in found.gone:
        twice = left.get(plain(unit.text)) if unit.kind is UnitKind.SENTENCE else None
        if twice is None:
            yield Difference(Verdict.GONE, (unit,), (), unit.kind.value, True)
        else:
            verdict = Verdict.PROVED if twice == unit.section else Verdict.REWORDED
            yield Difference(verdict, (unit,), (), "said twice", False)


def _come(found: Alignment) -> Iterator[Difference]:
    known = {plain(unit.text) for unit in found.of_old if unit.kind is UnitKind.SENTENCE} if found.come else set()
    for unit in found.come:
        if plain(unit.text) or unit.kind in _VERBATIM:
            again = plain(unit.text) in known
            yield Difference(Verdict.REWORDED if again else Verdict.NEW, (), (unit,), "said twice" if again else unit.kind.value, not again)
