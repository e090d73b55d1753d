"""What a text points to: "the table below", "step 2", "the following"; and blocks that lean on the one before."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from skill_distiller.language.words import LANGUAGES, UNSPACED, small, tables, texts, words_in
from skill_distiller.skill.containers import lead_ins, opening_tag
from skill_distiller.skill.model import LISTS, PROSE, Block, BlockKind, Section, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, heading_of
from skill_distiller.structure.sequences import block_place, read_place

_POINTING: Final = PROSE | {BlockKind.TABLE, BlockKind.QUOTE}
_SHOWN: Final = frozenset({BlockKind.CODE, BlockKind.TABLE, BlockKind.QUOTE}) | LISTS
_NOUNS: Final = {
    "table_nouns": frozenset({BlockKind.TABLE}),
    "code_nouns": frozenset({BlockKind.CODE}),
    "list_nouns": LISTS,
}
_NEAR: Final = 4  # blocks that a bare word reaches over
_WORD: Final = re.compile(r"[\w-]+")
_DIGIT: Final = re.compile(r"\d")
_NAMED: Final = re.compile(
    r"(?<![^\W\d])(?P<word>[^\W\d]{1,20}+)\s{0,2}+#?+(?P<number>(?:\d{1,3}\.)*\d{1,3})(?!\d|\.\d|%|[a-z])"
)
# A name of letters and a number, such as "BP-09", and what a span of them ends with.
_MARK: Final = re.compile(
    r"(?<![\w-])(?P<first>(?P<name>[A-Z]{1,6}-?)\d{1,4})(?:\s?(?:-|–|—|…|\.\.|[a-z]{1,4})\s?(?P<last>(?P=name)\d{1,4}))?(?![\w-])"
)
_OPENING_MARK: Final = re.compile(r"\W{0,9}([A-Z]{1,6}-?\d{1,4})(?=[\s*_`]{0,4}(?:[:.)\]：、—–-]|\Z))(?!\.\d)")
_MIN_NAME_CHARS: Final = 3  # letters of a word of a heading that is meant
_MOST_MARKS: Final = 40  # of a span
_MAX_CHARS: Final = 60  # that are quoted of what points


class _Shown:
    """What may be pointed to: the blocks of each kind, opening tags, and headings with their words."""

    def __init__(self, skill: Skill) -> None:
        self._skill = skill
        self.places = _places(skill)
        self.tags = [(block.index, tag.casefold()) for block in skill.blocks if (tag := opening_tag(block))]

    @cached_property
    def headings(self) -> Sequence[tuple[frozenset[str], str]]:
        """The headings with their words; few words point to one."""
        return [(frozenset(_WORD.findall(own.heading.casefold())), own.heading) for own in self._skill.sections]

    def first_in(self, section: int) -> Piece:
        """The first block of a section that shows something, else its heading."""
        shown = (block.index for block in self._skill.sections[section].blocks if block.kind in _SHOWN)
        return next(shown, heading_of(section))


def find_pointers(skill: Skill) -> Iterator[Edge]:
    """The edges from blocks of prose and tables to the blocks and headings that they point to."""
    counted = _counted(skill)
    shown = _Shown(skill)
    words, unspaced = _pointing()
    for section in skill.sections:
        for block in section.blocks:
            if block.kind in _POINTING:
                text, said = block.text, _WORD.findall(block.text.casefold())
                if not words.isdisjoint(said) or (not text.isascii() and any(map(text.__contains__, unspaced))):
                    yield from _to_places(section, block, shown)
                if counted and _DIGIT.search(block.text):
                    yield from _to_counts(skill, block, counted)
    yield from _to_sets(skill)
    yield from _to_marks(skill)


def _places(skill: Skill) -> dict[BlockKind, list[int]]:
    """The blocks of each kind, in order."""
    found = defaultdict[BlockKind, list[int]](list)
    for block in skill.blocks:
        found[block.kind].append(block.index)
    return found


@lru_cache(maxsize=1)
def _direction() -> re.Pattern[str]:
    """A word that points back or ahead in a `small` text, with the noun beside it where one stands there."""
    before = "|".join(rf"(?P<{noun}>{_any_of(words_in(noun))})" for noun in _NOUNS)
    behind = before.replace("?P<", "?P<after_")
    back, ahead = ("pointing_back", "pointing_ahead")
    spaced = [language for language in LANGUAGES if language not in UNSPACED]
    return re.compile(
        rf"""\b(?:{before})s?[ ](?:(?P<back>{_known(back, spaced)})|(?P<ahead>{_known(ahead, spaced)}))\b
        | \b(?:(?P<back_of>{_known(back, spaced)}|{_known(back + "_at_nouns", spaced)})
            |(?P<ahead_of>{_known(ahead, spaced)}|{_known(ahead + "_at_nouns", spaced)}))
            [ ](?:\w+[ ]){{0,2}}?(?:{behind})s?\b
        | \b(?:{_any_of(words_in("articles"))})[ ]\w+[ ](?:(?P<back_it>{_known(back, spaced)})
            |(?P<ahead_it>{_known(ahead, spaced)}))\b(?![ ]*\d)
        | \b(?:(?P<back_alone>{_known(back, spaced)})|(?P<ahead_alone>{_known(ahead, spaced)}))
            (?!\s*[.,]\d)(?=\s*(?:[.,:;)!?—–]|\Z|\n)|[ ](?:and|are|is|for|shows?|before|when)\b)
        | (?P<back_here>{_known(back, sorted(UNSPACED))})|(?P<ahead_here>{_known(ahead, sorted(UNSPACED))})""",
        re.VERBOSE,
    )


@lru_cache(maxsize=1)
def _pointing() -> tuple[frozenset[str], tuple[str, ...]]:
    """The words that point, with spaces around them and without: most blocks have none of them."""
    names = ("pointing_back", "pointing_ahead", "pointing_back_at_nouns", "pointing_ahead_at_nouns")
    unspaced = (
        word for language in sorted(UNSPACED) for name in names for word in tables(language).get(name, "").split()
    )
    return frozenset[str]().union(*map(words_in, names)), tuple(unspaced)


def _known(table: str, languages: Iterable[str]) -> str:
    return _any_of(word for name in languages for word in tables(name).get(table, "").split())


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, map(small, words)), key=len, reverse=True))


def _to_places(section: Section, block: Block, shown: _Shown) -> Iterator[Edge]:
    places, tags = shown.places, shown.tags
    text = small(block.text)
    for match in _direction().finditer(text):
        names = match.groupdict()
        back = any(text for name, text in names.items() if name.startswith("back") and text)
        noun = next((noun for noun in _NOUNS if names[noun] or names[f"after_{noun}"]), None)
        target = None
        if noun:
            target = _tagged(tags, names[noun] or names[f"after_{noun}"], block.index, back=back)
            target = _nearest(places, _NOUNS[noun], block.index, back=back) if target is None else target
        elif named := _section_of(shown.headings, text[: match.start()], section.index, back=back):
            target = heading_of(named)
        elif named := _section_seen(shown.headings, text[: match.start()], section.index, back=back):
            target = shown.first_in(named)
        if target is None:
            target = _beside(section, block, back=back)
        if target is None:
            target = _nearest(places, _SHOWN, block.index, back=back)
        if target is not None and target < 0:
            yield Edge(EdgeKind.REFERS, block.index, target, shown.headings[heading_of(target)][1])
        elif target is not None and target != block.index:
            said = block.text[match.start() : match.end()]
            yield Edge(EdgeKind.REFERS, block.index, target, " ".join(said.split())[:_MAX_CHARS])


def _section_of(headings: Sequence[tuple[frozenset[str], str]], ahead: str, own: int, *, back: bool) -> int | None:
    """The nearest section before or behind one of which the heading has the words that stand before "below"."""
    words = [word for word in _WORD.findall(ahead[-_MAX_CHARS:].casefold()) if len(word) >= _MIN_NAME_CHARS]
    said = frozenset(words[-2:])
    found = [at for at, (heading, _) in enumerate(headings) if len(said) > 1 and said <= heading and at != own]
    return (max if back else min)((at for at in found if (at < own) is back), default=None)


def _section_seen(headings: Sequence[tuple[frozenset[str], str]], ahead: str, own: int, *, back: bool) -> int | None:
    """The same where one word of a heading stands behind "see": "(see types below)"."""
    words = _WORD.findall(ahead[-_MAX_CHARS:].casefold())[-2:]
    if len(words) < 2 or len(words[1]) < _MIN_NAME_CHARS or not in_text("referring_before", words[0]):
        return None
    found = [at for at, (heading, _) in enumerate(headings) if words[1] in heading and at != own]
    return (max if back else min)((at for at in found if (at < own) is back), default=None)


def _tagged(tags: Sequence[tuple[int, str]], noun: str, block: int, *, back: bool) -> int | None:
    """The nearest opening tag before or behind a block that has a noun in its name: "the template below"."""
    found = [at for at, name in tags if at != block and (at < block) is back and noun.casefold() in name]
    return (max if back else min)(found, default=None)


def _nearest(places: dict[BlockKind, list[int]], kinds: frozenset[BlockKind], block: int, *, back: bool) -> int | None:
    """The nearest block of some kinds before or behind a block."""
    found = []
    for kind in kinds:
        own = places.get(kind, [])
        at = bisect_left(own, block + (not back))
        if back and at:
            found.append(own[at - 1])
        elif not back and at < len(own):
            found.append(own[at])
    return (max if back else min)(found, default=None)


def _beside(section: Section, block: Block, *, back: bool) -> int | None:
    """What a bare "above" or "below" means: the nearest block of a section that shows something, else the next one."""
    at = block.index - section.blocks[0].index
    near = section.blocks[:at][::-1] if back else section.blocks[at + 1 :]
    shown = (other.index for other in near[:_NEAR] if other.kind in _SHOWN)
    return next(shown, near[0].index if near else None)


Counted = dict[tuple[str, str], list[tuple[int, Piece]]]  # pieces with where they stand, by form and number


def _counted(skill: Skill) -> Counted:
    """The headings and labels of each place of a count, in order of reading."""
    found: Counted = defaultdict(list)
    at = 0
    for section in skill.sections:
        place = read_place(section.heading, heading=True) if section.level else None
        if place:
            found[place.form, f"{place.above}{place.number}"].append((at, heading_of(section.index)))
        for block in section.blocks:
            at = block.index
            own = block_place(block)
            if own and own.form != "item":
                found[own.form, f"{own.above}{own.number}"].append((at, block.index))
    return found


def _to_counts(skill: Skill, block: Block, counted: Counted) -> Iterator[Edge]:
    known = words_in("counting")
    for match in _NAMED.finditer(block.text):
        word, number = match["word"].casefold(), match["number"]
        name = next((form for form in (word, word.removesuffix("s"), word[-1]) if form in known), None)
        if name is None:
            continue
        pieces = counted.get((name, number)) or counted.get(("number", number), [])
        target = min(pieces, key=lambda item: abs(item[0] - block.index), default=None)
        if target and target[1] != block.index and target[1] != heading_of(skill.section_of[block.index]):
            yield Edge(EdgeKind.REFERS, block.index, target[1], " ".join(match.group().split()))


def _to_marks(skill: Skill) -> Iterator[Edge]:
    """From what names "BP-09", or "BP-07 to BP-10", to the heading or paragraph that opens with that mark."""
    marked = dict[str, Piece]()
    pieces: list[tuple[Piece, str]] = []
    for section in skill.sections:
        pieces.append((heading_of(section.index), section.heading))
        pieces += ((block.index, block.text) for block in section.blocks if block.kind in _POINTING)
    for piece, text in pieces:
        if opening := _OPENING_MARK.match(text):
            marked.setdefault(opening[1], piece)
    series = Counter(_name_of(mark) for mark in marked)
    marked = {mark: piece for mark, piece in marked.items() if series[_name_of(mark)] > 1}  # else it is just a name
    for piece, text in pieces if marked else ():
        for match in _MARK.finditer(text):
            for mark in _marks_between(match["first"], match["last"] or match["first"]):
                target = marked.get(mark, piece)
                if target != piece and target != heading_of(skill.section_of[piece] if piece >= 0 else -1):
                    yield Edge(EdgeKind.REFERS, piece, target, mark)


def _marks_between(first: str, last: str) -> Iterator[str]:
    """The marks from one to another of the same letters, as many digits each as the first has."""
    name = _name_of(first)
    start, end = int(first[len(name) :]), int(last[len(name) :])
    width = len(first) - len(name)
    yield from (f"{name}{number:0{width}}" for number in range(start, min(end, start + _MOST_MARKS) + 1))


def _name_of(mark: str) -> str:
    return mark.rstrip("0123456789")


def _to_sets(skill: Skill) -> Iterator[Edge]:
    """From "each of the four questions" to the list that "Work through four questions:" introduces."""
    introduced = dict[tuple[int, str], tuple[int, int]]()
    for section in skill.sections:
        for block, following in pairwise(section.blocks):
            if following.kind in _SHOWN and block.index in lead_ins(skill):
                for name, _ in _sets_in(block.text):
                    introduced.setdefault(name, (block.index, following.index))
    for block in skill.blocks if introduced else ():
        for name, said in _sets_in(block.text) if block.kind in _POINTING else ():
            own, target = introduced.get(name, (block.index, -1))
            if block.index not in (own, target):
                yield Edge(EdgeKind.REFERS, block.index, target, said)


def _sets_in(text: str) -> Iterator[tuple[tuple[int, str], str]]:
    """What a text counts as a whole, by number and noun, with the words for it."""
    for match in _set().finditer(text.casefold()):
        number = int(match[1]) if match[1].isdecimal() else _numerals()[match[1]]
        yield (number, match[2].removesuffix("s")), match[0]


@lru_cache(maxsize=1)
def _numerals() -> dict[str, int]:
    return {word: value for text in texts("numerals") for value, word in enumerate(text.split(), 2)}


@lru_cache(maxsize=1)
def _set() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,-])({_any_of(_numerals())}|[2-9]|1[0-2])[ ]([^\W\d_]{{3,20}})\b")


def leading(skill: Skill, words: str) -> Iterator[tuple[Sequence[Block], int]]:
    """The blocks that begin with one of some words, each as the blocks of its section and its place there."""
    expression = _opening(words)
    for section in skill.sections:
        for at, block in enumerate(section.blocks):
            if at and block.kind in PROSE and expression.match(small(block.text)):
                yield section.blocks, at


def opens_with(words: str, text: str) -> bool:
    """Whether a text begins with one of some words, as `leading` looks for them."""
    return _opening(words).match(small(text)) is not None


def in_text(words: str, text: str) -> bool:
    """Whether one of some words or phrases stands in a text."""
    return _anywhere(words).search(small(text)) is not None


@lru_cache(maxsize=16)
def _opening(words: str) -> re.Pattern[str]:
    return re.compile(rf"\W{{0,9}}+(?:{_phrases(words)})(?![a-zäöüß'’])")


@lru_cache(maxsize=16)
def _anywhere(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-zäöüß])(?:{_phrases(words)})(?![a-zäöüß])")


def _phrases(words: str) -> str:
    phrases = (small(phrase.strip()) for text in texts(words) for phrase in text.split(","))
    return "|".join(re.escape(phrase).replace("\\ ", r"\s+") for phrase in phrases if phrase)
