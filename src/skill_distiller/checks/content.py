"""Every fact, protected pattern and hard rule of the original stands in the candidate, every step in its place."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import PatternNames, join_patterns
from skill_distiller.checks.format import find_hidden
from skill_distiller.checks.model import Finding, FindingKind, Level, Pair, Place, places
from skill_distiller.checks.statements import STATEMENT_END
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import sentence_bounds
from skill_distiller.language.words import content_words, unique_words
from skill_distiller.meaning.clauses import stems
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill


def find_lost_facts(pair: Pair) -> Iterator[Finding]:
    """Fails where a command, path, number, link or other fact was lost, a step moved, or something is hidden.

    A new fact is a warning.
    """
    lost = _missing(places(pair.original_alone), pair.candidate_keys)
    # Against the blocks that were rewritten first: mostly that is all.
    new = list(_missing(places(pair.candidate_alone), {place.fact.key for place in places(pair.original_alone)}))
    new = [place for place in new if place.fact.key not in pair.original_keys]
    yield from (_lost(place, pair) for place in lost)
    yield from map(_new, new)
    yield from _moved_steps(pair)
    yield from find_hidden(pair)


def _missing(found: Iterable[Place], keys: Collection[str]) -> Iterator[Place]:
    """The first place of each fact whose key is not among some keys."""
    seen = set[str]()
    for place in found:
        fact = place.fact
        if fact.key not in keys and fact.key not in seen and fact.kind is not FactKind.MODAL:
            seen.add(fact.key)
            yield place


def _lost(place: Place, pair: Pair) -> Finding:
    level = Level.DECLARED if place.fact.key in pair.declared.facts else Level.FAILURE
    return Finding(FindingKind.LOST, level, place.fact.text, place.line, place.fact.kind.value)


def _new(place: Place) -> Finding:
    kind = place.fact.kind.value
    return Finding(FindingKind.NEW, Level.WARNING, place.fact.text, place.line, kind, in_candidate=True)


_STEP: Final = re.compile(r"^[ \t>]*\d{1,9}[.)][ \t]+(\S[^\r\n]*)", re.MULTILINE)


class _Step(NamedTuple):
    section: int
    text: str
    block: Block
    start: int

    @property
    def line(self) -> int:
        return self.block.line_at(self.start)


def _moved_steps(pair: Pair) -> Iterator[Finding]:
    """The steps that stand before one which they followed in their section.

    A step is known again by most of the words that no other step has.
    """
    before, after = list(_steps(pair.original)), list(_steps(pair.candidate))
    remaining = iter([step.text for step in before])
    if all(step.text in remaining for step in after):  # nothing but steps left out
        return
    owners = {word: place for place, words in enumerate(_own_words(after)) for word in words}
    places = [_step_place(own, owners) for own in _own_words(before)]
    known = [(step, place) for step, place in zip(before, places, strict=True) if place >= 0]
    for (first, at), (second, then) in pairwise(known):
        if first.section == second.section and then < at:
            yield Finding(FindingKind.MOVED, Level.FAILURE, after[then].text, after[then].line, "step", True)


def _steps(skill: Skill) -> Iterator[_Step]:
    for section in skill.sections:
        for block in section.blocks:
            for match in _STEP.finditer(block.text) if block.kind in PROSE else ():
                yield _Step(section.index, match.group(1).strip(), block, match.start(1))


def _own_words(steps: Sequence[_Step]) -> list[frozenset[str]]:
    """For each step the words that no other has."""
    words = [frozenset(stems(step.text)) for step in steps]
    unique = unique_words(words)
    return [own & unique for own in words]


def _step_place(own: frozenset[str], owners: Mapping[str, int]) -> int:
    """Where the words of a step stand now, -1 where that is not plain."""
    found = Counter(owners[word] for word in own if word in owners)
    place, count = max(found.items(), key=lambda item: item[1], default=(-1, 0))
    return place if 2 * count > found.total() and 2 * count >= len(own) else -1


_LOOKED_AT: Final = 200  # sentences that a rule is compared with
# The hard rules of analysis.patterns that have no modal word, what stands in each, and what they may become.
_HARD: Final = re.compile(r"\bCRITICAL\b|\b(?:[Ss]kip|[Ii]gnore) this skill\b")
_HINTS: Final = ("CRITICAL", "this skill")
_SAID: Final = re.compile(r"\b(?:critical|(?:skip|ignore) this skill)\b", re.IGNORECASE)


def find_lost_patterns(pair: Pair) -> Iterator[Finding]:
    """Fails where a protected pattern, or a rule in capitals, is in the original only."""
    yield from _names(pair)
    yield from _rules(pair)


def _names(pair: Pair) -> Iterator[Finding]:
    before = join_patterns([block.text for block in pair.original_alone])
    if pair.patterns:  # the user's own count in headings too
        before = pair.patterns.find_all(pair.original)
    if not (before.protected or before.advisory):
        return
    after = pair.patterns.find_all(pair.candidate)
    for name in sorted(before.protected - after.protected):
        level = Level.DECLARED if name in pair.declared.patterns else Level.FAILURE
        yield Finding(FindingKind.LOST, level, name, _line(pair, name), "protected pattern")
    for name in sorted(before.advisory - after.advisory):
        yield Finding(FindingKind.LOST, Level.WARNING, name, _line(pair, name), "advisory pattern")


def _line(pair: Pair, name: str) -> int:
    for section in pair.original.sections:
        if section.level and name in _all(pair.patterns.find_own(section.heading)):
            return section.line
        for block in section.blocks:
            if name in _all(pair.patterns.find(block.text)):
                return block.line
    return 0


def _all(names: PatternNames) -> frozenset[str]:
    return names.protected | names.advisory


class _Rule(NamedTuple):
    word: str
    text: str
    words: frozenset[str]
    line: int

    def means(self, other: _Rule) -> bool:
        """Whether both have half of the words of the shorter one."""
        return 2 * len(self.words & other.words) >= min(len(self.words), len(other.words))


def _rules(pair: Pair) -> Iterator[Finding]:
    """The hard rules without a modal word; those with one are looked at as negations."""
    hinted = (block for block in pair.original_alone if any(hint in block.text for hint in _HINTS))
    gone = [(block, rule) for block in hinted for rule in _sentences(block, _HARD)]
    if not gone:
        return
    left = defaultdict[str, list[_Rule]](list)
    for block in pair.candidate_alone:
        for rule in _sentences(block, _SAID):
            for word in rule.words:
                left[word].append(rule)
    for block, rule in gone:
        near = islice((other for word in rule.words for other in left.get(word, ())), _LOOKED_AT)
        same = [other for other in near if rule.means(other)]
        if not same:
            level = Level.DECLARED if block.text in pair.declared.removed else Level.FAILURE
            yield Finding(FindingKind.LOST, level, rule.text, rule.line, "hard rule")
        elif rule.word.isupper() and not any(other.word.isupper() for other in same):
            yield Finding(FindingKind.NOT_IN_CAPITALS, Level.WARNING, rule.text, rule.line, "hard rule")


def _sentences(block: Block, expression: re.Pattern[str]) -> Iterator[_Rule]:
    if block.kind is BlockKind.CODE:
        return
    for match in expression.finditer(block.text):
        start, end = sentence_bounds(block.text, match.end() - 1, match.end(), STATEMENT_END)
        text = block.text[start:end].strip(" \t\r\n-*+>#")
        yield _Rule(match.group(), text, content_words(text), block.line_at(start))
