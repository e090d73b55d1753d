"""Take an example apart into pieces that can stand in one line: what sets it off, and what comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.analysis.model import Analysis
from skill_distiller.language.spans import Span, overlaps
from skill_distiller.rewriting.examples.elements import words_of
from skill_distiller.rewriting.examples.inline import code_span, inline, is_sound, one_line, without_emphasis
from skill_distiller.rewriting.examples.labels import is_answer, label_of, without_example_name
from skill_distiller.rewriting.examples.lookups import leading_blocks
from skill_distiller.rewriting.examples.model import Example, ExampleSet
from skill_distiller.skill.model import Block, BlockKind, Skill

LONGEST: Final = 240  # characters of a piece: what is longer is no one-liner
_WRAPPED: Final = 50  # characters of a line of plain text from which on it may have been broken where it was long
_TITLE: Final = 120  # characters of a trigger's title
_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_COMMENT: Final = re.compile(r"\s*(?:#(?!!)|//|--(?=\s)|;;|%(?=\s))\s?")
_ARROW: Final = re.compile(r"(?:→|⇒|[-=]>|↳)\s*")
_COLON: Final = re.compile(r"\s*[:：]\s*(\*\*|__|)\s*\Z")
_SPEAKER: Final = re.compile(r"[^\W\d][\w ]{0,24}[:：] ?(?=[\"“'«「]|\w)")
MARKER: Final = re.compile(r"[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]+")
_SENTENCE_END: Final = re.compile(r"(?<!\b[a-zA-Z])[.!?][\"”’')*_]*\s+|[。！？][\"”」』）]*\s*")
_NAMED_QUOTE: Final = re.compile(r"[^\W\d][\w ]{0,24}[:：]\s*(?=[\"“「『«])")
_QUOTED: Final = re.compile(r"\"[^\"]{2,400}\"|“[^”]{2,400}”|「[^」]{1,200}」|«[^»]{2,400}»")
_CLAUSE: Final = re.compile(r"(?<=[;；])\s*|(?<=[,，:：])\s+|\s+(?=[—–(])")
_TRANSCRIPTS: Final = frozenset({"", "text", "txt", "plain", "plaintext", "md", "markdown"})
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
    skill, leading = analysis.skill, leading_blocks(analysis)
    spread = Counter(
        label
        for example in examples.examples
        for label in {label_of(skill.blocks[i].text) for i in example.blocks if i in leading}
    )
    return frozenset(label for label, count in spread.items() if count > 1)


def take_apart(analysis: Analysis, example: Example, labels: frozenset[str]) -> Pieces:
    """The pieces of an example; `labels` are those of lead-ins that every example has."""
    skill, leading = analysis.skill, leading_blocks(analysis)
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
            sets_off = not results and not after_answer and _sets_off(block, piece, bool(inputs))
            (inputs if sets_off else results).append(piece._replace(result=piece.result or after_answer))
    return _with_title(titles, inputs, results)


def _sets_off(block: Block, piece: Piece, begun: bool) -> bool:
    """Whether a piece at the beginning of an example is what sets it off: prose, or the first words of a dialogue."""
    if block.kind in (BlockKind.QUOTE, BlockKind.PARAGRAPH):
        return True
    spoken = block.kind is BlockKind.CODE and block.info.lower() in _TRANSCRIPTS
    return spoken and not begun and bool(_SPEAKER.match(piece.text.strip("` ")))


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
    """The text of a lead-in without its colon, inside the marks of emphasis or after them."""
    return _COLON.sub(r"\1", one_line(block.text))


def _block_pieces(block: Block) -> Iterator[Piece]:
    if block.kind is BlockKind.CODE:
        yield from _code_pieces(block)
    elif block.kind is BlockKind.QUOTE:
        yield from _prose_pieces(re.sub(r"(?m)^[ \t]*>[ \t]?", "", block.text))
    elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        yield from _list_pieces(block.text)
    elif block.kind is BlockKind.PARAGRAPH:
        yield from _prose_pieces(block.text)


def _code_pieces(block: Block) -> Iterator[Piece]:
    for statement in statements(block.text, block.info):
        if not _is_whole(statement):
            continue
        arrow = _ARROW.match(statement)
        piece = statement[arrow.end() :] if arrow else statement
        if comment := _COMMENT.match(piece):
            bare = one_line(piece[comment.end() :])
            piece = bare if is_sound(bare) else code_span(piece)
        else:
            piece = code_span(piece)
        if piece and len(piece) <= LONGEST:
            yield Piece(piece, bool(arrow))


def statements(text: str, info: str = "") -> Iterator[str]:
    """The lines of a code block; those that belong together as one, where it is not long.

    Together are lines inside brackets, before a backslash, of one query in SQL, and of a sentence that
    runs on in plain text. Of what is in brackets each line is given by itself too.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    held: list[str] = []
    depth = 0
    for line, following in pairwise([*lines, ""]):
        held.append(line.removesuffix("\\").rstrip())
        depth = max(0, depth + sum(map(line.count, _OPENING)) - sum(map(line.count, _CLOSING)))
        runs_on = following and (depth or line.endswith("\\") or _runs_on(line, following, info.lower()))
        if not runs_on:
            yield from _together(held, split=any(map(held[0].endswith, _OPENING)))
            held = []


def _runs_on(line: str, following: str, info: str) -> bool:
    if info in _TRANSCRIPTS:
        return len(line) >= _WRAPPED and following[0].islower() and line[-1] not in ".!?:;。！？："
    return info == "sql" and not line.endswith(";") and not line.startswith("--")


def _together(lines: list[str], *, split: bool) -> list[str]:
    joined = " ".join(lines)
    whole = [joined] if len(joined) <= LONGEST - 2 else lines[: 1 - split]
    return whole if len(lines) < 2 or not split else [*whole, *(line.rstrip(",") for line in lines)]


def _is_whole(statement: str) -> bool:
    """Whether a line of code says something by itself: it opens nothing, and there are words in it."""
    counts = [statement.count(bracket) for bracket in _OPENING + _CLOSING]
    if statement.endswith((":", "=", "：")):
        return False
    return counts[:3] == counts[3:] and len(words_of(statement)) > 1


def _list_pieces(text: str) -> Iterator[Piece]:
    for line in text.splitlines():
        if line.strip() and not _FENCE.match(line):
            yield from _prose_pieces(MARKER.sub("", line, count=1).strip())


def _prose_pieces(text: str) -> Iterator[Piece]:
    bare = without_emphasis(text)
    quoted = [Span(*match.span()) for match in _QUOTED.finditer(bare)]
    ends = [m.end() for m in _SENTENCE_END.finditer(bare) if not overlaps((m.start(), m.start() + 1), quoted)]
    for start, end in pairwise([0, *ends, len(bare)]):
        line = one_line(bare[start:end]).rstrip(".;")
        line = line[quote.end() :] if (quote := _NAMED_QUOTE.match(line)) else line
        arrow = _ARROW.match(line)
        line = line[arrow.end() :] if arrow else line
        if len(line) > LONGEST:
            line = _first_clauses(line)
        if line.count('"') % 2:
            line = line.strip('"')
        if line and line.count('"') % 2 == 0 and not line.endswith((":", "：")):  # what only leads in is no piece
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
