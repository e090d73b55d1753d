"""The inventory of facts: what a text says that an agent can't guess, found by program.

A fact is looked up by its `key`: the same key in another text is the same fact, whatever
emphasis, line breaks or symbols stand around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.modality import CJK_MODAL, LIMIT, LIMIT_HINT, LIMITS, MODAL_WORDS
from skill_distiller.document import Block, BlockKind, Skill


class FactKind(StrEnum):
    """What a fact is; the value is the word used in reports and JSON."""

    CODE_SPAN = "code span"
    CODE_LINE = "code line"
    LINK = "link"
    URL = "url"
    PATH = "path"
    FLAG = "flag"
    ENV_VAR = "environment variable"
    IDENTIFIER = "identifier"
    ERROR_CODE = "error code"
    NUMBER = "number"
    QUOTED = "quoted phrase"
    MODAL = "modal"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a text: `start` and `end` are offsets into that text."""

    kind: FactKind
    text: str
    key: str
    start: int
    end: int


_EXTENSIONS: Final = (
    "md|mdx|txt|rst|pdf|docx?|xlsx?|pptx?|csv|tsv|jsonl?|ya?ml|toml|ini|cfg|conf|env|lock|xml|html?|css|scss"
    "|pyi?|ipynb|[cm]?[jt]sx?|vue|svelte|go|rs|rb|php|java|kts?|swift|c|cc|cpp|h|hpp|cs|exs?|sh|bash|zsh|ps1|bat"
    "|sql|db|sqlite|png|jpe?g|gif|svg|webp|mp[34]|wav|zip|gz|tar|whl|log|tf|proto|tex|bib|example"
)
_UNITS: Final = (
    r"%|°[CF]|[kKMGT]i?[bB]|ms|px|rem|em|pt|dpi|fps|[kMG]?Hz|[kKMBxX×smh]|mm|cm|km|kg|g"
    "|(?:sec(?:ond)?|min(?:ute)?|hour|day|week|month|year|token|word|char(?:acter)?|line|item|time|step|file"
    "|byte|page|row|column|section|sentence|paragraph|example|question|point|attempt|retr(?:y|ie))s?"
    "|秒|分钟?|小时|天|周|月|年|字|行|个|次|件|回|日|時間|개|번|분|초"
)
# Marked by its own delimiters: nothing else is looked for inside.
_MARKED: Final = re.compile(
    r"""(?=[`\]<"“「『«h'])(?:
      (?P<code>(?P<ticks>`+)(?!`)(?:[^`]|(?!(?P=ticks)(?!`))`+)*(?P=ticks)(?!`))
    | \]\([ ]*<?(?P<link>[^)\s>]+)
    | (?P<url>https?://[^\s)>\]"'`|]*[^\s)>\]"'`|.,:;*])
    | (?P<quoted>"[^"\n]{2,160}"|“[^”\n]{2,160}”|「[^」\n]{1,80}」|『[^』\n]{1,80}』|«[^»\n]{2,160}»
        |(?<!\w)'[^'\n]{2,80}'(?!\w))
    )""",
    re.VERBOSE,
)
_TOKEN: Final = re.compile(r"[^\s*`\"“”()\[\],;!?|、。，；：！？「」『』«»]+")
_SPECIAL: Final = re.compile(
    rf"""(?P<env>\$\{{?[A-Za-z_]\w*\}}?|%[A-Z_]+%|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\Z
    | (?P<flag>--?[A-Za-z][\w-]*(?:=[\w./:<>-]*)?)\Z
    | (?P<path>(?:(?:~|\.\.?)?/[\w@.*{{}}<>/-]*\w[\w@.*{{}}<>/-]*|[\w@.<>{{}}-]+/(?:[\w@.*<>{{}}-]+/)*(?:[\w*<>{{}}-]*\.[\w*]+)?
        |(?:[\w@.*<>{{}}-]+/)+[\w@.*<>{{}}-]*[._\d][\w@.*<>{{}}-]*|[\w@*.<>{{}}-]*\.(?:{_EXTENSIONS})))\Z
    | (?P<error>E[A-Z]{{4,}}|ERR_\w+|[A-Z]{{1,4}}-?\d{{3,5}})\Z
    | (?P<ident>@?[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:\(\))?|[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){{2,}}
        |[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\(\)|[a-z]\w+(?:\.[a-z_]\w+)+)\Z
    | (?P<number>[~<>≥≤=+−-]*[$€£¥#]?\d[\d,.:/x×–-]*(?:\+|{_UNITS})?)\Z
    | (?P<mixed>v?\d[\w.+-]*|\w+(?:-\w+)*-?\d[\w.-]*)\Z""",
    re.VERBOSE,
)
_SPECIAL_KINDS: Final = {
    "env": FactKind.ENV_VAR,
    "flag": FactKind.FLAG,
    "path": FactKind.PATH,
    "error": FactKind.ERROR_CODE,
    "ident": FactKind.IDENTIFIER,
    "number": FactKind.NUMBER,
    "mixed": FactKind.NUMBER,
}
_UNIT: Final = re.compile(rf"(?:{_UNITS})\Z")
_IN_CODE: Final = re.compile(
    r"""(?P<url>https?://[^\s)>\]"'`|]*[^\s)>\]"'`|.,:;*])|(?<![\w-])(?P<flag>--[A-Za-z][\w-]*)"""
    r"""|(?P<env>\$\{?[A-Z_]\w*\}?)"""
)
_BETWEEN: Final = re.compile(r"[\s*_]*\Z")
_CJK_TAIL: Final = 6  # characters after a CJK modal that say what it governs
_MODAL_TAIL: Final = 2  # words


def normalize(text: str) -> str:
    """A fact's text as looked up: white space collapsed, outer marks stripped."""
    return " ".join(text.strip("`\"'“”「」『』«»*_ \t\r\n").split())


def find_facts(text: str, *, code: bool = False) -> tuple[Fact, ...]:
    """The facts of a Markdown text in order of position; with `code`, of a code block.

    Kinds: inline code, link targets, URLs, paths and file names, flags, environment variables,
    identifiers, error codes, numbers with their units, quoted phrases, and modal words (negations,
    obligations, limits, conditions) with the words they govern.
    """
    return _find_facts(text, code)


@lru_cache(maxsize=4096)
def _find_facts(text: str, code: bool) -> tuple[Fact, ...]:
    # Cached: a kept block is looked at again in the result, and most blocks are kept.
    found = _code_facts(text) if code else _prose_facts(text)
    return tuple(sorted(found, key=lambda fact: (fact.start, fact.end)))


def block_facts(block: Block) -> tuple[Fact, ...]:
    """The facts of a block; offsets count in `block.text`."""
    return find_facts(block.text, code=block.kind is BlockKind.CODE)


def fact_keys(facts: Iterable[Fact]) -> frozenset[str]:
    """What facts are looked up by."""
    return frozenset(fact.key for fact in facts)


def inventory(skill: Skill) -> dict[str, FactKind]:
    """Every distinct fact of a skill's body, key → kind, in order of first appearance.

    Headings count where other text of the skill refers to them.
    """
    found: dict[str, FactKind] = {}
    for section in skill.sections:
        if section.level and is_referred(skill, section.heading):
            found.setdefault(heading_key(section.heading), FactKind.HEADING)
        for block in section.blocks:
            for fact in block_facts(block):
                found.setdefault(fact.key, fact.kind)
    return found


def heading_key(heading: str) -> str:
    """The key of a heading as a fact."""
    return f"# {normalize(heading)}"


def is_referred(skill: Skill, heading: str) -> bool:
    """Whether other text of a skill names a heading, by its anchor or (two words and more) word for word."""
    blocks = _lowered(skill.body, tuple(block.text for block in skill.blocks))
    plain = normalize(heading).lower()
    if f"](#{anchor(heading)})" in blocks:
        return True
    return " " in plain and len(plain) >= 8 and plain in blocks


@lru_cache(maxsize=4)
def _lowered(body: str, texts: tuple[str, ...]) -> str:
    return "\n".join(texts).lower()


def anchor(heading: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _code_facts(text: str) -> Iterator[Fact]:
    at = 0
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        if any(c.isalnum() for c in stripped) and not stripped.startswith(("```", "~~~")):
            start = at + line.index(stripped)
            yield Fact(FactKind.CODE_LINE, stripped, " ".join(stripped.split()), start, start + len(stripped))
        at += len(line)
    for match in _IN_CODE.finditer(text):
        kind = {"url": FactKind.URL, "flag": FactKind.FLAG, "env": FactKind.ENV_VAR}[match.lastgroup or "url"]
        yield Fact(kind, match.group(), match.group(), *match.span())


def _prose_facts(text: str) -> Iterator[Fact]:
    marked = list(_marked_facts(text))
    yield from marked
    tokens = list(_tokens(text, marked))
    for i, (token, start, end) in enumerate(tokens):
        if token.islower() and token.isalpha():
            if token in MODAL_WORDS:
                yield _modal(text, tokens, i)
        elif token.lower().replace("’", "'") in MODAL_WORDS:
            yield _modal(text, tokens, i)
        elif not token.isalpha() or not (token.istitle() or token.isupper()):
            yield from _special(text, tokens, i, token, start, end)
    if LIMIT_HINT.search(text):
        yield from _limits(text, marked)
    if not text.isascii():
        for match in CJK_MODAL.finditer(text):
            end = min(len(text), match.end() + _CJK_TAIL)
            cut = re.search(r"[\n，。、；：！？,.;:!?*`]", text[match.end() : end])
            end = match.end() + cut.start() if cut else end
            phrase = text[match.start() : end]
            yield Fact(FactKind.MODAL, phrase, normalize(phrase), match.start(), end)


def _marked_facts(text: str) -> Iterator[Fact]:
    kinds = {
        "code": FactKind.CODE_SPAN,
        "link": FactKind.LINK,
        "url": FactKind.URL,
        "quoted": FactKind.QUOTED,
    }
    for match in _MARKED.finditer(text):
        group = "code" if match.lastgroup == "ticks" else match.lastgroup or "code"
        key = normalize(match.group(group))
        if key:
            key = key.lower() if group == "quoted" else key
            yield Fact(kinds[group], match.group(group), key, *match.span(group))


_Token = tuple[str, int, int]


def _tokens(text: str, marked: Sequence[Fact]) -> Iterator[_Token]:
    """The words outside the marked facts, with their offsets; trailing stops are not part of a word."""
    spans = iter([(fact.start, fact.end) for fact in marked] + [(len(text) + 1, len(text) + 1)])
    low, high = next(spans)
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        while start >= high:
            low, high = next(spans)
        if end > low:
            continue
        raw = match.group()
        token = raw.strip("_:").rstrip(".:")
        if token and not (_is_marker(raw) and _starts_line(text, start)):
            start += raw.index(token)
            yield token, start, start + len(token)


def _is_marker(raw: str) -> bool:
    return raw in "-+#>" or (raw[:-1].isdigit() and raw[-1] in ".)")


def _starts_line(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>-+*")


def _modal(text: str, tokens: Sequence[_Token], i: int) -> Fact:
    """A modal word with the next words of its clause: `never commit secrets`."""
    start, end = tokens[i][1], tokens[i][2]
    words = [tokens[i][0].lower().replace("’", "'")]
    for token, left, right in tokens[i + 1 : i + 1 + _MODAL_TAIL]:
        between = text[end:left]
        if not _BETWEEN.match(between) or "\n\n" in between or LIMIT.match(text, left):
            break
        words.append(token.lower())
        end = right
    return Fact(FactKind.MODAL, text[start:end], " ".join(words), start, end)


def _limits(text: str, marked: Sequence[Fact]) -> Iterator[Fact]:
    for match in LIMIT.finditer(text):
        if any(fact.start <= match.start() < fact.end for fact in marked):
            continue
        symbol = LIMITS[" ".join(match.group().lower().split())]
        tail = re.match(r"[\s*_]*([$€£¥]?\d[\d,.]*\d|\w+)", text[match.end() :])
        end = match.end() + (tail.end() if tail else 0)
        key = f"{symbol} {tail.group(1).lower() if tail else ''}".strip()
        yield Fact(FactKind.MODAL, text[match.start() : end], key, match.start(), end)


def _special(
    text: str, tokens: Sequence[_Token], i: int, token: str, start: int, end: int
) -> Iterator[Fact]:
    match = _SPECIAL.match(token)
    if match is None:
        return
    kind = _SPECIAL_KINDS[match.lastgroup or "mixed"]
    if kind is FactKind.NUMBER and i + 1 < len(tokens):
        unit, left, right = tokens[i + 1]
        if left - end == 1 and _UNIT.match(unit):
            end = right
    phrase = text[start:end]
    key = normalize(phrase)
    yield Fact(kind, phrase, key.lstrip("<>≥≤") if kind is FactKind.NUMBER else key, start, end)
