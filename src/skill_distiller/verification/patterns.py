"""Protected patterns and hard rules are kept; an advisory pattern may go, with a warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from skill_distiller.analysis.facts import normalize
from skill_distiller.analysis.patterns import HARD_RULE, find_patterns, join_patterns
from skill_distiller.analysis.words import content_words
from skill_distiller.document import Block, BlockKind, Skill, count_line_ends
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair

_SENTENCE = 300  # characters on each side of a rule's word
_STOPS = (". ", ".\n", "! ", "!\n", "? ", "\n\n", "\n- ", "\n* ")


def check_patterns(pair: Pair) -> Check:
    """Fails where a protected pattern, or a rule in capitals, is in the original only."""
    if pair.kept_blocks.issuperset(block.text for block in pair.original.blocks):
        return Check("patterns")
    return Check("patterns", (*_names(pair), *_rules(pair)))


def _names(pair: Pair) -> Iterator[Finding]:
    before = join_patterns([block.text for block in pair.original.blocks])
    after = join_patterns([block.text for block in pair.candidate.blocks])
    for name in sorted(before.protected - after.protected):
        level = Level.DECLARED if name in pair.declared.patterns else Level.FAILURE
        yield Finding(FindingKind.LOST, level, name, _line(pair.original, name), "protected pattern")
    for name in sorted(before.advisory - after.advisory):
        yield Finding(FindingKind.LOST, Level.WARNING, name, _line(pair.original, name), "advisory pattern")


def _line(skill: Skill, name: str) -> int:
    for block in skill.blocks:
        names = find_patterns(block.text)
        if name in names.protected | names.advisory:
            return block.line
    return 0


class _Rule(NamedTuple):
    text: str
    words: frozenset[str]
    line: int

    def means(self, other: _Rule) -> bool:
        """Whether both have half of the words of the shorter one."""
        return 2 * len(self.words & other.words) >= min(len(self.words), len(other.words))


def _rules(pair: Pair) -> Iterator[Finding]:
    gone = [rule for b in pair.original.blocks if b.text not in pair.kept_blocks for rule in _hard_rules(b)]
    if not gone:
        return
    left = [rule for block in pair.candidate.blocks for rule in _hard_rules(block)]
    words = frozenset(word for rule in left for word in rule.words)
    plain = normalize(pair.candidate.body).lower()
    for rule in gone:
        if rule.words & words and any(map(rule.means, left)):
            continue
        if normalize(rule.text).lower() in plain:
            yield Finding(FindingKind.NOT_IN_CAPITALS, Level.WARNING, rule.text, rule.line, "hard rule")
            continue
        declared = any(normalize(rule.text) in normalize(text) for text in pair.declared.removed)
        level = Level.DECLARED if declared else Level.FAILURE
        yield Finding(FindingKind.LOST, level, rule.text, rule.line, "hard rule")


def _hard_rules(block: Block) -> Iterator[_Rule]:
    if block.kind is BlockKind.CODE or not find_patterns(block.text).hard_rule:
        return
    end = 0
    for match in HARD_RULE.expression.finditer(block.text):
        if match.end() <= end:
            continue  # the same sentence
        start, end = _sentence(block.text, match.end() - 1, match.end())
        text = block.text[start:end]
        text = text.strip(" \t\r\n-*+>#")
        yield _Rule(text, content_words(text), block.line + count_line_ends(block.text[:start]))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds of the sentence around a place of a text."""
    low, high = max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)
    first = max((at + len(stop) for stop in _STOPS if (at := text.rfind(stop, low, start)) >= 0), default=low)
    last = min((at + 1 for stop in _STOPS if (at := text.find(stop, end, high)) >= 0), default=high)
    return first, last
