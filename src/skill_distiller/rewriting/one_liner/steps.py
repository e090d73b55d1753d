"""What the agent does, as a sequence of short steps taken from headings, lists or sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.one_liner.line_text import (
    balanced,
    has,
    is_foreign,
    is_label,
    is_modal,
    is_order,
    number,
    plain,
    shorter,
    units,
    words,
)
from skill_distiller.rewriting.one_liner.model import (
    UNTOLD,
    Piece,
    alternative_blocks,
    conditional_blocks,
    is_alternative,
    negative_blocks,
)
from skill_distiller.skill.model import Block, BlockKind, Section

_NUMBER: Final = re.compile(r"\(?\d{1,2}(?:\.\d{1,2})*[.):、]?\s+|\(?\d{1,2}[.):、]\s*")
_AFTER_STEP: Final = re.compile(r"[\s:：.)—–-]*")
_LABELED: Final = re.compile(r"(.{2,60}?)(?:\s*[:：]\s+|\s+[—–-]\s+|：)(?=\S)")
_NO_TEXT: Final = re.compile(r"\A[^\w`(“「\"'/@.$¬<&]+|[\s:：.—–-]+\Z")  # around the text of a heading
_BLANK: Final = re.compile(r"[\[<{(][^\[\]<>{}()]*[\]>})]")  # left for the author to fill in
_MOST_WORDS: Final = 16  # of a step
_LABEL_WORDS: Final = 6
_TOLD: Final = 0.6  # of the steps that have to be said


def heading_text(heading: str) -> str:
    """A heading without its number and emoji; "" where nothing else is in it, or it is too long for a step."""
    text = _NO_TEXT.sub("", _without_number(_NO_TEXT.sub("", plain(heading).strip("#").strip())))
    return "" if words("opens_clause").match(text) else _first_short(text)


def step_text(unit: str) -> str:
    """A list item or sentence as a step: its label or its first part, "" where it can't be said shortly."""
    unit = _without_number(unit)
    if unit.endswith((":", "：", "?", "？")) or _BLANK.fullmatch(unit):
        return ""
    label = _LABELED.match(unit)
    named = label and len(label[1].split()) <= _LABEL_WORDS and balanced(label[1]) and not is_modal(label[1])
    if label and named and not words("opens_clause").match(unit) and not has("binds", unit[label.end() :]):
        return label[1].strip()
    return _first_short(unit)


def _without_number(text: str) -> str:
    step = words("step").match(text)
    text = text[_AFTER_STEP.match(text, step.end()).end() :] if step else text  # type: ignore[union-attr]
    match = _NUMBER.match(text)
    return text[match.end() :] if match else text


def _first_short(text: str) -> str:
    short = (t for t in shorter(text) if len(t.split()) <= _MOST_WORDS and (t.isascii() or len(t) <= 6 * _MOST_WORDS))
    return next(short, "")


def _is_numbered(heading: str) -> bool:
    return bool(_NUMBER.match(heading) or words("step").match(_NO_TEXT.sub("", heading)))


_ASIDE: Final = frozenset({
    SectionType.EXAMPLE, SectionType.EDGE_CASE, SectionType.TRIGGER, SectionType.VERBOSE_DETAIL,
    SectionType.OUTPUT_FORMAT, SectionType.EXPLANATION, SectionType.ADVISORY_PATTERN,
})  # fmt: skip
_LISTS: Final = (BlockKind.LIST, BlockKind.LIST_ITEM)
_MOST_STEPS: Final = 40
_MOST_BLOCKS: Final = 80  # of a list that is looked at
_MOST_LISTS: Final = 200
# Scores: what is below `_TELLING` does not say what the agent does each time.
_TELLING: Final = 1.0
_SENTENCES_SCORE: Final = 1.05
_ASIDE_SCORE: Final = -1.5


class Steps(NamedTuple):
    """Steps in order; `ordered` is False where they are parts rather than a sequence."""

    pieces: tuple[Piece, ...]
    ordered: bool
    score: float


def find_steps(reading: Reading) -> Steps | None:
    """The most telling sequence, the first of equals; None where the skill has none that tells what is done."""
    found = [*_headings(reading), *islice(_lists(reading), _MOST_LISTS), *_from_sentences(reading)]
    return max((steps for steps in found if steps.score >= _TELLING), key=lambda steps: steps.score, default=None)


def _headings(reading: Reading) -> Iterator[Steps]:
    sections = reading.skill.sections
    alternatives = bool(alternative_blocks(reading))
    for parent, children in _siblings(sections):
        if alternatives and parent and is_alternative(parent.heading):
            continue
        counted = [section for section in children if _is_numbered(section.heading)]
        ordered = len(counted) >= 2
        chosen = (counted if ordered else children)[:_MOST_STEPS]
        pieces = tuple(p for s in chosen if (p := _heading_piece(s)).text)
        texts = [piece.text for piece in pieces]
        workflow = bool(parent and has("workflow", parent.heading))
        if ordered:
            steps = any(words("step").match(_NO_TEXT.sub("", section.heading)) for section in chosen)
            base = 3.0 if steps else 2.2 if _tell(texts) else 1.4 if workflow else 0.0
        else:
            orders = parent is None and len(texts) > 2 and all(is_order(text) and " " in text for text in texts)
            base = (1.8 if workflow else 1.1 * orders) * _tell(texts)
        if len(pieces) >= 2 and base:
            yield Steps(
                pieces, ordered, base + 1 / chosen[0].level + 0.5 * len(chosen) / len(sections) + _aside(parent)
            )


def _siblings(sections: Sequence[Section]) -> Iterator[tuple[Section | None, list[Section]]]:
    """For each heading, and for the top, the headings right below it."""
    groups: dict[int, list[Section]] = {}
    stack: list[Section] = []
    for section in sections[1:] if sections and not sections[0].level else sections:
        while stack and stack[-1].level >= section.level:
            stack.pop()
        groups.setdefault(stack[-1].index if stack else -1, []).append(section)
        stack.append(section)
    for parent, children in groups.items():
        told = [s for s in children if not _is_aside(s) and not has("negative", s.heading)]
        # One title above all is no parent of its own.
        yield (sections[parent] if parent >= 0 and sections[parent].level > 1 else None), told


def _is_workflow(section: Section) -> bool:
    return bool(section.level) and has("workflow", section.heading) and not _is_numbered(section.heading)


def _is_main(reading: Reading, section: Section) -> bool:
    """Whether a section is about the whole skill: a recipe for one part of a subject is not what the skill does."""
    return section.level <= 1 or bool(
        content_words(section.heading) & content_words(reading.skill.name.replace("-", " "))
    )


def _is_aside(section: Section) -> bool:
    if not section.level or _is_numbered(section.heading):
        return False
    promises = heading_promises(section.heading)
    return has("aside", section.heading) or (bool(promises) and promises[0][0] in _ASIDE)


def _aside(section: Section | None) -> float:
    return _ASIDE_SCORE if section and (_is_aside(section) or has("negative", section.heading)) else 0.0


def _heading_piece(section: Section) -> Piece:
    """The heading as a step; of "Step 1" and nothing more what stands below it, of one too long that it is there."""
    if text := heading_text(section.heading):
        return Piece(text)
    steps = (Piece(step_text(unit), block.index) for block in section.blocks for unit in units(block))
    return next((piece for piece in steps if piece.text), Piece(UNTOLD))


def _lists(reading: Reading) -> Iterator[Steps]:
    total = sum(v.importance for v in reading.verdicts) or 1.0
    left_out = negative_blocks(reading) | conditional_blocks(reading) | alternative_blocks(reading)
    recipes = [s for s in reading.skill.sections if any(b.kind in _LISTS and number(b) == 1 for b in s.blocks)]
    flows = sum(map(_is_workflow, recipes))
    for section in reading.skill.sections:
        workflow = _is_workflow(section) and flows <= 1
        rest = _aside(section) + (0.8 if workflow else 0.4 if _is_main(reading, section) else -1.2 * (len(recipes) > 1))
        for blocks in _runs([b for b in section.blocks if b.kind in _LISTS and b.index not in left_out]):
            verdicts = [reading.verdicts[b.index] for b in blocks]
            core = sum(v.importance for v in verdicts if v.type is SectionType.CORE_INSTRUCTION)
            least = 1 if len(recipes) == 1 else 2
            yield from _from_list(blocks, workflow, least, rest + (0.1 if core else -0.6) + 2 * core / total)


def _runs(lists: Sequence[Block]) -> Iterator[list[Block]]:
    """The lists of a section, one that goes on counting, or follows at once, joined with the one before."""
    run: list[Block] = []
    for block in lists:
        count = number(block)
        joined = count != 1 if count is not None else bool(run) and run[-1].index == block.index - 1
        if run and (not joined or (number(run[0]) is None) is not (count is None)):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _from_list(blocks: Sequence[Block], workflow: bool, least: int, rest: float) -> Iterator[Steps]:
    """The items as steps, where most can be told; one item alone is a step only where `least` allows it."""
    texts = (Piece(step_text(u) or UNTOLD, b.index) for b in blocks[:_MOST_BLOCKS] for u in units(b))
    pieces = tuple(islice(texts, _MOST_STEPS))
    ordered = number(blocks[0]) is not None
    told = [piece.text for piece in pieces if piece.text != UNTOLD]
    verbs = _tell(told) or ((ordered or workflow) and any(map(is_foreign, told)))  # whose verbs are not known
    # A list of parameters or files is no list of steps.
    code = sum(text[:1] == "`" and text.find("`", 1) == len(text) - 1 for text in told)
    enough = len(told) >= max(least if ordered else 2, _TOLD * len(pieces)) and 2 * code <= len(told)
    if enough and (verbs or (ordered and workflow)):
        yield Steps(pieces, ordered, rest + 0.5 * ordered + 0.5 * verbs)


def _from_sentences(reading: Reading) -> Iterator[Steps]:
    """The orders of the first section that says what to do: those of several are no sequence."""
    left_out = negative_blocks(reading) | conditional_blocks(reading) | alternative_blocks(reading)
    for section in reading.skill.sections:
        if (has("workflow", section.heading) or section.level <= 1) and not _is_aside(section):
            told = (b for b in section.blocks if b.kind is BlockKind.PARAGRAPH and b.index not in left_out)
            units_of = ((u, b.index) for b in islice(told, _MOST_BLOCKS) for u in units(b))
            orders = [(u, i) for u, i in units_of if is_order(u) and not has("speaks_of_use", u)]
            found = tuple(Piece(step, i) for u, i in orders if not is_label(u) and (step := step_text(u)))
            if found:
                yield Steps(found[:_MOST_STEPS], len(found) > 1, _SENTENCES_SCORE)
                return


def _tell(texts: Sequence[str]) -> bool:
    """Whether most of some texts tell what to do."""
    return 2 * sum(map(is_order, texts)) >= len(texts)
