"""A baseline for the trained analyzer: rules over headings, block kind, modality, lead-ins and position.

Each rule adds points to types; the type with most points is the verdict, its margin the
confidence. Points and means were set by hand after counts over labeled real skills.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from skill_distiller.analysis.patterns import PatternNames
from skill_distiller.analysis.reading import Analysis, SectionType, Verdict, floored
from skill_distiller.analysis.safeguards import CONDITION, CUES, IMPERATIVES, Place, Points, places, safeguards
from skill_distiller.language.facts import FactKind, block_facts
from skill_distiller.language.words import content_words, unique_words
from skill_distiller.skill.model import BlockKind, Skill

T = SectionType

_KINDS: Final[dict[BlockKind, Points]] = {
    BlockKind.PARAGRAPH: {T.EXPLANATION: 0.9, T.CORE_INSTRUCTION: 0.5, T.VERBOSE_DETAIL: 0.4},
    BlockKind.LIST: {T.CORE_INSTRUCTION: 0.9, T.CONSTRAINT: 0.6, T.ADVISORY_PATTERN: 0.3, T.TRIGGER: 0.2},
    BlockKind.LIST_ITEM: {T.CORE_INSTRUCTION: 1.4, T.CONSTRAINT: 0.6},
    BlockKind.CODE: {T.CORE_INSTRUCTION: 1.0, T.EXAMPLE: 0.8, T.OUTPUT_FORMAT: 0.3},
    BlockKind.TABLE: {T.CORE_INSTRUCTION: 1.6, T.EXPLANATION: 0.4},
    BlockKind.QUOTE: {T.VERBOSE_DETAIL: 0.7, T.EXAMPLE: 0.5},
    BlockKind.HTML: {T.VERBOSE_DETAIL: 1.0, T.EXPLANATION: 0.5},
    BlockKind.RULE: {T.VERBOSE_DETAIL: 5.0},
    BlockKind.DEFINITION: {T.VERBOSE_DETAIL: 0.6, T.CORE_INSTRUCTION: 1.0},
}
_SHELLS: Final = "bash sh shell zsh console powershell ps1 sql"
_LANGUAGES: Final = "python typescript javascript ts js go rust yaml"
_FENCES: Final[dict[str, Points]] = {
    **{name: {T.CORE_INSTRUCTION: 1.6} for name in _SHELLS.split()},
    **{name: {T.CORE_INSTRUCTION: 0.6} for name in _LANGUAGES.split()},
    "markdown": {T.OUTPUT_FORMAT: 3.0},
    "md": {T.OUTPUT_FORMAT: 3.0},
    "json": {T.EXAMPLE: 1.2, T.OUTPUT_FORMAT: 0.6},
}

_MUST: Final = re.compile(
    r"\b(?=[mnadrfMNADRFICO])(?:[Mm]ust|[Nn]ever|[Aa]lways|[Dd]o not|[Dd]on['’]t|[Rr]equired|[Mm]andatory|[Ff]orbidden"
    r"|not allowed|MUST|NEVER|ALWAYS|DO NOT|CRITICAL|IMPORTANT|REQUIRED|ONLY|FORBIDDEN)\b"
    r"|必须|禁止|不得|不要|切勿|必ず|禁止|してはいけない|нельзя|обязательно|никогда|nunca|siempre|sempre|asla|mutlaka|반드시|금지"
)
_MUST_WORDS: Final = frozenset(
    "must never always not don required mandatory forbidden critical important only nunca siempre sempre".split()
)
_RATIONALE_WORDS: Final = frozenset("because means rationale words why reason".split())
_IF_SENTENCE: Final = re.compile(r"[.!?]\s+(?:If|When|Unless)\b")
_RATIONALE: Final = re.compile(r"\b(?i:because|this means|rationale|in other words|that is why|the reason)\b")
_USE_WHEN: Final = re.compile(
    r"\W*(?i:use (?:this|it|the skill)?\s*(?:skill )?(?:when|for|if)|activate (?:when|this)|invoke (?:when|this))\b"
)
_EXAMPLE_LEAD: Final = re.compile(
    r"\b(?i:e\.g\.|for example|example|for instance|sample)\b"
    r"|例如|例えば|например|por ejemplo|por exemplo|örneğin|예를 들어"
)
_PLACEHOLDER: Final = re.compile(r"<[a-z][\w -]*>|\{[a-z][\w -]*\}|\[[A-Z][^\[\]\n]{2,}\]")
_GOOD_BAD: Final = re.compile(r"[✅❌✓✗]|\b(?:GOOD|BAD|Good|Bad|Wrong|Right|Before|After)\b\s*[:：*)]")
_MARKERS: Final = " \t>*+-0123456789.)[]xX_`"  # of lists, quotes and check boxes

# Mean importance (0-1) of labeled blocks by type; what a block adds to it stands in `_importance`.
_BASE: Final = {
    T.TRIGGER: 0.36, T.CORE_INSTRUCTION: 0.48, T.CONSTRAINT: 0.48, T.OUTPUT_FORMAT: 0.48, T.ADVISORY_PATTERN: 0.31,
    T.EXAMPLE: 0.25, T.EDGE_CASE: 0.36, T.EXPLANATION: 0.25, T.VERBOSE_DETAIL: 0.10,
}  # fmt: skip
_REPEATED: Final = 0.9  # a paragraph that says this share of its words elsewhere is a restatement
_TEMPERATURE: Final = 0.9  # of the softmax that turns points into a confidence


class RulesAnalyzer:
    """Verdicts by rules: no model, no network, the same answer every time."""

    name = "embedded rules"

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict for each block of the skill."""
        rows = zip(places(skill), _repeated(skill), safeguards(skill), strict=True)
        verdicts = (_verdict(place, repeated, guard) for place, repeated, guard in rows)
        return Analysis(skill, tuple(verdicts), self.name)


def _repeated(skill: Skill) -> Iterator[float]:
    """For each block the share of its content words that stand elsewhere in the skill."""
    words = [content_words(block.text) for block in skill.blocks]
    headings = frozenset(word for section in skill.sections for word in content_words(section.heading))
    novel = unique_words(words) - headings
    for own in words:
        yield 1 - len(own & novel) / len(own) if own else 1.0


def _verdict(place: Place, repeated: float, guard: PatternNames) -> Verdict:
    points = dict.fromkeys(T, 0.0)
    for rule in _RULES:
        for kind, value in rule(place).items():
            points[kind] += value
    if repeated > _REPEATED and place.block.kind is BlockKind.PARAGRAPH:
        points[T.VERBOSE_DETAIL] += 1.2
    best = max(points, key=points.__getitem__)
    total = sum(math.exp((value - points[best]) / _TEMPERATURE) for value in points.values())
    importance = floored(_importance(place, best, repeated), guard.protected)
    return Verdict(best, importance, 1 / total, *guard)


def _kind(place: Place) -> Points:
    if place.block.text.lstrip().startswith("<!--"):
        return {T.VERBOSE_DETAIL: 4.0}
    return _KINDS[place.block.kind]


def _fence(place: Place) -> Points:
    if place.block.kind is not BlockKind.CODE:
        return {}
    language = place.block.info.split()[0].lower() if place.block.info.split() else ""
    points = dict(_FENCES.get(language, {}))
    if _PLACEHOLDER.search(place.block.text):
        points[T.OUTPUT_FORMAT] = points.get(T.OUTPUT_FORMAT, 0.0) + 0.9
    if _GOOD_BAD.search(place.led_in_by) or _EXAMPLE_LEAD.search(place.led_in_by):
        points[T.EXAMPLE] = points.get(T.EXAMPLE, 0.0) + 2.0
    return points


def _modality(place: Place) -> Points:
    text = place.block.text
    if place.block.kind is BlockKind.CODE or text.lstrip().startswith("<!--"):
        return {}
    words = content_words(text)
    hits = len(_MUST.findall(text)) if not _MUST_WORDS.isdisjoint(words) or not text.isascii() else 0
    points: Points = {T.CONSTRAINT: min(2.4, 0.9 * hits + (0.5 if hits else 0))}
    if place.block.kind is BlockKind.PARAGRAPH and (CONDITION.match(text) or _IF_SENTENCE.search(text)):
        points |= {T.CORE_INSTRUCTION: 1.0, T.EDGE_CASE: 0.9}
    if _USE_WHEN.match(text):
        points[T.TRIGGER] = 2.5
    if not _RATIONALE_WORDS.isdisjoint(words) and _RATIONALE.search(text):
        points[T.EXPLANATION] = 0.9
    return points


def _imperative(place: Place) -> Points:
    if place.block.kind in (BlockKind.CODE, BlockKind.HTML, BlockKind.TABLE):
        return {}
    lines = [line.lstrip(_MARKERS).split(maxsplit=1) for line in place.block.text.split("\n")]
    firsts = [words[0].strip("*_:,.").lower() for words in lines if words]
    hits = sum(1 for word in firsts if word in IMPERATIVES)
    if not hits:
        return {}
    # A sentence that says what to do with something named in code is no background, whatever stands above it.
    named = place.block.kind is BlockKind.PARAGRAPH and "`" in place.block.text and firsts[0] in IMPERATIVES
    return {T.CORE_INSTRUCTION: 1.5 * min(1.0, 2 * hits / len(firsts)) + (2.0 if named else 0.0)}


_RULES: Final = (*CUES, _kind, _fence, _modality, _imperative)


def _importance(place: Place, kind: SectionType, repeated: float) -> float:
    """0-1: the type's mean, more where the block carries facts and modality, less where it repeats."""
    if place.leads_in and kind is T.VERBOSE_DETAIL:
        return 0.1
    facts = block_facts(place.block)
    words = max(1, len(place.block.text.split()))
    particular = sum(1 for fact in facts if fact.kind is not FactKind.MODAL)
    density = min(1.0, 4 * particular / words)
    modal = min(1.0, sum(1 for fact in facts if fact.kind is FactKind.MODAL) / 3)
    size = min(1.0, math.log1p(words) / math.log(120))
    value = _BASE[kind] + 0.10 * density + 0.08 * modal + 0.12 * (size - 0.5) - 0.15 * max(0.0, repeated - 0.6)
    return min(1.0, value)
