"""A block as plain texts on one line each, shorter ways to say them, and the words that tell what a text is."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from textwrap import dedent
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from skill_distiller.analysis.safeguards import IMPERATIVES
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import find_facts
from skill_distiller.language.words import ABBREVIATIONS, CJK
from skill_distiller.skill.links import MARKED
from skill_distiller.skill.model import PROSE, Block, BlockKind

_NO_BLANKS: Final = re.compile(f"[{CJK}]")  # scripts that set none between words
_LETTER: Final = re.compile(r"(?<!\\)[^\W\d_]")
_OTHER_LIST: Final = re.compile(r"<([a-z]\w*)>")
_DEFINES: Final = re.compile(r"(?:\w+ ){1,3}(?:is|are) (?:an?|the)\b")
_LABEL: Final = re.compile(r"[^\s:：]+(?: [^\s:：]+){0,3}(?::(?=\s|\Z)|：)")
_AROUND: Final = re.compile(r"\A[^\w`]+")


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Sequence[str]]:
    data = files("skill_distiller.language").joinpath("data/one_liner.toml")
    return tomllib.loads(data.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def words(name: str) -> re.Pattern[str]:
    """The words of a list, as an expression that finds any of them, whatever the case."""
    lists = _lists()
    own = [_OTHER_LIST.sub(lambda other: f"(?:{'|'.join(lists[other[1]])})", text) for text in lists[name]]
    bare = [text for text in own if _NO_BLANKS.search(text) or not _LETTER.search(text)]
    whole = [text for text in own if text not in bare]
    parts = [rf"(?<!\w)(?:{'|'.join(whole)})(?!\w)"] * bool(whole) + bare
    return re.compile("|".join(parts), re.IGNORECASE)


@lru_cache(maxsize=4096)  # every block below a heading asks again
def has(name: str, text: str) -> bool:
    """Whether a word of a list stands in a text."""
    return bool(words(name).search(text))


def is_order(text: str) -> bool:
    """Whether a text begins with a verb that tells what to do: "Read the file"."""
    first, second = ([*text.split(maxsplit=2), "", ""])[:2]
    first = first.strip("`,.:")
    if (first.isupper() and len(first) > 1) or _DEFINES.match(text):  # "GET /users", "Design reviews are the …"
        return False
    other = words("opens_clause").fullmatch(first) or words("negative").fullmatch(first)
    named = bool(words("determiners").fullmatch(second)) and not other
    return _is_verb(first.lower()) or (named and first.isalpha() and not first.endswith("ing"))


def is_doing(text: str) -> bool:
    """Whether a text tells what to do, or what is done: "Reads the file"."""
    if words("describes").match(text):
        return False
    first = next(iter(text.lower().split(maxsplit=1)), "")
    return is_order(text) or (first.endswith("s") and any(map(_is_verb, (first[:-1], first[:-2], f"{first[:-3]}y"))))


def _is_verb(word: str) -> bool:
    return word in IMPERATIVES or bool(words("verbs").fullmatch(word))


def is_label(text: str) -> bool:
    """Whether a text only names something, points elsewhere, or gives credit: "Keywords: a, b", "Based on c"."""
    bare = _AROUND.sub("", text)
    return text.endswith((":", "：", "?", "？")) or bool(_LABEL.match(bare) or words("no_telling").match(bare))


def is_foreign(text: str) -> bool:
    """Whether a text has letters beyond ASCII: its verbs are not known."""
    return any(character.isalpha() and not character.isascii() for character in text)


LONGEST: Final = 2000  # characters; what is longer has no room in a line, and is not looked at
_MOST: Final = 60  # units of a block that are looked at: three lines hold far fewer
_MOST_CHARS: Final = 20_000  # of a block
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)?")  # of a terminal
_WIKI: Final = re.compile(r"!?\[\[([^\[\]|]*)(?:\|([^\[\]]*))?\]\]")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w.-]*)([^>]*)>|<!--.*-->", re.DOTALL)
_VOID: Final = frozenset(("br", "hr", "img"))
# What CommonMark leaves of strong text where another script or a cut stands in its way.
_STRAY: Final = re.compile(r"(?<!\S)\*\*(?=\w)|(?<=[\w.!?:;)。！？：])\*\*(?!\S)|(?<=[：。！？])\*\*")
_HELD: Final = "\ue000"  # for the mark of emphasis, until it is seen whether it multiplies: `2*3*4`
_TIMES: Final = re.compile(r"(?<=\w)\ue000(?=\w)")
_SPACE_BEFORE: Final = re.compile(r"[ ]+(?=[,;.!?](?:\s|$))")
_MARKUP: Final = re.compile(r"[\\`*_~\[<&]")  # what Markdown inside a line begins with
_PARSER: Final = MarkdownIt("commonmark").enable(["strikethrough", "table"])
_WITHOUT_TAGS: Final = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


@lru_cache(maxsize=1024)  # a unit is read for several lines
def plain(text: str) -> str:
    """The text on one line, without its Markdown but the marks of code; "" for a text too long to look at."""
    if len(text) > LONGEST:
        return ""
    if not _MARKUP.search(text):
        return " ".join(_SPACE_BEFORE.sub("", one_line(text)).split())
    return _plain_tokens(_PARSER.parseInline(one_line(text))[0].children or ())


def _plain_tokens(tokens: Sequence[Token]) -> str:
    pieces = []
    tags = (_TAG.match(token.content) for token in tokens if token.type == "html_inline")
    closed = {tag[2] for tag in tags if tag and tag[1]}
    for token in tokens:
        if token.type == "code_inline":
            pad = " " if "`" in token.content else ""
            pieces.append(f"{token.markup}{pad}{token.content}{pad}{token.markup}")
        elif token.type == "html_inline":
            pieces.append(token.content if _is_placeholder(token.content, closed) else " ")
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
        else:
            text = _WIKI.sub(lambda link: link[2] or link[1], _STRAY.sub("", token.content))
            pieces.append(_HELD if token.markup == "*" else text)
    text = _TIMES.sub("*", "".join(pieces)).replace(_HELD, "")
    return " ".join(_SPACE_BEFORE.sub("", one_line(text)).split())


def _is_placeholder(tag: str, closed: set[str]) -> bool:
    """Whether something in angle brackets is left to be filled in, rather than a tag or comment: `<name>`."""
    match = _TAG.fullmatch(tag)
    opens = match is not None and match[2] and not match[1]
    return bool(match and opens and match[2] not in closed | _VOID and "=" not in match[3])


def one_line(text: str) -> str:
    """The text with every run of white space as one blank, and without characters that can't be printed."""
    joined = " ".join(_SEQUENCE.sub("", text).split())
    if joined.isprintable():
        return joined
    return " ".join("".join(filter(str.isprintable, joined)).split())


_ORDERED: Final = re.compile(r"[ \t>]*(\d{1,9})[.)][ \t]")
_CHECKBOX: Final = re.compile(r"\[[ xX]\] ")
# The line that opens a box of GitHub, MkDocs or Docusaurus, or holds nothing but tags.
_BOX: Final = re.compile(
    r"(?m)^([> \t]*)(?:\[![A-Za-z]+\][+-]?|(?:!!!|\?\?\?)\+?[ \t][^\n]*|:{3,}[^\n]*"
    r"|(?:</?[A-Za-z][^<>\n]*>[ \t]*+)+)[ \t]*+$"
)
_EDGES: Final = re.compile(r"(?m)^[ \t]*(?:</?[A-Za-z][^<>\n]*>)+|(?:</[A-Za-z][^<>\n]*>)+[ \t]*$")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


class _Unit(NamedTuple):
    """A paragraph: how deep in lists it stands, whether it begins an item, in which column of a table (-1: none)."""

    text: str
    depth: int
    begins: bool
    column: int


def units(block: Block, *, deep: bool = False) -> Iterator[str]:
    """Plain texts, one for each item, sentence or row, in order; none for code and rules.

    With `deep` also what stands inside of items, tags and boxes, and is indented: a rule may stand anywhere.
    """
    if block.kind is BlockKind.TABLE:
        return islice(table_column(block), _MOST)
    if not deep and block.kind not in PROSE | {BlockKind.QUOTE}:
        return iter(())
    return islice(_texts(block.text, deep=deep), None if deep else _MOST)


def text_sentences(text: str) -> Iterator[str]:
    """The sentences and list items of a text, plain, in order."""
    return (sentence for unit in _walk(text) for sentence in sentences(unit.text))


def _texts(text: str, *, deep: bool) -> Iterator[str]:
    for unit in _walk(text, deep=deep):
        if unit.depth == 0:
            yield from sentences(unit.text)
        elif deep or (unit.depth == 1 and unit.begins):
            yield _CHECKBOX.sub("", unit.text)


def table_column(block: Block, name: str = "") -> Iterator[str]:
    """The cells, plain, of the first column of a table, or of the one whose heading has a word of a list."""
    rows: list[list[str]] = []
    for unit in _walk(block.text):
        if unit.column == 0:
            rows.append([])
        if unit.column >= 0:
            rows[-1].append(unit.text)
    head = rows[0] if rows else []
    column = next((i for i, cell in enumerate(head) if name and words(name).search(cell)), 0)
    yield from (row[column] for row in rows[1 : _MOST + 1] if column < len(row) and row[column])


_DEEPER: Final = {"bullet_list_open": 1, "ordered_list_open": 1, "bullet_list_close": -1, "ordered_list_close": -1}
_COLUMNS: Final = {"th_open": 1, "td_open": 1}


def _walk(text: str, *, deep: bool = False, parser: MarkdownIt = _PARSER) -> Iterator[_Unit]:
    text = _BOX.sub(r"\1", dedent(text[:_MOST_CHARS]))
    depth, begins, column = 0, False, -1
    for token in parser.parse(text):
        depth += _DEEPER.get(token.type, 0)
        column = -1 if token.type in ("tr_open", "table_close") else column + _COLUMNS.get(token.type, 0)
        begins = begins or token.type == "list_item_open"
        if token.type == "inline":
            own = _plain_tokens(token.children or ())
            if own or column >= 0:
                yield _Unit(own, depth, begins, column)
            begins = False
        elif deep and parser is _PARSER and token.type in ("html_block", "code_block"):
            ended = token.content.rfind("-->") + 1  # none that opens behind it closes
            bare = _COMMENT.sub("", token.content[: ended + 2]) + token.content[ended + 2 :] if ended else token.content
            yield from _walk(_EDGES.sub("", bare), deep=deep, parser=_WITHOUT_TAGS)


def number(block: Block) -> int | None:
    """The number that a list begins with; None where it counts nothing."""
    match = _ORDERED.match(block.text)
    return int(match[1]) if match else None


_END: Final = re.compile(r"[.!?]+[\"”’)\]*_]*(?=\s)|[。！？]+[」』”’）]*|[.!?]+[\"”’)\]*_]*\Z")
_ABBREVIATION: Final = re.compile(
    rf"(?:\b(?:{ABBREVIATIONS}|incl|resp|no|fig|Dr|Mr|Ms|z\.B|u\.a|p\. ?ej|\w)\.)\Z", re.I
)
_GOES_ON: Final = re.compile(r"\s+(?=[a-zà-ÿа-я(])")
_CLAUSE: Final = re.compile(r"\s*[;；]\s*|\s+[—–]\s+|\s*——\s*|\s+--?\s+")
_PAIRS: Final = ("()", "[]", "（）", "{}", "“”", "「」", "『』", "«»")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a plain text in order, with their ends."""
    marked = _marked_spans(text)
    start = 0
    for match in _END.finditer(text):
        if not _inside(match.end(), marked) and not _goes_on(text, match):
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


def _marked_spans(text: str) -> list[tuple[int, int]]:
    """Where quotes, code spans and URLs stand."""
    return [match.span() for match in MARKED.finditer(text)]


def _inside(position: int, marked: list[tuple[int, int]]) -> bool:
    """Whether a position is within one of some sorted spans, not at its edge."""
    above = bisect_left(marked, (position, 0)) - 1
    return above >= 0 and position < marked[above][1]


def split_at(text: str, expression: re.Pattern[str]) -> list[str]:
    """The text cut where an expression matches outside of what is marked, and what stands before is balanced."""
    marked, parts, start = _marked_spans(text), [], 0
    for match in expression.finditer(text):
        part = text[start : match.start()]
        if part and balanced(part) and not _inside(match.start(), marked):
            parts.append(part)
            start = match.end()
    return [*parts, text[start:]]


def first_clause(sentence: str) -> str:
    """The sentence up to the first semicolon or dash."""
    return split_at(sentence, _CLAUSE)[0]


def balanced(text: str) -> bool:
    """Whether every bracket, quote and mark of code that opens in a text closes in it."""
    paired = all(text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)
    return paired and text.count('"') % 2 == 0 and closes_code(text)


def closes_code(text: str) -> bool:
    """Whether every mark of code that opens in a text closes in it."""
    found = [match for match in MARKED.finditer(text) if match.lastgroup not in ("link", "url", "quoted")]
    return text.count("`") == sum(match.group().count("`") for match in found)


def without_end(sentence: str) -> str:
    """The sentence without its full stop or trailing colon."""
    return sentence if sentence.endswith(("...", "…")) else sentence.rstrip().rstrip(".。;；,，:：").rstrip()


_PARENTHESIS: Final = re.compile(r"\s*(?:\([^()]*\)|（[^（）]*）)")
_CUT: Final = re.compile(rf"{_CLAUSE.pattern}|[:：](?=\s)|：|,(?=\s)|，")
_VERB_LAST: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3ığş]")  # Japanese, Korean, Turkish: a head says nothing
_FEWEST_WORDS: Final = 3  # before a mark that a text may end at: "find, look up, or resolve a user" is one whole
_FEWEST_CHARACTERS: Final = 6  # the same where words are not set apart
_OPEN_END: Final = re.compile(r"[,、，:：(\-–—/&]\s*\Z")


def shorter(sentence: str) -> Iterator[str]:
    """The sentence without its full stop, then shorter ones; each reads as a whole, and leaves out no condition."""
    seen = {""}
    for text in map(without_end, _candidates(without_end(sentence))):
        if text not in seen and balanced(text) and not _dangles(text):
            seen.add(text)
            yield text


def _dangles(text: str) -> bool:
    last = text.rsplit(maxsplit=1)[-1] if text.strip() else ""
    return bool(_OPEN_END.search(text) or words("hangs").fullmatch(last))


def _candidates(whole: str) -> Iterator[str]:
    yield whole
    first = next(sentences(whole), "")
    if first != whole and not is_modal(whole[len(first) :]):
        yield from _candidates(without_end(first))
        return
    bare = _without_parentheses(whole)
    yield bare
    # A sentence that opens with its condition has its order at the end.
    if not _VERB_LAST.search(whole) and not words("opens_clause").match(whole):
        yield from _up_to_marks(bare)


def _without_parentheses(text: str) -> str:
    marked = _marked_spans(text)

    def shown(match: re.Match[str]) -> str:
        stays = is_modal(match.group()) or _inside(match.start(), marked) or _inside(match.end(), marked)
        return match.group() if stays else ""

    return _PARENTHESIS.sub(shown, text).strip()


def _up_to_marks(text: str) -> Iterator[str]:
    """The text up to a mark between its parts, the longest first."""
    marked = _marked_spans(text)
    cuts = [match for match in _CUT.finditer(text) if not _inside(match.start(), marked)]
    starts = [0, *(match.end() for match in cuts)]
    for start, cut in list(zip(starts, cuts, strict=False))[::-1]:
        part = text[start : cut.start()].strip()
        long_enough = len(part.split()) >= _FEWEST_WORDS or (not part.isascii() and len(part) >= _FEWEST_CHARACTERS)
        # The rest of an enumeration says as much as its beginning.
        listed = cut.group() in (",", "，") and words("separates").search(text, cut.end())
        if long_enough and not (listed or is_modal(text[cut.end() :]) or words("opens_clause").match(part)):
            yield text[: cut.start()]


def is_modal(text: str) -> bool:
    """Whether a text holds a negation, an obligation, a limit or a condition."""
    return any(fact.kind is FactKind.MODAL for fact in find_facts(text))
