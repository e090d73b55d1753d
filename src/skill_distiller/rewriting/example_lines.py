"""Fold an example into one line, `{trigger} → {result}`, of pieces that stand in it word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import fsum
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.fact import FACT_WEIGHTS, SENTENCE_END, FactKind
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.language.words import CJK
from skill_distiller.rewriting.example_sets import Example, without_example_name
from skill_distiller.rewriting.one_liner.line_text import is_modal, is_order, one_line, plain, words
from skill_distiller.skill.model import Block, BlockKind, Skill

_ARROW: Final = " → "
_MAX_LINE_CHARS: Final = 320
_MIN_LINE_CHARS: Final = 120  # that a line may take in any case, and of its example at most this share:
_MAX_LINE_SHARE: Final = 0.5
_MAX_PIECE_CHARS: Final = 240
_MAX_TITLE_CHARS: Final = 120
_PIECE_COST: Final = 20  # characters that a piece costs besides its own: it has to be read in its place
_MAX_PIECES: Final = 3  # of a result: a line of many shreds is none to read
_MAX_CANDIDATES: Final = 24  # pieces of an example that are looked at
_TRANSCRIPTS: Final = frozenset({"", "text", "txt", "plain", "plaintext", "md", "markdown"})
_OPENING, _CLOSING = "([{", ")]}"

_TOKENS: Final = re.compile(r"[a-z0-9]+|[^\s`*>#a-z0-9]")
_CODE: Final = re.compile(r"(?<!`)(`++)(?!`).+?(?<!`)\1(?!`)")
# What could open a construct at the beginning of a list item, or anywhere in it.
_OPENS: Final = re.compile(r"[#>+*~|=\[:-]|\d{1,9}[.)](?:\s|\Z)|(?:[-*_]\s*){3,}\Z")
_UNSAFE: Final = re.compile(r"[`*\[\]\\|~]|<(?=[A-Za-z/!?])|(?<!\w)_|_(?!\w)|&\w+;|&#|\$\$|\bhttps?:[^\s]*[()]")
_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_QUOTE: Final = re.compile(r"(?m)^[ \t]*>[ \t]?")
_MARKER: Final = re.compile(r"\A[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]+")
_COMMENT: Final = re.compile(r"\s*(?:#(?!!)|//|--(?=\s)|;;|%(?=\s))\s?")
_RESULT: Final = re.compile(r"\A(?:→|⇒|[-=]>|↳)\s*")
_COLON: Final = re.compile(r"\s*[:：]\s*(\*\*|__|)\s*\Z")
_SPEAKER: Final = re.compile(r"[^\W\d][\w ]{0,24}[:：] ?(?=[\"“'«「]|\w)")
_NAMED_QUOTE: Final = re.compile(r"\A[^\W\d][\w ]{0,24}[:：]\s*(?=[\"“「『«])")
_SENTENCE_END: Final = re.compile(r"(?<!\b[a-zA-Z])[.!?][\"”’')*_]*\s+|[。！？][\"”」』）]*\s*")
_QUOTED: Final = re.compile(r"\"[^\"]{2,400}\"|“[^”]{2,400}”|「[^」]{1,200}」|«[^»]{2,400}»")
_SHOWS_BAD: Final = (  # how not to do it: a mark, a sentence, or a label or comment that begins with a word of a list
    r"[❌✗✘✖🚫⛔👎]|\b(?:is|are|was|were) (?:\w+ )?(?:bad|wrong|unsafe)\b"
    r"|(?:(?:^|(?:[#;]|//|--|<!--)\s)[^\w\n]{0,12}(?:example of (?:an? |the )?)?|[({\[])"
)
# Languages that hold data or what was said: nothing in them is done one after the other.
_DATA: Final = frozenset("json jsonc json5 yaml yml toml ini xml html csv diff".split())


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    """A word; a date, a path or an address is one. Compiled at its first use: few skills have sets of examples."""
    return re.compile(rf"[{CJK}]|[^\W{CJK}]+(?:[-./:@][^\W{CJK}]+)*")


class Element(NamedTuple):
    """Something an example shows; with `words` it is shown as far as these are, else its key is looked for."""

    weight: float
    words: frozenset[str] = frozenset()


class Shown:
    """What some texts, as they would be written, show together: facts by key, code and sentences by word."""

    def __init__(self, texts: Iterable[str]) -> None:
        joined = "\n".join(texts)
        self._text = f" {_spaced(joined)} "
        self.words = words_of(joined)

    def holds(self, key: str) -> bool:
        """Whether the key of a fact stands in the texts, not as a part of longer words."""
        return f" {_spaced(key).rstrip(',; ')} " in self._text

    def degree(self, key: str, element: Element) -> float:
        """How far an element is shown, 0-1."""
        return len(element.words & self.words) / len(element.words) if element.words else float(self.holds(key))

    def missing(self, elements: Mapping[str, Element], enough: float = 1.0) -> dict[str, float]:
        """The weight not shown of each element, by key; `enough` (0-1) of its words show a code line or sentence."""
        parts = {key: self.degree(key, element) / enough for key, element in elements.items()}
        return {key: elements[key].weight * (1 - part) for key, part in parts.items() if part < 1}

    def share(self, elements: Mapping[str, Element], enough: float = 1.0) -> float:
        """The share (0-1) of the elements' weight that is shown; 1 where there is nothing to show."""
        return 1 - fsum(self.missing(elements, enough).values()) / (fsum(e.weight for e in elements.values()) or 1.0)


def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text, in lower case, values whole; Chinese, Japanese and Korean by characters."""
    return frozenset(_word().findall(text.lower()))


def example_elements(reading: Reading, example: Example) -> dict[str, Element]:
    """What an example shows, by key: its facts, the lines of its code, its sentences."""
    found: dict[str, Element] = {}
    for section in example.sections:
        for fact in find_facts(without_example_name(reading.skill.sections[section].heading)):
            found[fact.key] = Element(FACT_WEIGHTS.get(fact.kind, 1.0))
    for index in example.blocks:
        block = reading.skill.blocks[index]
        for fact in reading.facts[index]:
            words = words_of(fact.text) if fact.kind is FactKind.CODE_LINE else frozenset()
            found[fact.key] = Element(FACT_WEIGHTS.get(fact.kind, 1.0), words)
        if block.kind not in (BlockKind.CODE, BlockKind.RULE) and index not in example.lead_ins:
            for sentence in SENTENCE_END.split(block.text):
                if len(words := words_of(sentence)) > 1:
                    found.setdefault(f"\n{_spaced(sentence)}", Element(0.5, words))
    return found


def fold(
    reading: Reading, example: Example, elements: Mapping[str, Element], common: frozenset[str]
) -> tuple[str, str]:
    """The name of an example and its line without the bullet, "" where none has both a trigger and a result.

    The pieces of a line are those that show most for their length, words `common` to several examples
    not counted; they stand in the example as they are, and the line has no fact that it lacks.
    """
    title, inputs, results = _take_apart(reading.skill, example)
    if stays_whole(reading.skill, example):
        return title, ""
    source = source_of(reading.skill, example)
    limit = min(_MAX_LINE_CHARS, max(_MIN_LINE_CHARS, int(_MAX_LINE_SHARE * sum(map(len, source)))))
    trigger = ": ".join(filter(None, (title, *inputs[:1])))
    trigger = trigger if len(trigger) <= limit * 2 // 3 else title
    own = {key: Element(element.weight, element.words - common) for key, element in elements.items()}
    own = {key: element for key, element in own.items() if element.words or not elements[key].words}
    pieces, room = results[:_MAX_CANDIDATES], limit - len(trigger)
    best = _best(pieces, own, trigger, room, _MAX_PIECES) or _best(pieces, elements, trigger, room, 1)
    line = trigger + _ARROW + "; ".join(best)
    told = trigger and best and not invented(source, line) and warns_as_much(source, line)
    bound = any(piece not in line and not piece.startswith("`") and is_modal(piece) for piece in (*inputs, *results))
    return title, line if told and not bound else ""


def stays_whole(skill: Skill, example: Example) -> bool:
    """Whether an example is no matter for a line: it has to stay, shows how not to do it, or does several things."""
    blocks = [skill.blocks[index] for index in example.blocks]
    if not example.foldable or any(_shows_bad().search(block.text) for block in blocks):
        return True  # what is bad would have to be called bad in the line too
    orders = sum(
        is_order(piece) for block in blocks if block.kind is not BlockKind.CODE for piece in _block_pieces(block)
    )
    return orders > 1 or sum(map(_done, blocks)) > 1


def warns_as_much(source: Sequence[str], text: str) -> bool:
    """Whether no word of warning of the sources is missing in a text."""
    return len(words("warns").findall("\n".join(source))) <= len(words("warns").findall(text))


@lru_cache(maxsize=1)
def _shows_bad() -> re.Pattern[str]:
    return re.compile(rf"{_SHOWS_BAD}(?:{words('shows_bad').pattern})(?![\w-])", re.IGNORECASE | re.MULTILINE)


def _done(block: Block) -> int:
    """How many statements or commands stand in a block of code; of one that doesn't say what it holds, if several."""
    language = next(iter(block.info.lower().split()), "")
    lines = block.text.splitlines()
    data = language in _DATA | _TRANSCRIPTS and (
        language or any(map(_SPEAKER.match, lines)) or lines[1:2] in (["{"], ["["])
    )
    if block.kind is not BlockKind.CODE or data:
        return 0
    count = sum(not _COMMENT.match(statement) for statement in _statements(block.text, language))
    return count if language or count > 1 else 0


def read_lines(text: str, source: Sequence[str]) -> list[str]:
    """The lines that a model wrote of a source, as they would stand in a list; none where one of them won't do."""
    lines = [_inline(_MARKER.sub("", line)) for line in text.splitlines() if one_line(line)]
    sound = all(len(line) <= _MAX_LINE_CHARS and _is_sound(line) for line in lines)
    return [] if not sound or any(invented(source, line, new_words=True) for line in lines) else lines


def invented(source: Sequence[str], text: str, *, new_words: bool = False) -> bool:
    """Whether a text holds a fact that its sources lack; in `new_words` a limit may be said in another way."""
    shown, known = Shown(source), frozenset[str]().union(*(fact_keys(find_facts(piece)) for piece in source))
    for fact in find_facts(text):
        word = fact.key.split()[0] if new_words and fact.kind is FactKind.MODAL else ""
        if fact.key not in known and not shown.holds(word or fact.key) and word not in ("when", "if"):
            return True
    return False


def source_of(skill: Skill, example: Example) -> tuple[str, ...]:
    """An example as it stands in the skill: its headings and its blocks."""
    headings = [skill.sections[section].heading_source for section in example.sections]
    return (*headings, *(skill.blocks[index].source for index in example.blocks))


def _take_apart(skill: Skill, example: Example) -> tuple[str, list[str], list[str]]:
    """The name of an example, the pieces that set it off and those that come of it, each as it would be written."""
    titles = [without_example_name(skill.sections[section].heading) for section in example.sections]
    inputs: list[str] = []
    results: list[str] = []
    for block in (skill.blocks[index] for index in example.blocks):
        if block.index in example.lead_ins:
            titles.append(without_example_name(_COLON.sub(r"\1", one_line(block.text))))
            continue
        for piece in _block_pieces(block):
            (inputs if not results and _sets_off(block, piece, bool(inputs)) else results).append(piece)
    title = next((_inline(title) for title in titles if 0 < len(title) <= _MAX_TITLE_CHARS), "")
    if not results:  # all prose: its beginning sets it off, the rest is the result
        return title, inputs[: not title], inputs[not title :]
    return (title, inputs, results) if title or inputs else ("", results[:1], results[1:])


def _inline(text: str) -> str:
    """A piece of prose as plain text inside a list item; as inline code where its marks are not sound."""
    line = plain(text)
    return line if _is_sound(line) else _code_span(one_line(text))


def _is_sound(line: str) -> bool:
    """Whether a line has no mark that opens anything it does not close, and starts nothing inside a list item."""
    return bool(line) and not _OPENS.match(line) and not _UNSAFE.search(_CODE.sub("x", line))


def _code_span(line: str) -> str:
    """A line as inline code, between as many back-ticks as it takes; "" for nothing."""
    ticks = "`" * (1 + max(map(len, re.findall(r"`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}" if line else ""


@lru_cache(maxsize=4096)
def _spaced(text: str) -> str:
    """A text as keys are looked for in it: in lower case, without marks, a blank between words and signs."""
    return " ".join(_TOKENS.findall(text.lower()))


def _best(pieces: Sequence[str], elements: Mapping[str, Element], trigger: str, room: int, most: int) -> list[str]:
    """The pieces that show most of the elements for their length, in order, as many as there is room for."""
    shown = [Shown([piece]) for piece in pieces]
    missing = {key: elements[key] for key in Shown([trigger]).missing(elements)}
    chosen: list[int] = []
    while len(chosen) < most:
        gains = [fsum(e.weight * value.degree(key, e) for key, e in missing.items()) for value in shown]
        gains = [gain / (len(piece) + _PIECE_COST) for gain, piece in zip(gains, pieces, strict=True)]
        fitting = [i for i, gain in enumerate(gains) if gain > 0 and i not in chosen and len(pieces[i]) <= room]
        if not fitting:
            break
        chosen.append(max(fitting, key=gains.__getitem__))
        room -= len(pieces[chosen[-1]]) + len(_ARROW)
        missing = {key: missing[key] for key in shown[chosen[-1]].missing(missing)}
    return [pieces[i] for i in sorted(chosen)]


def _sets_off(block: Block, piece: str, begun: bool) -> bool:
    """Whether a piece at the beginning of an example is what sets it off: prose, or the first words of a dialogue."""
    if block.kind is BlockKind.CODE:
        return not begun and block.info.lower() in _TRANSCRIPTS and bool(_SPEAKER.match(piece.strip("` ")))
    return block.kind in (BlockKind.QUOTE, BlockKind.PARAGRAPH)


def _block_pieces(block: Block) -> Iterator[str]:
    if block.kind is BlockKind.CODE:
        yield from _code_pieces(block)
    elif block.kind in (BlockKind.QUOTE, BlockKind.PARAGRAPH):
        yield from _prose_pieces(_QUOTE.sub("", block.text))
    elif block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        for line in (line for line in block.text.splitlines() if not _FENCE.match(line)):
            yield from _prose_pieces(_MARKER.sub("", line).strip())


def _prose_pieces(text: str) -> Iterator[str]:
    """The sentences of a text; no quotation is cut, and what only leads in is no piece."""
    whole = _QUOTED.sub(lambda match: "x" * len(match.group()), text)
    ends = [match.end() for match in _SENTENCE_END.finditer(whole)]
    for start, end in pairwise([0, *ends, len(text)]):
        line = _RESULT.sub("", _NAMED_QUOTE.sub("", plain(text[start:end]).rstrip(".;")))
        if 0 < len(line) <= _MAX_PIECE_CHARS and line.count('"') % 2 == 0 and not line.endswith((":", "：")):
            yield _inline(line)


def _code_pieces(block: Block) -> Iterator[str]:
    for statement in _statements(block.text, block.info.lower()):
        counts = [statement.count(bracket) for bracket in _OPENING + _CLOSING]
        if counts[:3] != counts[3:] or statement.endswith((":", "=", "：")) or len(words_of(statement)) < 2:
            continue  # it says nothing by itself
        piece = "" if _COMMENT.match(statement) else _code_span(one_line(_RESULT.sub("", statement)))
        if 0 < len(piece) <= _MAX_PIECE_CHARS:
            yield piece


def _statements(text: str, info: str) -> Iterator[str]:
    """The lines of a code block; those in brackets, before a backslash or of one query as one, of long data each."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    held: list[str] = []
    depth = 0
    for line, following in pairwise([*lines, ""]):
        held.append(line.removesuffix("\\").rstrip())
        depth = max(0, depth + sum(map(line.count, _OPENING)) - sum(map(line.count, _CLOSING)))
        query = info == "sql" and not line.endswith(";") and not line.startswith("--")
        if not (following and (depth or query or line.endswith("\\"))):
            joined = " ".join(held)
            split = info in _DATA | _TRANSCRIPTS and len(held) > 1 and held[0].endswith(tuple(_OPENING))
            yield from [joined] if not split or len(joined) <= _MAX_PIECE_CHARS - 2 else []
            yield from (line.rstrip(",") for line in held if split)
            held = []
