"""Take an example apart into pieces that can stand in one line: what sets it off, and what comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.lead_ins import lead_ins
from skill_distiller.document import Block, BlockKind, Skill
from skill_distiller.renderings.examples.inline import code_span, inline, is_sound, one_line
from skill_distiller.renderings.examples.labels import is_answer, label_of, without_example_name
from skill_distiller.renderings.examples.model import Example, ExampleSet

LONGEST: Final = 240  # characters of a piece: what is longer is no one-liner
_TITLE: Final = 120  # characters of a trigger's title
_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_COMMENT: Final = re.compile(r"\s*(?:#(?!!)|//|--(?=\s)|;;|%(?=\s))\s?")
_ARROW: Final = re.compile(r"(?:→|⇒|[-=]>|↳)\s*")
MARKER: Final = re.compile(r"[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]+")
_SENTENCE: Final = re.compile(r"(?<=[.!?])(?<!\b[a-zA-Z]\.)[\"”)*_]*\s+|(?<=[。！？])")
_CLAUSE: Final = re.compile(r"(?<=[;；])\s*|(?<=[,，:：])\s+|\s+(?=[—–(])")
_OPENING, _CLOSING = "([{", ")]}"


class Piece(NamedTuple):
    """A piece as it would be written, and whether it is what comes out (after `Output:`, or an arrow)."""

    text: str
    result: bool = False


class Pieces(NamedTuple):
    """An example in pieces: `title` names it, `inputs` set it off, `results` are what comes of it, in order."""

    title: str
    inputs: tuple[Piece, ...]
    results: tuple[Piece, ...]


def repeated_labels(analysis: Analysis, examples: ExampleSet) -> frozenset[str]:
    """The labels of lead-ins that stand in more than one example: they tell nothing of any."""
    skill, leading = analysis.skill, lead_ins(analysis.skill)
    spread = Counter(
        label
        for example in examples.examples
        for label in {label_of(skill.blocks[i].text) for i in example.blocks if i in leading}
    )
    return frozenset(label for label, count in spread.items() if count > 1)


def take_apart(analysis: Analysis, example: Example, labels: frozenset[str]) -> Pieces:
    """The pieces of an example; `labels` are those of lead-ins that every example has."""
    skill, leading = analysis.skill, lead_ins(analysis.skill)
    titles = [title for section in example.sections if (title := without_example_name(skill.sections[section].heading))]
    inputs: list[Piece] = []
    results: list[Piece] = []
    after_answer = False
    for index in example.blocks:
        block = skill.blocks[index]
        if index in leading:
            after_answer = after_answer or (bool(inputs) and is_answer(block.text))
            if (label := label_of(block.text)) not in labels and label:
                titles.append(without_example_name(_lead_in(block)))
            continue
        for piece in _block_pieces(block):
            quoted = block.kind in (BlockKind.QUOTE, BlockKind.PARAGRAPH) and not results and not after_answer
            (inputs if quoted else results).append(piece._replace(result=piece.result or after_answer))
    return _with_title(titles, inputs, results)


def _with_title(titles: list[str], inputs: list[Piece], results: list[Piece]) -> Pieces:
    titles = [title for title in titles if title and len(title) <= _TITLE]
    title = inline(titles[0]) if titles else ""
    if not results:  # all prose: its beginning sets it off, the rest is the result
        head = 0 if title else 1
        return Pieces(title, tuple(inputs[:head]), tuple(inputs[head:]))
    if not title and not inputs:
        return Pieces("", tuple(results[:1]), tuple(results[1:]))
    return Pieces(title, tuple(inputs), tuple(results))


def _lead_in(block: Block) -> str:
    return one_line(block.text).strip("*_ ").rstrip(":：*_ ")


def _block_pieces(block: Block) -> Iterator[Piece]:
    if block.kind is BlockKind.CODE:
        yield from _code_pieces(block.text)
    elif block.kind is BlockKind.QUOTE:
        yield from _prose_pieces(re.sub(r"(?m)^[ \t]*>[ \t]?", "", block.text))
    elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        yield from _list_pieces(block.text)
    elif block.kind is BlockKind.PARAGRAPH:
        yield from _prose_pieces(block.text)


def _code_pieces(text: str) -> Iterator[Piece]:
    for statement in statements(text):
        arrow = _ARROW.match(statement)
        piece = statement[arrow.end() :] if arrow else statement
        if comment := _COMMENT.match(piece):
            bare = one_line(piece[comment.end() :])
            piece = bare if is_sound(bare) else code_span(piece)
        else:
            piece = code_span(piece)
        if piece and len(piece) <= LONGEST:
            yield Piece(piece, bool(arrow))


def statements(text: str) -> Iterator[str]:
    """The lines of a code block; those that brackets or a backslash hold together as one, where it is not long."""
    held: list[str] = []
    depth = 0
    for line in text.splitlines():
        bare = line.strip()
        if not bare or _FENCE.match(line):
            continue
        held.append(bare.removesuffix("\\").rstrip())
        depth = max(0, depth + sum(map(bare.count, _OPENING)) - sum(map(bare.count, _CLOSING)))
        if not depth and not bare.endswith("\\"):
            yield from _together(held)
            held = []
    yield from _together(held)


def _together(lines: list[str]) -> list[str]:
    joined = " ".join(lines)
    return [joined] if lines and len(joined) <= LONGEST - 2 else lines


def _list_pieces(text: str) -> Iterator[Piece]:
    for line in text.splitlines():
        if line.strip() and not _FENCE.match(line):
            yield from _prose_pieces(MARKER.sub("", line, count=1).strip())


def _prose_pieces(text: str) -> Iterator[Piece]:
    for sentence in _SENTENCE.split(text):
        line = one_line(sentence).rstrip(".;")
        arrow = _ARROW.match(line)
        line = line[arrow.end() :] if arrow else line
        if len(line) > LONGEST:
            line = _first_clauses(line)
        if line:
            yield Piece(inline(line), bool(arrow))


def _first_clauses(line: str) -> str:
    """The beginning of a long sentence, up to the end of a clause; "" where none ends in time."""
    kept = ""
    for clause in _CLAUSE.split(line):
        longer = f"{kept} {clause}".strip()
        if len(longer) > LONGEST:
            break
        kept = longer
    return kept.rstrip(",;:，；： ") if line.startswith(kept) else ""


def source_of(skill: Skill, example: Example) -> tuple[str, ...]:
    """An example as it stands in the skill: its headings and its blocks."""
    headings = [skill.sections[section].heading_source for section in example.sections]
    return (*headings, *(skill.blocks[index].source for index in example.blocks))


def sources(analysis: Analysis, examples: ExampleSet) -> tuple[str, ...]:
    """The examples of a set as they stand in the skill, headings included, one text an example."""
    return tuple("".join(source_of(analysis.skill, example)) for example in examples.examples)
