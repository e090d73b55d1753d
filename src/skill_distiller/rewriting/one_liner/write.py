"""A skill in three lines, taken from its own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.one_liner.line_text import (
    has,
    is_doing,
    is_foreign,
    is_label,
    is_modal,
    is_order,
    shorter,
    units,
    words,
)
from skill_distiller.rewriting.one_liner.model import (
    MOST_TOKENS,
    NOT_STATED,
    PREFIXES,
    PURPOSE,
    UNTOLD,
    Line,
    OneLiner,
    Piece,
)
from skill_distiller.rewriting.one_liner.slots import (
    by_case,
    find_prohibitions,
    find_results,
    forbid,
    forbids,
    produces,
)
from skill_distiller.rewriting.one_liner.steps import Steps, find_steps
from skill_distiller.rewriting.one_liner.triggers import Triggers, as_phrase, find_triggers, parted, quotes
from skill_distiller.skill.model import BlockKind
from skill_distiller.tokens import TokenCounter, load_counter

_HEAD_TOKENS: Final = 36  # of a line, for the sentence that it begins with where more is to follow
_CLAUSE_TOKENS: Final = 60  # for a further clause of the trigger
_FIRST_CLAUSE_TOKENS: Final = 70
_STEPS_TOKENS: Final = 56  # where rules are to follow
_USES_TOKENS: Final = 54  # where it is to follow what it is not for
_AT_ODDS: Final = 0.6  # of the words of a prohibition that stand in the steps: it holds under conditions not told here
_SAME: Final = 0.7  # of the words of two sentences, of the shorter one: they say one thing
_MOST_INTRO: Final = 3  # sentences
_EARLY: Final = 8  # blocks among which the introduction is


def one_liner(reading: Reading, counter: TokenCounter | None = None) -> OneLiner:
    """Three lines of at most 80 tokens each; every piece of them stands in the skill, and none is cut inside."""
    counter = counter or load_counter()
    triggers = find_triggers(reading)
    rules = [Piece(forbid(piece.text)) for piece in triggers.heads if forbids(piece.text)]
    heads = [piece for piece in triggers.heads if not forbids(piece.text) and not is_label(piece.text)]
    heads += _intro(reading)
    trigger, left_out, purpose = _trigger(triggers, heads, counter)
    rest = _without(heads, purpose)
    result, used = _result(reading, [p for p in rest if p.block is None or _makes(p.text)], counter)
    spare = [piece for piece in (purpose, used) if piece and (piece is purpose or is_order(piece.text))]
    action = _action(reading, _without(rest, used), spare, [*rules, *find_prohibitions(reading)], counter)
    drawn = trigger.drawn + action.drawn + result.drawn
    blocks = reading.skill.blocks
    return OneLiner(
        (PURPOSE if purpose else "") + trigger.text or NOT_STATED,
        action.text,
        result.text or NOT_STATED,
        left_out,
        {block: min(1.0, n / max(1, counter.count(blocks[block].text))) for block, n in sorted(drawn.items())},
    )


def with_phrases(one_liner: OneLiner, embedded: OneLiner, counter: TokenCounter) -> OneLiner | None:
    """The lines with the quoted phrases of the embedded trigger; None where they have no room."""
    trigger = one_liner.trigger
    for start, end in quotes(embedded.trigger):
        phrase = embedded.trigger[start:end]
        if phrase[1:-1].casefold() not in trigger.casefold():
            trigger += f" ∨ {phrase}"
    written = replace(one_liner, trigger=trigger, left_out=embedded.left_out, shares=embedded.shares)
    return written if counter.count(written.lines[0]) <= MOST_TOKENS else None


def _trigger(triggers: Triggers, heads: list[Piece], counter: TokenCounter) -> tuple[Line, int, Piece | None]:
    """The line, how many quoted phrases had no room, and the sentence that says what the skill is for instead."""
    line, purpose, missed = Line(PREFIXES[0], counter), None, 0
    most = _USES_TOKENS if triggers.excluded else MOST_TOKENS
    for piece in triggers.clauses:
        if not line.add(piece, " ∨ ", most):
            _add_parted(line, piece, most)
        if not line.text:
            _add_shorter(line, piece, "", _FIRST_CLAUSE_TOKENS)
    for piece in triggers.phrases:
        line.add(piece, " ∨ ", most)
    if not line.text:
        for piece in triggers.listed:
            missed += not _add_shorter(line, piece, " ∨ ", most) and not _says(line.text, piece.text)
    if not line.text:
        line = Line(PREFIXES[0] + PURPOSE, counter)
        purpose = next((piece for piece in heads if _add_shorter(line, piece, "", most)), None)
    left_out = sum(not _says(line.text, piece.text) for piece in triggers.phrases)
    line.say_left_out(left_out or missed)
    if not line.text and triggers.excluded:
        line.add(Piece(NOT_STATED))
    line.add_rules(triggers.excluded, "exclusion")
    return line, left_out, purpose


def _add_parted(line: Line, piece: Piece, most: int) -> None:
    """A clause that has no room as a whole: what it says before and after its quoted phrases, or a shorter form."""
    spans, further = quotes(piece.text), min(most, _CLAUSE_TOKENS)
    if not spans:
        _add_shorter(line, piece, " ∨ ", further if line.text else most)
        return
    head, tail = parted(piece.text)
    if len(head.split()) > 1:
        start, end = spans[0]
        whole = Piece(f"{head} {as_phrase(piece.text[start:end])}", piece.block)
        if not line.add(whole, " ∨ ", further) and not line.text:
            _add_shorter(line, Piece(head, piece.block), "", further)
    if len(tail.split()) > 2 and not quotes(tail):
        _add_shorter(line, Piece(tail, piece.block), " ∨ ", further)


def _result(reading: Reading, heads: list[Piece], counter: TokenCounter) -> tuple[Line, Piece | None]:
    """The line, and the sentence of the description or the introduction that it took for want of an output."""
    line = Line(PREFIXES[2], counter)
    told, parts = find_results(reading)
    for piece in islice(told, 2):
        _add_shorter(line, piece, "; ")
    for piece in parts:
        cases = piece.block is not None and by_case(reading.skill.blocks[piece.block])
        if not line.add(piece, " ∨ " if cases else " ∧ ") and not _says(line.text, piece.text):
            break
    made = (piece for piece in heads if not line.text and produces(piece.text) and not is_modal(piece.text))
    return line, next((piece for piece in made if _add_shorter(line, piece, "")), None)


def _action(
    reading: Reading, heads: list[Piece], spare: list[Piece], rules: list[Piece], counter: TokenCounter
) -> Line:
    """The steps behind what the agent does in a sentence, or either, which another line may have; what is forbidden."""
    line = Line(PREFIXES[1], counter)
    steps = find_steps(reading)
    sources = heads if steps else [*heads, *spare]
    orders = [piece for piece in sources if is_doing(piece.text) or (not steps and is_foreign(piece.text))]
    if steps:
        orders = [piece for piece in orders if not is_modal(piece.text)]
        for step in steps.pieces:
            orders = _without(orders, step)
    for piece in orders:
        if _add_shorter(line, piece, "", _HEAD_TOKENS if steps else _STEPS_TOKENS):
            break
    if steps:
        _add_steps(line, steps, _STEPS_TOKENS if rules else MOST_TOKENS)
    if not line.text:
        line.add(Piece(NOT_STATED))
    said = _telling_words(line.text)
    at_odds = {p.text for p in rules if len(said & (own := _telling_words(p.text))) >= _AT_ODDS * len(own)}
    line.add_rules((Piece("" if p.text in at_odds else p.text, p.block) for p in rules), "prohibition")
    return line


def _telling_words(text: str) -> frozenset[str]:
    return frozenset(word for word in content_words(text) if not words("hangs").fullmatch(word))


def _add_steps(line: Line, steps: Steps, most: int) -> None:
    """As many of the steps as have room, from the first on, and how many there are besides."""
    before, joint, left = line.text, ": ", 0
    for piece in steps.pieces:
        if left or not line.add(piece, joint, most, again=True):
            left += 1
        else:
            joint = " → " if steps.ordered else " ∧ "
    if line.text[len(before) :].strip(f": →∧{UNTOLD}"):
        line.say_left_out(left)
    else:
        line.text = before


def _add_shorter(line: Line, piece: Piece, joint: str, most: int = MOST_TOKENS) -> bool:
    """Add the longest form of a sentence that has room."""
    return any(line.add(Piece(text, piece.block), joint, most) for text in shorter(piece.text))


def _says(text: str, part: str) -> bool:
    return part.casefold().rstrip(".。") in text.casefold()


def _makes(sentence: str) -> bool:
    """Whether a sentence of the introduction says what the skill makes, rather than what to make."""
    return bool(words("produces").match(sentence)) and not is_order(sentence)


def _without(heads: list[Piece], used: Piece | None) -> list[Piece]:
    """What is left when a sentence has been used."""
    said = content_words(used.text) if used else frozenset()
    own = {piece.text: content_words(piece.text) for piece in heads}
    return [p for p in heads if not said or len(own[p.text] & said) < _SAME * max(1, min(len(said), len(own[p.text])))]


def _intro(reading: Reading) -> Iterable[Piece]:
    """The first sentences of the body, lead-ins, labels and triggers apart."""
    for block, verdict in zip(reading.skill.blocks[:_EARLY], reading.verdicts, strict=False):
        section = reading.skill.sections[reading.skill.section_of[block.index]]
        early = section.level <= 1 or has("overview", section.heading)
        if early and block.kind is BlockKind.PARAGRAPH and verdict.type is not SectionType.TRIGGER:
            told = (u for u in units(block) if not (is_label(u) or forbids(u) or has("speaks_of_use", u)))
            if found := [Piece(unit, block.index) for unit in told]:
                return found[:_MOST_INTRO]
    return []
