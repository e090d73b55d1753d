"""References of a skill: to headings and footnotes by anchor, number or name, and to the files that it names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.language.fact import normalize
from skill_distiller.language.facts import anchor
from skill_distiller.language.words import texts, words_in
from skill_distiller.skill.links import EXTERNAL, LinkKind, find_footnotes, find_links, split_target
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, heading_of

_MIN_NAME_CHARS: Final = 4  # letters of a heading that words may refer to
_MAX_CHARS_TO_NAME: Final = 48  # characters before a name that "see" may stand in
_MARKS: Final = "\"“”'*`_「」„"
_ADDED: Final = re.compile(r"\s*[(（][^()（）]{0,80}[)）]\s*\Z")
_WORD: Final = re.compile(r"[^\W_]+")


def find_references(skill: Skill) -> Iterator[Edge]:
    """The edges from blocks to the headings that they name, of equal ones the nearest, and to the notes that they mark.

    Each block looks only at the headings that share a rare word with it.
    """
    sections = defaultdict[str, list[int]](list)
    for section in skill.sections:
        if section.level:
            sections[section.heading].append(section.index)
    by_word = _by_rarest_word(sections)
    for block in skill.blocks:
        if block.kind is BlockKind.CODE:
            continue
        text = block.text.lower()
        own = skill.section_of[block.index]
        near = {heading for word in by_word.keys() & {"", *_WORD.findall(text)} for heading in by_word[word]}
        targets = ((heading, _nearest(own, sections[heading])) for heading in near if _is_named(heading, text))
        for heading, target in sorted(targets):
            if target != own:
                yield Edge(EdgeKind.REFERS, block.index, heading_of(target), heading)
    for name, note in find_footnotes(skill).items():
        marks = note.marks if note.definition >= 0 else ()
        yield from (Edge(EdgeKind.REFERS, i, note.definition, f"[^{name}]") for i in marks if i != note.definition)


def _nearest(section: int, others: list[int]) -> int:
    return min(others, key=lambda other: abs(other - section))


def _by_rarest_word(headings: Iterable[str]) -> dict[str, list[str]]:
    """Headings by the rarest word of their name and of their anchor, one of which stands in what refers to them."""
    words = {heading: [frozenset(_WORD.findall(form)) for form in _heading_names(heading)] for heading in headings}
    spread = Counter(word for forms in words.values() for form in forms for word in form)
    found = defaultdict[str, list[str]](list)
    for heading, forms in words.items():
        for rarest in {min(form, key=lambda word: (spread[word], word), default="") for form in forms}:
            found[rarest].append(heading)
    return found


@lru_cache(maxsize=4096)
def _heading_names(heading: str) -> tuple[str, str]:
    """How text refers to a heading: a link to its anchor, and its name without what it adds in brackets."""
    name = normalize(heading).lower()
    return f"](#{anchor(heading)})", _ADDED.sub("", name) or name


def _is_named(heading: str, text: str) -> bool:
    """Whether a text in small letters refers to a heading."""
    link, name = _heading_names(heading)
    if "](#" in text and link in text:
        return True
    at = text.find(name) if len(name) >= _MIN_NAME_CHARS else -1
    ahead, behind = _referring()
    while at >= 0:
        end = at + len(name)
        before = text[max(0, at - _MAX_CHARS_TO_NAME) : at]
        if _may_refer(before) and ahead.search(before) and not text[end : end + 1].isalnum():
            return True
        if not text[max(0, at - 1) : at].isalnum() and behind.match(text, end):
            return True
        at = text.find(name, end)
    return False


def _may_refer(before: str) -> bool:
    """A quick look whether a text may end in what stands before a name that is referred to: most have no such word."""
    return not before.isascii() or not _first_words().isdisjoint(_WORD.findall(before))


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """The first words of what stands before a name that is referred to."""
    phrases = (phrase for text in texts("referring_before") for phrase in text.split(","))
    return frozenset(words[0] for phrase in phrases if (words := _WORD.findall(phrase)))


@lru_cache(maxsize=1)
def _referring() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before a name that is referred to, and what behind it."""
    ahead, behind = (_any_of(table) for table in ("referring_before", "referring_behind"))
    return (
        re.compile(rf"(?:{ahead})[^.\n。]{{0,24}}[{_MARKS}]*\Z"),
        re.compile(rf"[{_MARKS}]*\s*(?:{behind})"),
    )


def _any_of(table: str) -> str:
    """The phrases of a table, those of letters with spaces between them as words of their own."""
    phrases = sorted({phrase.strip() for text in texts(table) for phrase in text.split(",")}, key=len, reverse=True)
    return "|".join(rf"\b{re.escape(p)}\b" if p.isascii() or p[0] < "\u3000" else re.escape(p) for p in phrases if p)


# Where skills keep their files. A path below one of these names a file whatever its ending is, wherever it begins.
_FOLDERS: Final = (
    r"references?|scripts?|assets|examples?|templates?|resources?|shared|agents|docs|data|tools|workflows|checklists"
    r"|rules|prompts|concepts|troubleshooting|guides?|patterns|lib|bin|schemas|commands"
)
_PATH: Final = re.compile(
    rf"(?<![\w@.$<>-])(?P<up>\.\./)?(?:\./|\$?\{{\w+\}}/|\$\w+/|<\w+>/)?/?(?P<name>(?:[\w@+.<>-]+/)*"
    rf"(?:(?:{_FOLDERS})/(?:[\w@+.-]+/)*[\w@+.-]*[\w-]\.\w{{1,8}}|[\w@+.-]*[\w-]\.(?:md|mdx|mdc)))(?![\w/]|\.\w)",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"(?<![\w@/])@(?:\./)?(?P<name>(?:[\w+.-]+/)+[\w+-][\w+.-]*\.\w{1,8})\b")
# A bare name counts where somebody is told to read it: "Read `manifest.yaml` before you start".
_BARE_NAME: Final = re.compile(r"`(?:\./)?(?P<name>[\w@+-][\w@+.-]*\.[A-Za-z]\w{1,7})`")
_READ: Final = re.compile(rf"(?P<verb>[^\W\d_]+)\s(?:[^\W\d_]{{1,4}}\s)?{_BARE_NAME.pattern}")
_DATE: Final = re.compile(r"(?<!\d)\d{4}-?\d{2}-?\d{2}(?!\d)")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def named_files(skill: Skill, known: Container[str] = ()) -> dict[str, tuple[Piece, ...]]:
    """The files that a skill names in its body, as paths as they are written, each with the pieces that name it.

    Files above the folder and other skills are none of them; a bare name stands for the path that ends in it. Blocks of
    which the text is `known` are passed over.
    """
    found = dict[str, dict[Piece, None]]()
    for section in skill.sections:
        for name in _names(section.heading):
            found.setdefault(name, {})[heading_of(section.index)] = None
        for block in (block for block in section.blocks if block.text not in known):
            for name in _names(block.text):
                # There a bare name is what a command writes, and one with a date what was written one day.
                if block.kind is not BlockKind.CODE or ("/" in name and not _DATE.search(name)):
                    found.setdefault(name, {})[block.index] = None
    for link in find_links(block for block in skill.blocks if block.text not in known):
        path = split_target(link.text)[0]
        if link.kind is LinkKind.LINK and path in link.text and "." in path and not EXTERNAL.match(path):
            found.setdefault(path.removeprefix("./"), {})[link.block] = None
    found = {name: pieces for name, pieces in found.items() if _is_beside(name)}
    longer = {name.rsplit("/", 1)[1] for name in found if "/" in name}
    return {name: tuple(pieces) for name, pieces in found.items() if name not in longer}


_BETWEEN: Final = re.compile(r"[\s`'\"()\[\]<>{},;|=*]+")
_FEW: Final = 8  # names that are searched for one by one


def names_in(names: Collection[str], text: str) -> frozenset[str]:
    """Those of some names that stand in a text.

    Many are looked up among its words: to search for each would take the square of a text that names many.
    """
    return _names_in(tuple(names), text) if text else frozenset()


@lru_cache(maxsize=16384)  # of most blocks the planner asks again in each round
def _names_in(names: Sequence[str], text: str) -> frozenset[str]:
    words = frozenset(_BETWEEN.split(text)) if len(names) > _FEW else frozenset[str]()
    return frozenset(name for name in names if name in words or name in text)


def _is_beside(name: str) -> bool:
    return not name.startswith("..") and name.rsplit("/", 1)[-1].lower() != "skill.md"


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    # Cached: the planner and the gate ask it of the same blocks.
    if "." not in text:
        return ()
    found: list[str] = []
    if _BARE_NAME.search(text):
        read = words_in("reading_verbs")
        found += (match["name"] for match in _READ.finditer(text) if match["verb"].casefold() in read)
    if "/" not in text and ".md" not in text.lower():
        return tuple(found)
    plain = _URL.sub(" ", text) if "://" in text else text
    # No name has a blank in it: the expressions, which are slow, see only what may be one.
    plain = " ".join(word for word in plain.split() if "." in word and ("/" in word or ".md" in word.lower()))
    for expression in (_PATH, _AT) if "@" in plain else (_PATH,):
        found += (match["name"] for match in expression.finditer(plain) if not match.groupdict().get("up"))
    return tuple(found)
