"""The passes: edits that only delete or abbreviate, in the order in which they are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.language.facts import Fact, Span, locked_spans, overlaps
from skill_distiller.language.lexicon import Sense, is_imperative, is_light, senses
from skill_distiller.language.modals import CJK_MODAL, MODAL_WORDS, restricts
from skill_distiller.language.words import content_words, tables, words_in
from skill_distiller.rewriting.articles import article_edits
from skill_distiller.rewriting.model import Edit, join_edits
from skill_distiller.skill.containers import is_label
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.skill.parse import LIST_MARKER
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Draft:
    """A block on its way down its ladder: what the passes are given.

    `locked` are the spans that no pass may touch, `cuts` the deletions of phrases that a model called redundant.
    A block is `formatted` where its very form is the content, `stressed` where what opens the items of its
    list stays bold. Without `words` only marks may go, without `terse` no articles.
    """

    block: Block
    facts: tuple[Fact, ...]
    locked: tuple[Span, ...]
    counter: TokenCounter
    formatted: bool = False
    stressed: bool = False
    words: bool = True
    terse: bool = True
    cuts: tuple[Edit, ...] = ()

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


def emphasis_edits(draft: Draft) -> Iterator[Edit]:
    """The marks of strong emphasis, deleted.

    It stays where it stresses a negation, an obligation or capitals, on a sentence that opens a line, on the name of a
    paragraph ("**Note:** ..."), and where it is part of what is said, as on a label.
    """
    if draft.formatted or "**" not in draft.text or is_label(draft.block):
        return
    for match in _STRONG.finditer(draft.text):
        start, end = match.span()
        if not _stays(match, draft) and not (draft.stressed and _opens_line(draft.text, start)):
            yield Edit(start, start + 2)
            yield Edit(end - 2, end)


def keeps_emphasis(draft: Draft) -> bool:
    """Whether bold text that opens a line stays so: then all that opens an item of its list does."""
    opening = (m for m in _STRONG.finditer(draft.text) if _opens_line(draft.text, m.start()))
    return "**" in draft.text and any(draft.formatted or _stays(match, draft) for match in opening)


def _stays(match: re.Match[str], draft: Draft) -> bool:
    text, locked, inner = draft.text, draft.locked, match.group(1)
    start, end = match.span()
    if _stresses(inner) or "/" in (inner[0], inner[-1]):
        return True
    opens = _opens_line(text, start)
    if opens and (inner[-1] in ".!?。！？" or _MARKUP.match(inner)):
        return True
    if opens and not text[text.rfind("\n", 0, start) + 1 : start].strip() and _COLON.match(text, end - 3):
        return True
    if text[start - 1 : start] in ("(", ",") or text[end : end + 1] == "/":  # a call, a glob
        return True
    return overlaps((start, start + 2), locked) or overlaps((end - 2, end), locked)


def _opens_line(text: str, start: int) -> bool:
    """Whether a place is the first of its paragraph or item: emphasis there may be a heading in all but name."""
    before = text[max(0, start - _MAX_MARKER_CHARS) : start]
    return (start <= _MAX_MARKER_CHARS or "\n" in before) and not before[before.rfind("\n") + 1 :].strip(
        " \t>*+-0123456789.)[]xX"
    )


_STRESSED: Final = frozenset(
    {Sense.NEGATION, Sense.AVOIDANCE, Sense.LACK, Sense.ONLY, Sense.EXCEPTION, Sense.DUTY, Sense.APPROVAL}
)


def _stresses(inner: str) -> bool:
    words = [word.replace("’", "'") for word in _MARKED_WORD.findall(inner)]
    return (
        CJK_MODAL.search(inner) is not None
        or restricts(inner)
        or any(not _STRESSED.isdisjoint(senses(word.lower())) or _is_loud(word) for word in words)
    )


def _is_loud(word: str) -> bool:
    """Whether a word is written in capitals by choice, which is no name like API."""
    small = word.lower()
    loud = len(word) > 1 and word.isupper() and word.isalpha()
    return loud and bool(senses(small) or is_light(small) or is_imperative(small) or small in words_in("loud"))


# A colon after bold text or at its end, or a dash after it.
_COLON: Final = re.compile(r"[:：]\*\*|[^:：]\*\*(?:[:：]|[ ]?(?:--|[—–]|-[ ]))")
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
    for match in () if draft.formatted else _LINE_END.finditer(text):
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


# A sentence that lost its opening starts with a capital, where its first word can't be a name like `npm`.
_NEXT_WORD: Final = re.compile(r"\w+")
_START: Final = r"(?:(?:\A|(?<=\n))[ \t]{0,40}(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)|\A[ \t]{0,40}|(?<=[.!?]\s))"


class _Spoken(NamedTuple):
    """Phrases to look for: the words without one of which none can be there, the expression, what stands for each."""

    hints: frozenset[str]
    pattern: re.Pattern[str]
    stands: Mapping[str, str]


def _alternatives(phrases: Iterable[str]) -> str:
    """Phrases as one expression, the longest first."""
    return "|".join(re.escape(p).replace(r"\ ", r"\s+") for p in sorted(phrases, key=lambda p: (-len(p), p)))


@lru_cache(maxsize=1)
def _fillers() -> _Spoken:
    openings = [opening.strip() for opening in tables("en")["openings"].replace("\n", " ").split(",")]
    stands = dict.fromkeys(words_in("taken_out"), "") | dict(spoken("shorter"))
    # What ends in "that" goes without a comma; "please" does too.
    opening = "|".join(
        _alternatives([one]) + ("" if one.endswith(("that", "please")) else ",")
        for one in sorted(openings, key=len)[::-1]
    )
    pattern = re.compile(
        rf"(?P<before>{_START})(?:{opening})[ \t]+(?P<next>\w)"
        rf"|(?<=[\w,;)`*][ \t])(?P<phrase>{_alternatives(stands)})[ \t]+(?=\w)",
        re.IGNORECASE,
    )
    words = [word for phrase in (*openings, *stands) for word in content_words(phrase)]
    return _Spoken(frozenset(words), pattern, stands)


def spoken(table: str) -> Iterator[tuple[str, str]]:
    """Each phrase of a table of `language/data/en.toml`, with what may stand in its place."""
    for line in tables("en")[table].strip().splitlines():
        said, _, phrases = line.partition(": ")
        yield from ((phrase.strip(), said) for phrase in phrases.split(","))


def opens_plainly(text: str, at: int) -> bool:
    """Whether the word at a place may be given the capital of a sentence: no name like `npm`.

    >>> opens_plainly("please run npm", 7), opens_plainly("please npm", 7)
    (True, False)
    """
    word = _NEXT_WORD.match(text, at)
    first = word.group() if word else ""
    return is_imperative(first.lower()) or is_light(first) or first in MODAL_WORDS


def filler_edits(draft: Draft) -> Iterator[Edit]:
    """Fillers outside the locked spans, deleted, or replaced by what `shorter` in the words of English has for them."""
    text, locked = draft.text, draft.locked
    if _fillers().hints.isdisjoint(content_words(text)):
        return
    for match in _fillers().pattern.finditer(text):
        opening = match.group("next")
        start = match.end("before") if opening else match.start()
        if overlaps((start, match.end()), locked):
            continue
        if opening:
            if opens_plainly(text, match.start("next")):
                yield Edit(start, match.end(), opening.upper())
        elif not match.group()[0].isupper() and text[max(0, start - 3) : start].lower() not in (" a ", "an "):
            # Neither a name ("Really Simple Syndication") nor after an article that would be wrong.
            stays = _fillers().stands[" ".join(match["phrase"].lower().split())]
            yield Edit(start, match.end(), f"{stays} " if stays else "")


_NUMBER: Final = r"(?=\s[$€£¥~]?\d[\d,.]*(?![\d–-]))"


@lru_cache(maxsize=1)
def _symbols() -> tuple[dict[str, str], dict[str, str]]:
    """The phrases with their symbols: those that stand anywhere, those that stand before numbers."""
    return dict(spoken("symbols")), dict(spoken("symbols_of_numbers"))


@lru_cache(maxsize=4)
def _pattern(counter: TokenCounter) -> re.Pattern[str] | None:
    """The phrases whose symbol measures smaller in mid-sentence."""
    worth = [
        [phrase for phrase, sign in group.items() if counter.count(f"a {sign} 3") < counter.count(f"a {phrase} 3")]
        for group in _symbols()
    ]
    found = [f"(?:{_alternatives(own)})\\b{after}" for own, after in zip(worth, ("", _NUMBER), strict=True) if own]
    return re.compile(rf"(?<=[\s(])(?:{'|'.join(found)})", re.IGNORECASE) if found else None


@lru_cache(maxsize=1)
def _symbol_hints() -> frozenset[str]:
    """The last word of each phrase that is not too short to be looked for, for a quick look."""
    phrases = [content_words(phrase) for group in _symbols() for phrase in group]
    return frozenset().union(*phrases)


def symbol_edits(draft: Draft) -> Iterator[Edit]:
    """Phrases outside the locked spans, each replaced by its cheaper symbol."""
    text, pattern = draft.text, _pattern(draft.counter)
    if _symbol_hints().isdisjoint(content_words(text)):
        return
    locked = locked_spans(text, draft.facts, modals=False)
    for match in pattern.finditer(text) if pattern else ():
        line = text[max(0, match.start() - _MAX_MARKER_CHARS) : match.start()].rpartition("\n")[2]
        if overlaps(match.span(), locked) or not line.strip(" \t>*+-0123456789.)[]xX"):
            continue  # at the start of a line `>` would be a quote, `=` an underline
        anywhere, numbers = _symbols()
        yield Edit(*match.span(), (anywhere | numbers)[" ".join(match.group().lower().split())])


class Pass(NamedTuple):
    """One kind of edit: for blocks of which `kinds`, and the edits, sorted.

    `strength` (0-1) is the dial from which on its edits are allowed; None where each edit has its own.
    """

    name: str
    kinds: frozenset[BlockKind]
    strength: float | None
    edits: Callable[[Draft], Iterable[Edit]]


TIGHT: Final = 0.01  # the strength of what takes out marks and no words
# Where two passes would edit the same place, the one that comes first does. On which rung an edit is made the strengths
# of `_RUNGS` in ladder.py say; what users read of a rung is in `RENDERINGS` (model.py).
PASSES: Final = (
    Pass("symbols", PROSE, 0.0, symbol_edits),
    Pass("emphasis", PROSE, TIGHT, emphasis_edits),
    Pass("line wraps", PROSE, TIGHT, wrap_edits),
    Pass("fillers", PROSE, 0.02, filler_edits),
    Pass("cuts", PROSE, None, lambda draft: draft.cuts),
    Pass("articles", PROSE, 0.3, lambda d: article_edits(d.text, d.locked) if d.terse and not d.formatted else ()),
    Pass("tables", frozenset({BlockKind.TABLE}), TIGHT, table_edits),
)


def all_edits(draft: Draft) -> tuple[Edit, ...]:
    """The edits of all passes that apply to a block, sorted and without overlaps."""
    made: tuple[Edit, ...] = ()
    for one in PASSES:
        if draft.block.kind in one.kinds and (draft.words or one.strength == TIGHT):
            edits = one.edits(draft)
            if one.strength is not None:
                edits = (Edit(edit.start, edit.end, edit.replacement, one.strength) for edit in edits)
            made = join_edits(made, edits)
    return made
