"""The passes: edits that only delete or abbreviate, in the order in which they are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.language.facts import Fact, Span, locked_spans, overlaps
from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.articles import article_edits
from skill_distiller.rewriting.edits import Edit, join_edits
from skill_distiller.skill.labels import is_label
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.skill.parse import LIST_MARKER
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Draft:
    """A block on its way down its ladder: what the passes are given.

    `locked` are the spans that no pass may touch, `words` the deletions that the word pruner proposes.
    A block is `formatted` where its very form is the content.
    """

    block: Block
    facts: tuple[Fact, ...]
    locked: tuple[Span, ...]
    counter: TokenCounter
    formatted: bool = False
    words: tuple[Edit, ...] = ()

    @property
    def text(self) -> str:
        """The text of the block."""
        return self.block.text


_DELIMITER_ROW: Final = re.compile(
    r"^([ \t]*+)(\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?)[ \t]*+$", re.MULTILINE
)
_DASHES: Final = re.compile(r"-+")
_PADDING: Final = re.compile(r"(?<=\|)[ \t]{2,}(?=\S)|(?<=\S)[ \t]{2,}(?=\|)")
# Only asterisks: what stands between double underscores is as often a name (`__init__`).
_STRONG: Final = re.compile(r"(?<![\w*\\/])\*\*(?=[^\s*])([^*\n]*?[^\s*\\])\*\*(?![\w*/])")
# What would be a list, heading, quote, rule, task box or tag once it opened a line.
_MARKUP: Final = re.compile(r"\d+[.)]|[-+>#=<|\[~`:]")
_MAX_MARKER_CHARS: Final = 80  # characters before a word that may be its list marker
_MARKED_WORD: Final = re.compile(r"[\w'’]+")


def table_edits(draft: Draft) -> list[Edit]:
    """The padding around the cells of a table down to one blank, and its shortest delimiter row; cells stay."""
    text, locked = draft.text, draft.locked
    padding = [Edit(*match.span(), " ") for match in _PADDING.finditer(text) if not overlaps(match.span(), locked)]
    row = _DELIMITER_ROW.search(text)
    if not row or overlaps(row.span(), locked):
        return padding
    shortest = re.sub(r"[ \t]+", "", _DASHES.sub("-", row.group(2)))
    return list(join_edits((Edit(row.start(2), row.end(), shortest),), padding))


def may_have_emphasis(draft: Draft) -> bool:
    """A quick look: False means that there is none, or that it is part of what is said, as on a label."""
    return not draft.formatted and "**" in draft.text and not is_label(draft.block)


def emphasis_edits(draft: Draft) -> Iterator[Edit]:
    """The marks of strong emphasis, deleted.

    It stays where it stresses a negation, an obligation or capitals, and on a sentence that opens a line.
    """
    text, locked = draft.text, draft.locked
    for match in _STRONG.finditer(text):
        start, end = match.span()
        inner = match.group(1)
        opens = _opens_line(text, start)
        if _stresses(inner) or (opens and (inner[-1] in ".!?" or _MARKUP.match(inner))) or "/" in (inner[0], inner[-1]):
            continue
        if text[start - 1 : start] in ("(", ",") or text[end : end + 1] == "/":  # a call, a glob
            continue
        if not overlaps((start, start + 2), locked) and not overlaps((end - 2, end), locked):
            yield Edit(start, start + 2)
            yield Edit(end - 2, end)


def _opens_line(text: str, start: int) -> bool:
    """Whether a place is the first of its paragraph or item: emphasis there may be a heading in all but name."""
    before = text[max(0, start - _MAX_MARKER_CHARS) : start]
    return (start <= _MAX_MARKER_CHARS or "\n" in before) and not before[before.rfind("\n") + 1 :].strip(
        " \t>*+-0123456789.)"
    )


def _stresses(inner: str) -> bool:
    words = _MARKED_WORD.findall(inner)
    return any(word.lower() in MODAL_WORDS or (len(word) > 2 and word.isupper() and word.isalpha()) for word in words)


_MIN_WRAPPED: Final = 60  # characters of a line that was wrapped; shorter ones end where their author meant it
# A line end with a small letter or inline code after it: neither a list marker nor any other mark of a block. No
# tables: they have bars.
_LINE_END: Final = re.compile(r"(?:\r\n?|\n)[ \t]*+(?=(?:[a-z(]|`(?!``))[^|\r\n]*+(?:[\r\n]|\Z))")
# What a line ends with in mid-sentence: no full stop or colon, nor the backslash that breaks a line on purpose.
_MID_SENTENCE: Final = re.compile(r"[\w,;)`*\"'”’—–-]")
# What stands in lines of its own though Markdown does not know it: "a) …", "key: …", a word divided at its hyphen.
_OWN_LINE: Final = re.compile(r"[a-z]{1,4}[.)][ \t]|[\w.-]{1,40}:(?:[ \t]|$)", re.MULTILINE)
_DIVIDED: Final = re.compile(r"\w-\Z")
_LINE_START: Final = re.compile(r"[ \t]*([\w.-]+)")
_BLOCK_MARKS: Final = re.compile(rf"[ \t]*(?:{LIST_MARKER}[ \t]+)*[#>|<]")


def wrap_edits(draft: Draft) -> Iterator[Edit]:
    """Line ends inside sentences outside the locked spans, each replaced by a space.

    A line that ends a sentence or in two spaces, opens with the mark of a block, or holds a bar stays alone.
    """
    text, locked = draft.text, draft.locked
    for match in _LINE_END.finditer(text):
        start, end = match.span()
        line = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : start]
        start -= line.endswith(" ")
        if len(line) < _MIN_WRAPPED or "|" in line or not _MID_SENTENCE.match(text, start - 1):
            continue
        if not (_is_apart(line, text, end) or _BLOCK_MARKS.match(line) or overlaps((start, end), locked)):
            yield Edit(start, end, " ")


def _is_apart(line: str, text: str, after: int) -> bool:
    """Whether the line that begins at `after` is no end of this one: an item "b)", a key, one more such command."""
    own, other = _LINE_START.match(line), _LINE_START.match(text, after)
    alike = bool(own and other and own[1] == other[1])
    return alike or bool(_OWN_LINE.match(text, after) or _DIVIDED.search(line.rstrip(" ")[-2:]))


# Openings of a sentence; what follows them can stand alone.
_OPENINGS: Final = (
    r"please note that", r"(?:please )?note that",
    r"it(?:'s| is) (?:also )?(?:important|worth|useful|helpful|good) to (?:note|remember|mention|know) that",
    r"it (?:should|must) be noted that", r"keep in mind that", r"bear in mind that", r"remember that", r"be aware that",
    r"as (?:mentioned|noted|described|stated|explained|discussed)(?: (?:above|earlier|previously|before))?,",
    r"in other words,", r"in general,", r"generally,", r"generally speaking,", r"basically,", r"essentially,",
    r"obviously,",
    r"of course,", r"needless to say,", r"in this section,", r"at a high level,", r"additionally,", r"furthermore,",
    r"moreover,", r"in addition,", r"please",
)  # fmt: skip
# Words inside a sentence that change nothing; the second value is what stays of them.
_FILLERS: Final = (
    (r"in order to", "to"), (r"for the purposes? of", "for"), (r"due to the fact that", "because"),
    (r"in the event that", "if"), (r"at this point in time", "now"),
    (r"a (?:wide|broad|large) (?:variety|range|number) of", "many"),
    (r"(?:a )?(?:wide|broad) (?:variety|range) of", "many"),
    (r"(?:basically|essentially|simply|actually|really|obviously|truly|incredibly|seamlessly)", ""),
)  # fmt: skip
_START: Final = r"(?:(?:\A|(?<=\n))[ \t]{0,40}(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)|\A[ \t]{0,40}|(?<=[.!?]\s))"
_PHRASES: Final = "|".join(f"(?P<f{i}>{phrase})" for i, (phrase, _) in enumerate(_FILLERS))
_DELETABLE: Final = re.compile(
    rf"(?P<before>{_START})(?:{'|'.join(_OPENINGS)})[ \t]+(?P<next>\w)|(?<=[\w,;)`*][ \t])(?:{_PHRASES})[ \t]+(?=\w)",
    re.IGNORECASE,
)
# One word of each phrase, for a quick look before the expression is tried.
_FILLER_HINTS: Final = frozenset(
    "note noted remember mention words mind point aware know mentioned described stated explained discussed"
    " general generally basically essentially obviously course needless section level additionally furthermore"
    " moreover addition please order purpose purposes due event variety range number simply actually really truly"
    " incredibly seamlessly".split()
)
# A sentence that lost its opening starts with a capital, where its first word can't be a name like `npm`.
_FUNCTION_WORD: Final = re.compile(
    r"(?:you|your|the|this|that|these|those|it|its|a|an|all|each|any|some|there|we|they|when|if)\b"
)
_NEXT_WORD: Final = re.compile(r"\w+")


def may_have_fillers(draft: Draft) -> bool:
    """A quick look: False means that there is nothing to take out."""
    return not _FILLER_HINTS.isdisjoint(content_words(draft.text))


def filler_edits(draft: Draft) -> Iterator[Edit]:
    """Filler phrases outside the locked spans, deleted."""
    text, locked = draft.text, draft.locked
    for match in _DELETABLE.finditer(text):
        opening = match.group("next")
        start = match.end("before") if opening else match.start()
        if overlaps((start, match.end()), locked):
            continue
        if opening:
            word = _NEXT_WORD.match(text, match.start("next"))
            asked = bool(word and word.group().lower() in IMPERATIVES)  # "please run", but not "please npm"
            # Else the first word may be a name: `npm`.
            if asked or _FUNCTION_WORD.match(text, match.start("next")):
                yield Edit(start, match.end(), opening.upper())
        elif not match.group()[0].isupper() and text[max(0, start - 3) : start].lower() not in (" a ", "an "):
            # Neither a name ("Really Simple Syndication") nor after an article that would be wrong.
            stays = _FILLERS[int((match.lastgroup or "f0")[1:])][1]
            yield Edit(start, match.end(), f"{stays} " if stays else "")


_NUMBER: Final = r"(?=\s[$€£¥~]?\d[\d,.]*(?![\d–-]))"
# (phrase, what must follow, symbol); longer phrases first, so that the longest wins.
_SYMBOL_PHRASES: Final = (
    ("greater than or equal to", "", "≥"),
    ("more than or equal to", "", "≥"),
    ("less than or equal to", "", "≤"),
    ("fewer than or equal to", "", "≤"),
    ("there exists", "", "∃"),
    ("is equal to", "", "="),
    ("a minimum of", _NUMBER, "≥"),
    ("a maximum of", _NUMBER, "≤"),
    ("no fewer than", _NUMBER, "≥"),
    ("no less than", _NUMBER, "≥"),
    ("no more than", _NUMBER, "≤"),
    ("at least", _NUMBER, "≥"),
    ("at most", _NUMBER, "≤"),
    ("more than", _NUMBER, ">"),
    ("greater than", _NUMBER, ">"),
    ("less than", _NUMBER, "<"),
    ("fewer than", _NUMBER, "<"),
    ("therefore", "", "⇒"),
    ("implies", "", "⇒"),
)
_SYMBOL_OF: Final = {phrase: symbol for phrase, _, symbol in _SYMBOL_PHRASES}
# One word of each phrase, for a quick look before the expression is tried.
_SYMBOL_HINTS: Final = frozenset("than exists equal minimum maximum least most therefore implies".split())


def may_have_symbols(draft: Draft) -> bool:
    """A quick look: False means that no phrase has a symbol."""
    return not _SYMBOL_HINTS.isdisjoint(content_words(draft.text))


@lru_cache(maxsize=4)
def _pattern(counter: TokenCounter) -> re.Pattern[str] | None:
    """The phrases whose symbol measures smaller in mid-sentence."""
    worth = [
        rf"{phrase.replace(' ', chr(92) + 's')}\b{following}"
        for phrase, following, symbol in _SYMBOL_PHRASES
        if counter.count(f"a {symbol} 3") < counter.count(f"a {phrase} 3")
    ]
    return re.compile(rf"(?<=[\s(])(?:{'|'.join(worth)})", re.IGNORECASE) if worth else None


def symbol_edits(draft: Draft) -> Iterator[Edit]:
    """Phrases outside the locked spans, each replaced by its cheaper symbol."""
    text, pattern = draft.text, _pattern(draft.counter)
    locked = locked_spans(text, draft.facts, modals=False)
    for match in pattern.finditer(text) if pattern else ():
        line = text[max(0, match.start() - _MAX_MARKER_CHARS) : match.start()].rpartition("\n")[2]
        if overlaps(match.span(), locked) or not line.strip(" \t>*+-0123456789.)"):
            continue  # at the start of a line `>` would be a quote, `=` an underline
        yield Edit(*match.span(), _SYMBOL_OF[" ".join(match.group().lower().split())])


_ENGLISH: Final = re.compile(r"\b(?:the|and|with|your|you|that|this|from|when|are|is|for|to|of|in)\b", re.IGNORECASE)


def may_have_articles(draft: Draft) -> bool:
    """A quick look: False means that the text is not English, or its very form is its content."""
    return not draft.formatted and _ENGLISH.search(draft.text) is not None


class Pass(NamedTuple):
    """One kind of edit: for blocks of which `kinds`, what makes it worth trying, and the edits, sorted.

    `strength` (0-1) is the dial from which on its edits are allowed; None where each edit has its own.
    """

    name: str
    kinds: frozenset[BlockKind]
    strength: float | None
    may_apply: Callable[[Draft], bool]
    edits: Callable[[Draft], Iterable[Edit]]


TIGHT: Final = 0.01  # the strength of what takes out marks and no words
# Where two passes would edit the same place, the one that comes first does. On which rung an edit is made the strengths
# of `_RUNGS` in ladder.py say; what users read of a rung is in `RENDERINGS` (model.py).
PASSES: Final = (
    Pass("symbols", PROSE, 0.0, may_have_symbols, symbol_edits),
    Pass("emphasis", PROSE, TIGHT, may_have_emphasis, emphasis_edits),
    Pass("line wraps", PROSE, TIGHT, lambda draft: not draft.formatted, wrap_edits),
    Pass("fillers", PROSE, 0.02, may_have_fillers, filler_edits),
    Pass("phrases", PROSE, None, lambda draft: bool(draft.words), lambda draft: draft.words),
    Pass("articles", PROSE, 0.3, may_have_articles, lambda draft: article_edits(draft.text, draft.locked)),
    Pass("tables", frozenset({BlockKind.TABLE}), TIGHT, lambda draft: True, table_edits),
)


def all_edits(draft: Draft) -> tuple[Edit, ...]:
    """The edits of all passes that apply to a block, sorted and without overlaps."""
    made: tuple[Edit, ...] = ()
    for one in PASSES:
        if draft.block.kind in one.kinds and one.may_apply(draft):
            edits = one.edits(draft)
            if one.strength is not None:
                edits = (Edit(edit.start, edit.end, edit.replacement, one.strength) for edit in edits)
            made = join_edits(made, edits)
    return made
