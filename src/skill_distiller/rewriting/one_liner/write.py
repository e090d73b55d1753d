"""A skill in three lines, taken from its own words: when it applies, what to do, what comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.one_liner.line_text import is_modal, plain, shorter, units
from skill_distiller.rewriting.one_liner.model import MOST_TOKENS, NOT_STATED, PREFIXES, Line, OneLiner, Piece
from skill_distiller.rewriting.one_liner.slots import find_prohibitions, find_results, forbid, produces
from skill_distiller.rewriting.one_liner.steps import TELLING, Steps, find_steps, heading_text
from skill_distiller.rewriting.one_liner.triggers import Triggers, as_phrase, except_for, find_triggers, parted, quotes
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.tokens import TokenCounter, load_counter

_HEAD_TOKENS: Final = 40  # of a line, for the sentence that it begins with where more is to follow
_CLAUSE_TOKENS: Final = 60  # for a further clause of the trigger
_STEPS_TOKENS: Final = 66  # where a rule is to follow
_RULE_WORDS: Final = 25
_MOST_RULES: Final = 2
_AT_ODDS: Final = 0.6  # of the words of a prohibition that stand in the steps: it holds under conditions not told here
_MOST_INTRO: Final = 3  # sentences
_EARLY: Final = 8  # blocks among which the introduction is
_NAMING: Final = 20  # blocks that are looked at for a word where a skill says next to nothing


class _Material(NamedTuple):
    """What the lines are made of: sentences of the description and of the introduction, title and name, rules."""

    heads: list[Piece]
    intro: list[Piece]
    names: list[Piece]
    rules: list[Piece]

    def without(self, used: Piece | None) -> _Material:
        """What is left when a sentence has been used."""
        if used is None:
            return self
        heads, intro, names = (
            [piece for piece in pieces if not _same(piece.text, used.text)]
            for pieces in (self.heads, self.intro, self.names)
        )
        return _Material(heads, intro, names, self.rules)


def one_liner(analysis: Analysis, counter: TokenCounter | None = None) -> OneLiner:
    """Three lines of at most 80 tokens each; every piece of them stands in the skill, and none is cut inside."""
    counter = counter or load_counter()
    triggers = find_triggers(analysis)
    rules = [Piece(text) for piece in triggers.heads if (text := forbid(piece.text))]
    heads = [piece for piece in triggers.heads if not forbid(piece.text)]
    material = _Material(heads, _intro(analysis), _names(analysis.skill), [*rules, *find_prohibitions(analysis)])
    trigger, left_out, used = _trigger(triggers, material, counter)
    if not trigger.text:
        _first_that_fits(trigger, _anything(analysis.skill))
    material = material.without(used)
    result, used = _result(analysis, material, counter)
    action = _action(find_steps(analysis), material.without(used), counter)
    return OneLiner(
        trigger.text or NOT_STATED,
        action.text or NOT_STATED,
        result.text or NOT_STATED,
        left_out,
        _shares(analysis.skill, (trigger, action, result), counter),
    )


def _shares(skill: Skill, lines: Sequence[Line], counter: TokenCounter) -> dict[int, float]:
    """How much of each block that the lines draw on stands in them: tokens over tokens."""
    drawn = Counter[int]()
    for line in lines:
        drawn.update(line.drawn)
    return {block: min(1.0, n / max(1, counter.count(skill.blocks[block].text))) for block, n in sorted(drawn.items())}


def _trigger(triggers: Triggers, material: _Material, counter: TokenCounter) -> tuple[Line, int, Piece | None]:
    """The line, how many quoted phrases had no room, and the sentence that stands in it for want of a trigger."""
    line, used, missed = Line(PREFIXES[0], counter), None, 0
    for piece in triggers.clauses:
        if not line.add(piece, " ∨ "):
            _add_parted(line, piece)
    for piece in triggers.phrases:
        line.add(piece, " ∨ ")
    if not line.text:
        for piece in triggers.listed:
            missed += not _add_shorter(line, piece, " ∨ ") and not _says(line.text, piece.text)
    if not line.text:
        used = _first_that_fits(line, [*material.heads, *material.intro, *material.names])
    for piece in triggers.excluded[:1]:
        line.add(Piece(except_for(piece.text), piece.block), "; ")
    left_out = sum(not _says(line.text, piece.text) for piece in triggers.phrases)
    line.say_left_out(left_out or missed)
    return line, left_out, used


def _add_parted(line: Line, piece: Piece) -> None:
    """A clause that has no room as a whole: what it says before and after its quoted phrases, or a shorter form."""
    spans = quotes(piece.text)
    if not spans:
        _add_shorter(line, piece, " ∨ ", _CLAUSE_TOKENS if line.text else MOST_TOKENS)
        return
    head, tail = parted(piece.text)
    if len(head.split()) > 1:
        start, end = spans[0]
        whole = Piece(f"{head} {as_phrase(piece.text[start:end])}", piece.block)
        if not line.add(whole, " ∨ ", _CLAUSE_TOKENS) and not line.text:
            _add_shorter(line, Piece(head, piece.block), "", _CLAUSE_TOKENS)
    if len(tail.split()) > 2 and not quotes(tail):
        _add_shorter(line, Piece(tail, piece.block), " ∨ ", _CLAUSE_TOKENS)


def _result(analysis: Analysis, material: _Material, counter: TokenCounter) -> tuple[Line, Piece | None]:
    """The line, and the sentence of the description or the introduction that it took for want of an output."""
    line = Line(PREFIXES[2], counter)
    sentences, parts = find_results(analysis)
    for piece in sentences[:2]:
        _add_shorter(line, piece, "; ")
    for piece in parts:
        if not line.add(piece, " ∧ ") and not _says(line.text, piece.text):
            break
    if line.text:
        return line, None
    made = [piece for piece in material.heads if produces(piece.text)]
    told = [piece for piece in material.intro if not is_modal(piece.text)]
    return line, _first_that_fits(line, [*made, *material.heads, *told, *material.names])


def _action(sequences: Sequence[Steps], material: _Material, counter: TokenCounter) -> Line:
    line = Line(PREFIXES[1], counter)
    told = [*material.heads, *material.intro]
    best = sequences[0] if sequences and (sequences[0].score >= TELLING or not told) else None
    heads = material.heads if best else told
    for piece in heads[:1]:
        _add_shorter(line, piece, "", _HEAD_TOKENS if best else MOST_TOKENS)
    if best:
        _add_steps(line, best, _STEPS_TOKENS if material.rules else MOST_TOKENS)
    _add_rules(line, material.rules)
    for piece in () if best else heads[1:3]:
        _add_shorter(line, piece, "; ")
    if not line.text:
        _first_that_fits(line, [*told, *material.names])
    return line


def _add_rules(line: Line, rules: Sequence[Piece]) -> None:
    """The first prohibitions that are short and do not seem to forbid what the line tells to do."""
    said, added = content_words(line.text), 0
    for piece in rules:
        own = content_words(piece.text)
        at_odds = len(own & said) >= _AT_ODDS * len(own)
        if added < _MOST_RULES and len(piece.text.split()) <= _RULE_WORDS and not at_odds:
            added += line.add(piece, "; ")


def _add_steps(line: Line, steps: Steps, most: int) -> None:
    """As many of the steps as have room, from the first on, and how many there are besides."""
    joint, left = ": ", 0
    for piece in steps.pieces:
        if left or not line.add(piece, joint, most):
            left += not _says(line.text, piece.text)
        else:
            joint = " → " if steps.ordered else " ∧ "
    line.say_left_out(left)


def _add_shorter(line: Line, piece: Piece, joint: str, most: int = MOST_TOKENS) -> bool:
    """Add the longest form of a sentence that has room."""
    return any(line.add(Piece(text, piece.block), joint, most) for text in shorter(piece.text))


def _first_that_fits(line: Line, pieces: Iterable[Piece]) -> Piece | None:
    return next((piece for piece in pieces if _add_shorter(line, piece, "")), None)


def _says(text: str, part: str) -> bool:
    return part.casefold().rstrip(".。") in text.casefold()


def _same(a: str, b: str) -> bool:
    return _says(a, b) or _says(b, a)


def _intro(analysis: Analysis) -> list[Piece]:
    """The first sentences of the body, lead-ins, labels and triggers apart."""
    for block, verdict in zip(analysis.skill.blocks[:_EARLY], analysis.verdicts, strict=False):
        if block.kind is BlockKind.PARAGRAPH and verdict.type is not SectionType.TRIGGER:
            told = [Piece(unit, block.index) for unit in units(block) if _is_telling(unit)]
            if told:
                return told[:_MOST_INTRO]
    return []


def _is_telling(sentence: str) -> bool:
    label = sentence.partition(": ")
    return not sentence.endswith((":", "：")) and not (label[1] and len(label[0].split()) <= 2)


def _names(skill: Skill) -> list[Piece]:
    """The title and the name: what is left to tell of a skill that says nothing else."""
    title = next((heading_text(section.heading) for section in skill.sections if section.level), "")
    return [Piece(text) for text in (title, plain(skill.name)) if text]


def _anything(skill: Skill) -> list[Piece]:
    """Headings and sentences of a skill without description, introduction, title and name."""
    texts = [heading_text(section.heading) for section in skill.sections]
    texts += [unit for block in skill.blocks[:_NAMING] for unit in units(block)]
    return [Piece(text) for text in texts if text]
