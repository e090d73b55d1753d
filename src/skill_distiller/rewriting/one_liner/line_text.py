"""Text of a block as parts of one plain line: items, sentences, clauses, and shorter ways to say them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from markdown_it import MarkdownIt

from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import find_facts
from skill_distiller.language.words import ABBREVIATIONS
from skill_distiller.skill.links import MARKED
from skill_distiller.skill.model import Block, BlockKind

_END: Final = re.compile(r"[.!?]+[\"”’)\]*_]*(?=\s)|[。！？]+[」』”’）]*|[.!?]+[\"”’)\]*_]*\Z")
_ABBREVIATION: Final = re.compile(
    rf"(?:\b(?:{ABBREVIATIONS}|incl|resp|no|fig|Dr|Mr|Ms|z\.B|u\.a|p\. ?ej|\w)\.)\Z", re.I
)
_GOES_ON: Final = re.compile(r"\s+(?=[a-zà-ÿа-я(])")
_CLAUSE: Final = re.compile(r"\s*[;；]\s*|\s+[—–]\s+|\s*——\s*|\s+--?\s+")


def sentences(text: str) -> Iterator[str]:
    """The sentences in order, with their ends."""
    marked = marked_spans(text)
    start = 0
    for match in _END.finditer(text):
        if not inside(match.end(), marked) and not _goes_on(text, match):
            if sentence := text[start : match.end()].strip():
                yield sentence
            start = match.end()
    if rest := text[start:].strip():
        yield rest


def _goes_on(text: str, match: re.Match[str]) -> bool:
    if match.end() == len(text) or not match.group().isascii():
        return False
    dotted = text[max(0, match.start() - 10) : match.start() + 1]
    single = bool(_ABBREVIATION.search(dotted)) and not dotted[-2:-1].isdigit()
    return single or bool(_GOES_ON.match(text, match.end()))


def marked_spans(text: str) -> list[tuple[int, int]]:
    """Where quotes, code spans, links and URLs stand."""
    return [match.span() for match in MARKED.finditer(text)]


def inside(position: int, marked: list[tuple[int, int]]) -> bool:
    """Whether a position is within one of some sorted spans, not at its edge."""
    above = bisect_left(marked, (position, 0)) - 1
    return above >= 0 and position < marked[above][1]


def split_at(text: str, expression: re.Pattern[str], is_whole: Callable[[str], bool] = bool) -> list[str]:
    """The text cut where an expression matches outside of what is marked, and what stands before is whole."""
    marked, parts, start = marked_spans(text), [], 0
    for match in expression.finditer(text):
        part = text[start : match.start()]
        if is_whole(part) and not inside(match.start(), marked):
            parts.append(part)
            start = match.end()
    return [*parts, text[start:]]


def clauses(sentence: str) -> list[str]:
    """The sentence cut at semicolons and dashes."""
    return [part for part in split_at(sentence, _CLAUSE, _closes_brackets) if part.strip()]


_BRACKETS: Final = ("()", "[]", "（）", "{}")
_QUOTES: Final = ("“”", "「」", "『』", "«»")


def balanced(text: str) -> bool:
    """Whether every bracket and quote that opens in a text closes in it."""
    if text.count('"') % 2 or text.count("`") % 2:
        return False
    return _closes_brackets(text) and all(text.count(pair[0]) == text.count(pair[1]) for pair in _QUOTES)


def _closes_brackets(text: str) -> bool:
    return all(text.count(pair[0]) == text.count(pair[1]) for pair in _BRACKETS)


def without_end(sentence: str) -> str:
    """The sentence without its full stop or trailing colon."""
    return sentence if sentence.endswith(("...", "…")) else sentence.rstrip().rstrip(".。;；,，:：").rstrip()


LONGEST: Final = 2000  # characters; what is longer has no room in a line, and is not looked at
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)?")  # of a terminal
_WIKI: Final = re.compile(r"\[\[([^\[\]|\n]*)(?:\|[^\[\]\n]*)?\]\]")
_TAG: Final = re.compile(  # of HTML, or a comment; what else stands in such brackets is a placeholder
    r"<!--.*|</?(?:a|b|br|code|details|div|em|h[1-6]|hr|i|img|kbd|li|ol|p|pre|q|s|small|span|strong|sub|summary|sup"
    r"|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# What is left of strong text that was cut into sentences.
_STRAY: Final = re.compile(r"(?<!\S)\*\*(?=\w)|(?<=[\w.!?:;)。！？])\*\*(?!\S)")
_HELD: Final = "\ue000"  # for the mark of emphasis, until it is seen whether it multiplies: `2*3*4`
_TIMES: Final = re.compile(r"(?<=\w)\ue000(?=\w)")
_SPACE_BEFORE: Final = re.compile(r"[ ]+(?=[,;.!?](?:\s|$))")
_MARKUP: Final = re.compile(r"[\\`*_~\[<&]")  # what Markdown inside a line begins with
_PARSER: Final = MarkdownIt("commonmark").enable("strikethrough")


@lru_cache(maxsize=1024)  # a unit is read for several lines
def plain(text: str) -> str:
    """The text on one line; "" for a text too long to look at."""
    if len(text) > LONGEST:
        return ""
    if not _MARKUP.search(text):
        return " ".join(_SPACE_BEFORE.sub("", one_line(text)).split())
    pieces = []
    for token in _PARSER.parseInline(_WIKI.sub(r"\1", one_line(text)))[0].children or ():
        if token.type == "code_inline":
            pad = " " if "`" in token.content else ""
            pieces.append(f"{token.markup}{pad}{token.content}{pad}{token.markup}")
        elif token.type == "html_inline":
            pieces.append(_TAG.sub(" ", token.content))
        else:
            pieces.append(_HELD if token.markup == "*" else _STRAY.sub("", token.content))
    text = _TIMES.sub("*", "".join(pieces)).replace(_HELD, "")
    return " ".join(_SPACE_BEFORE.sub("", text).split())


def one_line(text: str) -> str:
    """The text with every run of white space as one blank, and without characters that can't be printed."""
    joined = " ".join(_SEQUENCE.sub("", text).split())
    if joined.isprintable():
        return joined
    return " ".join("".join(filter(str.isprintable, joined)).split())


_MOST: Final = 60  # units of a block that are looked at: three lines hold far fewer
_MARKER: Final = re.compile(r"([ \t>]*)(?:[-*+•]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE: Final = re.compile(r"^[ \t]*>[ \t]?(?:\[![A-Z]+\])?", re.MULTILINE)
_ORDERED: Final = re.compile(r"[ \t>]*\d{1,9}[.)][ \t]")


def units(block: Block) -> Iterator[str]:
    """Plain texts, one for each item, sentence or row, in order; none for code, HTML and rules."""
    return filter(None, islice(_units(block), _MOST))


def _units(block: Block) -> Iterator[str]:
    match block.kind:
        case BlockKind.LIST | BlockKind.LIST_ITEM:
            return map(plain, items(block.text))
        case BlockKind.PARAGRAPH:
            return text_sentences(block.text)
        case BlockKind.QUOTE:
            return text_sentences(_QUOTE.sub("", block.text))
        case BlockKind.TABLE:
            return table_column(block)
    return iter(())


def is_ordered(block: Block) -> bool:
    """Whether a list counts its items."""
    return bool(_ORDERED.match(block.text))


def table_column(block: Block, heading: re.Pattern[str] | None = None) -> Iterator[str]:
    """The cells, plain, of the first column of a table, or of the one with a heading that matches."""
    head, *rows = (line.strip().removeprefix("|") for line in block.text.split("\n"))
    columns = head.split("|")
    column = next((i for i, cell in enumerate(columns) if heading and heading.search(cell)), 0)
    for row in rows[1 : _MOST + 1]:
        cells = row.split("|")  # a cell with an escaped bar is left out below: it has an odd number of marks
        if len(cells) > column and cells[column].count("`") % 2 == 0:
            yield plain(cells[column])


def text_sentences(text: str) -> Iterator[str]:
    """The sentences and list items of a text, plain, in order."""
    for part in items(text):
        if len(part) <= 10 * LONGEST:
            # Sentences first: a long text is plain sentence by sentence.
            for sentence in sentences(" ".join(part.split())):
                if own := plain(sentence):
                    yield own


def items(text: str) -> Iterator[str]:
    """The top items of a list without their markers and nested items; of other text its parts between blank lines."""
    held: list[str] = []
    indent: int | None = None  # of the items; deeper ones are nested
    nested = False
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        depth = len(marker[1].expandtabs(4)) if marker else 0
        if marker and indent is not None and depth > indent + 1:
            nested = True
        elif marker or not line.strip():
            if held:
                yield "\n".join(held)
            held, nested = [], nested and not marker
            if marker:
                indent = depth if indent is None else indent
                held = [line[marker.end() :]]
        elif line.lstrip().startswith(("```", "~~~")):
            nested = True
        elif not nested:
            held.append(line)
    if held:
        yield "\n".join(held)


_PARENTHESIS: Final = re.compile(r"\s*(?:\([^()]*\)|（[^（）]*）)")
_COLON: Final = re.compile(r"[:：](?=\s)|：")
_COMMA: Final = re.compile(r",(?=\s)|，")
_CONCESSION: Final = re.compile(r"\s*[—–,-]+\s*even (?:if|when|though)\b[^—]*\Z|(?:——|，)即使[^，]*\Z", re.IGNORECASE)
_VERB_LAST: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3ığş]")  # Japanese, Korean, Turkish: a head says nothing
_FEWEST_WORDS: Final = 3  # before a comma that a text may end at: "find, look up, or resolve a user" is one whole
_FEWEST_CHARACTERS: Final = 6  # the same where words are not set apart
_DANGLING: Final = re.compile(
    r"(?:\b(?:and|or|with|for|to|of|in|on|by|from|the|a|an|e\.g|i\.e|such as|including|like|as|that|which|y|o|e"
    r"|ou|и|или|und|oder|ve|veya)|[,、，:：(\-–—/&])\s*\Z",
    re.IGNORECASE,
)


def shorter(sentence: str) -> Iterator[str]:
    """The sentence without its full stop, then shorter ones; each reads as a whole."""
    seen = {""}
    for text in _candidates(without_end(sentence)):
        if text not in seen and balanced(text) and not _DANGLING.search(text):
            seen.add(text)
            yield text


def _candidates(whole: str) -> Iterator[str]:
    yield whole
    whole = _CONCESSION.sub("", whole)  # "even if …" takes nothing away from what it follows
    yield whole
    bare = _without_parentheses(whole)
    yield bare
    head = _head(bare)
    for text in (head, _head(whole)):
        if text:
            yield without_end(text)
    if not _VERB_LAST.search(whole):
        for text in (bare, head or bare):
            yield from _up_to(text, _COLON)
            yield from _up_to(text, _COMMA)


def _without_parentheses(text: str) -> str:
    marked = marked_spans(text)
    pieces, at = [], 0
    for match in _PARENTHESIS.finditer(text):
        if not is_modal(match.group()) and not inside(match.start(), marked) and not inside(match.end(), marked):
            pieces.append(text[at : match.start()])
            at = match.end()
    return "".join((*pieces, text[at:])).strip()


def _head(text: str) -> str:
    """The first clause, where those after it set no condition."""
    first = next(iter(clauses(text)), "")
    return "" if is_modal(text[len(first) :]) else first


def _up_to(text: str, expression: re.Pattern[str]) -> Iterator[str]:
    """The text up to a mark between its parts, the longest first."""
    marked = marked_spans(text)
    cuts = [m.start() for m in expression.finditer(text) if not inside(m.start(), marked)]
    for before, cut in list(pairwise([0, *cuts]))[::-1]:
        part = text[before:cut].strip(" ,，:：")
        long_enough = len(part.split()) >= _FEWEST_WORDS or (not part.isascii() and len(part) >= _FEWEST_CHARACTERS)
        if long_enough and not is_modal(text[cut:]):
            yield without_end(text[:cut])


def is_modal(text: str) -> bool:
    """Whether a text holds a negation, an obligation, a limit or a condition."""
    return any(fact.kind is FactKind.MODAL for fact in find_facts(text))
