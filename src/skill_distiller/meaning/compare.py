"""Compare two skills: every difference is accounted for, with its place on both sides and its verdict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.language.lexicon import Sense, are_synonyms
from skill_distiller.language.words import CJK, UNSPACED
from skill_distiller.meaning.align import Alignment, Counterpart, Match, align, plain
from skill_distiller.meaning.punctuation import shows_the_same
from skill_distiller.meaning.sentence_tokens import asks, read_language, read_tokens
from skill_distiller.meaning.side import Side, renamed_notes, with_old_names
from skill_distiller.meaning.statements import PARTED
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.units import VERBATIM, Unit, UnitKind
from skill_distiller.meaning.verdicts import RANK, Edit, Verdict, worst
from skill_distiller.meaning.wording import compare_wording
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill

# What of these is joined, parted or said otherwise in form is another list, table or program.
_COUNTED: Final = frozenset({UnitKind.ITEM, UnitKind.CELL, UnitKind.CODE})
_SAMPLE: Final = 4000  # characters of a skill that tell its language
_WORD: Final = re.compile(r"\w+")
_NO_FIELDS: Final = "---\n---\n"
_BINDING: Final = frozenset(
    {
        Sense.NEGATION,
        Sense.DUTY,
        Sense.APPROVAL,
        Sense.ONLY,
        Sense.CONDITION,
        Sense.EXCEPTION,
        Sense.AVOIDANCE,
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of two texts: its verdict, the units on both sides, what it is about, and the words that differ.

    `what` is a word for people: "fact", "order", "heading", a sense. Of what is `firm` nobody can say that it is
    harmless: a change of meaning, or something lost, moved or new that binds an agent.
    """

    verdict: Verdict
    before: tuple[Unit, ...]
    after: tuple[Unit, ...]
    what: str
    firm: bool
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two texts: in headings, wording and place, then what is gone and what is new."""

    alignment: Alignment
    differences: tuple[Difference, ...]

    @property
    def failed(self) -> tuple[Difference, ...]:
        """What is a change of meaning for certain, or can't be taken on trust."""
        return tuple(difference for difference in self.differences if difference.firm)

    def count(self) -> dict[Verdict, int]:
        """How many units of both texts got each verdict; of one with several differences its worst counts."""
        same = self.alignment
        verdicts: dict[Unit, Verdict] = {}
        for difference in self.differences:
            for unit in difference.before or difference.after:
                verdicts[unit] = max(difference.verdict, verdicts.get(unit, Verdict.IDENTICAL), key=RANK.__getitem__)
        total = len(same.headings) + len(same.gone) + len(same.come)
        total += sum(len(same.old.units(i)) for i, _ in same.blocks) + sum(len(match.before) for match in same.matches)
        counts = dict.fromkeys(Verdict, 0)
        for verdict in verdicts.values():
            counts[verdict] += 1
        counts[Verdict.IDENTICAL] = total - len(verdicts)
        return counts


def compare(before: Skill, after: Skill) -> Comparison:
    """Every difference of two skills' bodies; frontmatter is not looked at."""
    found = align(before, after)
    around = before.body[:_SAMPLE]
    differences = [
        *_headings(found, around),
        *(difference for match in found.matches for difference in _match(match, around)),
        *_quotations(found),
        *_places(found),
        *_gone(found),
        *_come(found),
    ]
    return Comparison(found, tuple(_exchanged(_without_renamed(differences, before, after))))


def compare_texts(before: str, after: str) -> Comparison:
    """The same for two pieces of Markdown, in which a line of hyphens opens no frontmatter."""
    texts = (f"{_NO_FIELDS}{text}" if text.lstrip().startswith("---") else text for text in (before, after))
    return compare(*map(parse_skill, texts))


def _headings(found: Alignment, around: str) -> Iterator[Difference]:
    for old, new in found.headings:
        if old.depth != new.depth:
            yield Difference(Verdict.CHANGED, (old,), (new,), "level", True)
        if old.text != new.text:  # a heading may be all in capitals
            edits = compare_wording(old.text, new.text, _language(around, old.text))
            yield _worded((old,), (new,), tuple(edit for edit in edits if edit.what != "capitals"))


def _match(match: Match, around: str) -> Iterator[Difference]:
    """How a unit is written otherwise: its form, its words; `around` is text in the language of the whole."""
    before, after = tuple(match.before), tuple(match.after)
    form = _other_form(before, after)
    if form:
        yield form
    one, other = (PARTED.join(unit.text for unit in side) for side in (before, after))
    if one == other:
        return
    kinds = {unit.kind for unit in (*before, *after)}
    if kinds & VERBATIM:
        if kinds == {UnitKind.FENCE} and _is_same_language(one.casefold(), other.casefold()):  # "```JSON", "```yml"
            yield Difference(Verdict.REWORDED, before, after, "code fence", False)
        elif kinds == {UnitKind.CODE} and _is_spaced_otherwise(one, other):
            yield Difference(Verdict.REWORDED, before, after, "white space", False)
        elif one.rstrip() != other.rstrip():
            yield Difference(Verdict.CHANGED, before, after, before[0].kind.value, True)
        return
    edits = () if shows_the_same(one, other) else compare_wording(one, other, _language(around, one))
    single = len(before) == len(after) == 1
    if single and _is_question(one) is not _is_question(other) and _binds(before[0]):
        yield Difference(Verdict.CHANGED, before, after, "question", True, edits)
    else:
        yield _worded(before, after, edits)


_UNSPACED_LETTER: Final = re.compile(f"[{CJK}]")


def _language(around: str, text: str) -> str:
    """The language of what a text stands in; "" where that can't be its own: Chinese below an English heading."""
    language = read_language(around)
    return language if language in UNSPACED or not _UNSPACED_LETTER.search(text) else ""


# A line of JSON: strings, marks and plain values, in which blanks outside of strings say nothing.
_JSON: Final = re.compile(r"""(?:"(?:[^"\\\n]|\\.)*"|[\s{}\[\],:\d.eE+-]|true|false|null)+""")
_BLANK: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*")|\s+""")


def _is_spaced_otherwise(one: str, other: str) -> bool:
    """Whether two lines of JSON differ in blanks alone."""
    if not set(one).intersection('"{}[]') or not _JSON.fullmatch(one) or not _JSON.fullmatch(other):
        return False
    return _BLANK.sub(r"\1", one) == _BLANK.sub(r"\1", other)


def _is_same_language(one: str, other: str) -> bool:
    return one == other or are_synonyms(one, other)


def _worded(before: tuple[Unit, ...], after: tuple[Unit, ...], edits: tuple[Edit, ...]) -> Difference:
    verdict = worst(edits)
    what = max(edits, key=lambda edit: (RANK[edit.verdict], edit.what == "fact")).what if edits else ""
    return Difference(verdict, before, after, what, RANK[verdict] > RANK[Verdict.REWORDED], edits)


def _other_form(before: tuple[Unit, ...], after: tuple[Unit, ...]) -> Difference | None:
    """Whether something is no longer the item, cell, line or step that it was."""
    old, new = before[0], after[0]
    if len(before) + len(after) > 2:
        blocks = [len({unit.block for unit in side}) for side in (before, after)]
        counted = [[unit.kind for unit in side if unit.kind in _COUNTED] for side in (before, after)]
        if blocks[0] != blocks[1] or counted[0] != counted[1]:  # a sentence of an item may be parted
            return Difference(Verdict.CHANGED, before, after, "joined", True)
    elif old.kind is not new.kind:
        return Difference(Verdict.CHANGED, before, after, "form", True)
    if old.number != new.number and not set(old.number.split()) & set(new.number.split()):
        return Difference(Verdict.MOVED, before, after, "number", True)
    if old.depth != new.depth and old.kind is UnitKind.ITEM:
        return Difference(Verdict.MOVED, before, after, "nesting", True)
    return None


def _is_question(text: str) -> bool:
    return text.rstrip("*_ ").endswith(("?", "？"))


def _places(found: Alignment) -> Iterator[Difference]:
    """What stands under another heading, label, item, row or column, or in another order."""
    for counterpart in found.counterparts():
        heading = isinstance(counterpart.old, Unit) and counterpart.old.kind is UnitKind.HEADING
        what = "" if heading else _under_another(found, counterpart)
        if counterpart.kept and not what:
            continue  # most did; what they are made of has not to be known
        old, new = _units(found.old, counterpart.old), _units(found.new, counterpart.new)
        if old and new:
            firm = heading or (what not in ("", "heading")) or any(map(_binds if what else _has_order, old))
            yield Difference(Verdict.MOVED, old[:1], new[:1], what or "order", firm)


def _quotations(found: Alignment) -> Iterator[Difference]:
    """What is quoted on one side only: a quotation may be something to say, where it was something to do."""
    for match in found.matches:
        sides = ((found.old.skill, match.before), (found.new.skill, match.after))
        old, new = (any(skill.blocks[u.block].kind is BlockKind.QUOTE for u in units) for skill, units in sides)
        if old is not new:
            yield Difference(Verdict.REWORDED, tuple(match.before), tuple(match.after), "quotation", False)


def _units(side: Side, thing: int | Unit) -> tuple[Unit, ...]:
    return tuple(side.units(thing)) if isinstance(thing, int) else (thing,)


def _under_another(found: Alignment, counterpart: Counterpart) -> str:
    """What kind of thing something now stands under that it did not stand under; "" where there is none."""
    old, new = found.old.above(counterpart.old), found.new.above(counterpart.new)
    there = {found.of_old.get(unit) for unit in old}
    for unit in new:
        if unit not in there and (unit in found.of_new or (unit.kind is not UnitKind.HEADING and len(new) != len(old))):
            return _name(unit)
    for unit in old:  # what it stood under is elsewhere now
        if unit in found.of_old and found.of_old[unit] not in new:
            return _name(unit)
    return ""


def _name(unit: Unit) -> str:
    return "label" if unit.kind is UnitKind.SENTENCE else unit.kind.value


def _has_order(unit: Unit) -> bool:
    """Whether the order matters in which a unit stands: a step, a line of code, something to do."""
    if unit.kind is UnitKind.SENTENCE:
        return asks(read_tokens(unit.text))
    return bool(unit.number) or unit.kind is UnitKind.CODE


def _binds(unit: Unit) -> bool:
    """Whether a unit tells an agent something to do or not to do, or a fact."""
    if unit.kind is not UnitKind.SENTENCE:
        return True
    tokens = read_tokens(unit.text)
    return asks(tokens) or any(token.kind is TokenKind.FACT for token in tokens) or restricts(unit.text)


def restricts(text: str) -> bool:
    """Whether a text has a negation, a duty, a condition or the like, without which it says something else."""
    return any(token.sense in _BINDING for token in read_tokens(text))


def _gone(found: Alignment) -> Iterator[Difference]:
    """What is no longer there; a sentence that still stands in the same section word by word is no loss."""
    if not found.gone:
        return
    asked = {plain(unit.text) for unit in found.gone if unit.kind is UnitKind.SENTENCE}
    left = {text: _place(unit) for unit in found.of_old if (text := plain(unit.text)) in asked}
    by_longest = defaultdict[str, set[frozenset[str]]](set)
    for own in (frozenset(_WORD.findall(text)) for text in asked):
        by_longest[max(own, key=len, default="")].add(own)
    for i, _ in found.blocks:
        if _may_hold(plain(found.old.skill.blocks[i].text), by_longest):
            left |= {text: _place(unit) for unit in found.old.units(i) if (text := plain(unit.text)) in asked}
    coded = _blocks_of_code(found.of_old)
    for unit in found.gone:
        place = left.get(plain(unit.text)) if unit.kind is UnitKind.SENTENCE else None
        if unit.kind is UnitKind.FENCE and unit.block in coded:
            yield Difference(Verdict.REWORDED, (unit,), (), unit.kind.value, False)
        elif place is None or (place != _place(unit) and place[0] == unit.section):  # said under another label
            yield Difference(Verdict.GONE, (unit,), (), unit.kind.value, True)
        else:
            same = place[0] == unit.section and not asks(read_tokens(unit.text))  # what is to be done may be so twice
            yield Difference(Verdict.PROVED if same else Verdict.REWORDED, (unit,), (), "said twice", False)


def _place(unit: Unit) -> tuple[int, tuple[str, ...]]:
    """What a sentence stands under: its section and its labels."""
    return unit.section, tuple(plain(one.text) for one in unit.under)


def _may_hold(text: str, by_longest: Mapping[str, Iterable[frozenset[str]]]) -> bool:
    """A quick look whether one of some sentences may stand in a text, given their words by the longest of each."""
    said = {"", *_WORD.findall(text)}
    return any(own <= said for longest in by_longest.keys() & said for own in by_longest[longest])


def _blocks_of_code(counterparts: Mapping[Unit, Unit]) -> frozenset[int]:
    """The blocks with lines that stand as code on both sides: a fence that went or came only named their language."""
    return frozenset(one.block for one, other in counterparts.items() if one.kind is other.kind is UnitKind.CODE)


def _come(found: Alignment) -> Iterator[Difference]:
    """What is new; a sentence that is only said once more is no news."""
    said = {plain(unit.text) for unit in found.of_old if unit.kind is UnitKind.SENTENCE} if found.come else set()
    coded = _blocks_of_code(found.of_new) if found.come else frozenset[int]()
    for unit in found.come:
        if plain(unit.text) in said:
            yield Difference(Verdict.REWORDED, (), (unit,), "said twice", False)
        elif unit.kind is UnitKind.FENCE and unit.block in coded:
            yield Difference(Verdict.REWORDED, (), (unit,), unit.kind.value, False)
        elif plain(unit.text) or unit.kind in VERBATIM:
            yield Difference(Verdict.NEW, (), (unit,), unit.kind.value, True)


def _without_renamed(differences: Sequence[Difference], before: Skill, after: Skill) -> list[Difference]:
    """The differences, where a footnote by another name throughout is none."""
    edits = [(e.before, e.after) for one in differences if one.what == "fact" for e in one.edits]
    names = renamed_notes(before, after, edits)
    if not names:
        return list(differences)

    def judged(edit: Edit) -> Edit:
        kept = with_old_names(edit.before, names) == with_old_names(edit.after, names)
        return edit._replace(verdict=Verdict.PROVED) if kept and edit.what == "fact" else edit

    return [
        _worded(one.before, one.after, tuple(map(judged, one.edits))) if one.what == "fact" else one
        for one in differences
    ]


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
    return lost - come, come - lost
