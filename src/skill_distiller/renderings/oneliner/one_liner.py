"""A skill in three lines, taken from its own words: when it applies, what to do, what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.document import BlockKind
from skill_distiller.renderings.oneliner.line import MOST_TOKENS, Line, Piece
from skill_distiller.renderings.oneliner.model import PREFIXES, OneLiner
from skill_distiller.renderings.oneliner.plain import plain
from skill_distiller.renderings.oneliner.prohibitions import find_prohibitions, forbid
from skill_distiller.renderings.oneliner.results import find_results, produces
from skill_distiller.renderings.oneliner.shorten import shorter
from skill_distiller.renderings.oneliner.steps import TELLING, Steps, find_steps, heading_text
from skill_distiller.renderings.oneliner.triggers import Triggers, find_triggers, parted, quotes
from skill_distiller.renderings.oneliner.units import units
from skill_distiller.tokens import TokenCounter, load_counter

NOT_STATED: Final = "(not stated)"
_HEAD_TOKENS: Final = 40  # of a line, for the sentence that it begins with where more is to follow
_STEPS_TOKENS: Final = 66
_MOST_RULES: Final = 2


def one_liner(analysis: Analysis, counter: TokenCounter | None = None) -> OneLiner:
    """Three lines of at most 80 tokens each; every piece of them stands in the skill, and none is cut inside."""
    counter = counter or load_counter()
    triggers = find_triggers(analysis)
    intro = _intro(analysis)
    trigger, left_out = _trigger(triggers, [*triggers.heads, *intro, *_names(analysis)], counter)
    heads = [piece for piece in triggers.heads if not _says(trigger.text, piece.text)]
    rules = [*_own_rules(heads), *find_prohibitions(analysis)]
    heads = [piece for piece in heads if not forbid(piece.text)]
    result, used = _result(analysis, heads, intro, counter)
    heads = [piece for piece in heads if piece not in used]
    told = [piece for piece in intro if piece not in used and not _says(trigger.text, piece.text)]
    sequences = find_steps(analysis)
    if heads or told:
        sequences = [steps for steps in sequences if steps.score >= TELLING]
    action = _action(sequences, heads or ([] if sequences else told), rules, counter)
    if not action.text:
        _first_that_fits(action, [*triggers.heads, *intro, *_names(analysis)])
    if not result.text:
        _first_that_fits(result, _names(analysis))
    shares: dict[int, int] = {}
    for line in (trigger, action, result):
        for block, tokens in line.drawn.items():
            shares[block] = shares.get(block, 0) + tokens
    blocks = analysis.skill.blocks
    return OneLiner(
        *(line.text or NOT_STATED for line in (trigger, action, result)),
        left_out,
        {block: min(1.0, tokens / max(1, counter.count(blocks[block].text))) for block, tokens in sorted(shares.items())},
    )


def _trigger(triggers: Triggers, others: Sequence[Piece], counter: TokenCounter) -> tuple[Line, int]:
    line = Line(PREFIXES[0], counter)
    for piece in triggers.clauses:
        if not line.add(piece, " ∨ "):
            _add_clause(line, piece, first=not line.text)
    for piece in triggers.phrases:
        line.add(piece, " ∨ ")
    missed = 0
    for piece in () if line.text else triggers.listed:
        if not _add_shorter(line, piece, " ∨ ") and not _says(line.text, piece.text):
            missed += 1
    if not line.text:
        _first_that_fits(line, others)
    for piece in triggers.excluded[:1]:
        text = _excluded(piece.text)
        line.add(Piece(text, piece.block), " ∧ ") if text else None
    left_out = sum(not _says(line.text, piece.text) for piece in triggers.phrases)
    line.say_left_out(left_out + missed if not left_out else left_out)
    return line, left_out


def _add_clause(line: Line, piece: Piece, *, first: bool) -> None:
    """A clause that has no room as a whole: what it says before and after its quoted phrases, or a shorter form."""
    head, tail = parted(piece.text)
    if tail or head != piece.text:
        start, end = quotes(piece.text)[0]
        if len(head.split()) > 1:
            line.add(Piece(f"{head} {piece.text[start:end]}", piece.block), " ∨ ", _HEAD_TOKENS + 10)
        if len(tail.split()) > 2:
            _add_shorter(line, Piece(tail, piece.block), " ∨ ", _HEAD_TOKENS)
    else:
        _add_shorter(line, piece, " ∨ ", MOST_TOKENS if first else _HEAD_TOKENS + 20)


def _excluded(text: str) -> str:
    import re

    match = re.match(
        r"(?:do not|don['’]t|never|not) (?:use|trigger|invoke|activate|apply)?\s*(?:this|the skill|it)?\s*(?:skill)?\s*(?:for|when|if|on|to)\b:?\s*",
        text,
        re.IGNORECASE,
    )
    return f"¬({text[match.end() :]})" if match and text[match.end() :] else text


def _action(sequences: Sequence[Steps], heads: Sequence[Piece], rules: Sequence[Piece], counter: TokenCounter) -> Line:
    line = Line(PREFIXES[1], counter)
    for piece in heads[:1]:
        _add_shorter(line, piece, "", _HEAD_TOKENS if sequences else MOST_TOKENS)
    if sequences:
        steps = sequences[0]
        joint, left = (" → " if steps.ordered else " ∧ "), 0
        for i, piece in enumerate(steps.pieces):
            if left or not line.add(piece, ": " if i == 0 and line.text else joint, _STEPS_TOKENS if rules else MOST_TOKENS):
                left += not _says(line.text, piece.text)
        line.say_left_out(left)
    added = 0
    for piece in rules:
        added += line.add(piece, "; ") if added < _MOST_RULES else 0
    if not sequences:
        for piece in heads[1:3]:
            _add_shorter(line, piece, "; ")
    return line


def _result(
    analysis: Analysis, heads: Sequence[Piece], intro: Sequence[Piece], counter: TokenCounter
) -> tuple[Line, list[Piece]]:
    line, used = Line(PREFIXES[2], counter), []
    sentences, parts = find_results(analysis)
    for piece in sentences[:2]:
        _add_shorter(line, piece, "; ")
    for piece in parts:
        if not line.add(piece, " ∧ " if line.text else ""):
            break
    if line.text:
        return line, used
    made = [piece for piece in heads if produces(piece.text)]
    for piece in (*made, *heads[:1], *intro):
        if _add_shorter(line, piece, "; "):
            used.append(piece)
            break
    return line, used


def _own_rules(heads: Iterable[Piece]) -> list[Piece]:
    return [Piece(text) for piece in heads if (text := forbid(piece.text))]


def _add_shorter(line: Line, piece: Piece, joint: str, most: int = MOST_TOKENS) -> bool:
    """Add the longest form of a sentence that has room."""
    return any(line.add(Piece(text, piece.block), joint, most) for text in shorter(piece.text))


def _first_that_fits(line: Line, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        if _add_shorter(line, piece, ""):
            return


def _says(text: str, part: str) -> bool:
    return part.casefold().rstrip(".。") in text.casefold()


def _intro(analysis: Analysis) -> list[Piece]:
    """The first sentences of the body, lead-ins and triggers apart."""
    skill = analysis.skill
    for block in skill.blocks[:8]:
        if block.kind is BlockKind.PARAGRAPH and analysis.verdicts[block.index].type is not SectionType.TRIGGER:
            told = [Piece(unit, block.index) for unit in units(block) if not unit.endswith((":", "："))]
            if told:
                return told[:3]
    return []


def _names(analysis: Analysis) -> list[Piece]:
    """The title and the name: what is left to tell of a skill that says nothing else."""
    skill = analysis.skill
    titles = [heading_text(section.heading) for section in skill.sections if section.level]
    texts = [*titles[:1], plain(skill.name), *titles[1:], *(unit for block in skill.blocks[:20] for unit in units(block))]
    return [Piece(text) for text in texts if text]
