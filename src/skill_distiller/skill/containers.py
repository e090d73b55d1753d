"""What holds blocks together: containers from tag to tag, and labels, which name or introduce the blocks after them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

_COMMENT: Final = re.compile(r"<!--(?>(?:[^-]++|-(?!->))*)(?:-->|\Z)")
_CODE: Final = re.compile(r"(?<!`)(`+)(?!`)(?:[^`]++|(?!(?<!`)\1(?!`))`++)+?(?<!`)\1(?!`)")
_TAG: Final = re.compile(
    r"""<(?P<close>/?)(?P<name>[A-Za-z][\w.:-]*+)(?:\s(?:"[^"]{0,500}"|'[^']{0,500}'|[^"'<>]){0,500}?)?(?P<alone>/?)>
      | ^[ ]{0,3}:::+[ \t]*(?P<colons>[\w-]*)""",
    re.VERBOSE | re.MULTILINE,
)
_OPENING: Final = re.compile(r" {0,3}<(?P<name>[A-Za-z][\w-]*)")
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_TAGGED: Final = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.HTML})
_MOST_ALIKE: Final = 40  # equal tags that are looked at for one
_WORD: Final = re.compile(r"\w+")
_MAX_DEPTH: Final = 20  # containers within containers; nobody writes more


class Tag(NamedTuple):
    """A tag without a partner in its own text; `place` is the number of that text."""

    name: str
    closing: bool
    place: int


def find_tags(text: str, place: int = 0, *, markup: bool = False) -> tuple[Tag, ...]:
    """The tags that a text opens or closes and does not pair; none of comments, nor of code unless all is `markup`."""
    text = _COMMENT.sub("", text)
    text = text if markup else _CODE.sub("", text)
    tags = []
    for match in _TAG.finditer(text):
        name = match["name"]
        if name and not match["alone"] and name.lower() not in _VOID:
            tags.append(Tag(name, bool(match["close"]), place))
        elif not name:
            tags.append(Tag(":::", not match["colons"], place))
    paired = {at for pair in _pairs(tags) for at in pair}
    return tuple(tag for at, tag in enumerate(tags) if at not in paired)


def opening_tag(block: Block) -> str:
    """The name of the tag that a block of HTML opens with, "" for none."""
    match = _OPENING.match(block.text) if block.kind is BlockKind.HTML else None
    return match["name"] if match else ""


def pair_tags(tags: Sequence[Tag]) -> list[tuple[Tag, Tag]]:
    """The tags that belong together, opening and closing one; what is open inside of a pair is passed over."""
    return [(tags[one], tags[other]) for one, other in _pairs(tags)]


def _pairs(tags: Sequence[Tag]) -> Iterator[tuple[int, int]]:
    opened: list[int] = []
    waiting: dict[str, int] = {}  # how many of a name are open
    for at, tag in enumerate(tags):
        if not tag.closing:
            opened.append(at)
            waiting[tag.name] = waiting.get(tag.name, 0) + 1
        elif waiting.get(tag.name):
            while True:
                last = opened.pop()
                waiting[tags[last].name] -= 1
                if tags[last].name == tag.name:
                    break
            yield last, at


@dataclass(frozen=True)
class Containers:
    """The containers of a skill.

    `pairs` are the blocks, by index, that hold nothing but an opening and its closing tag. `bound` are other blocks
    with a tag that is opened or closed elsewhere, `unpaired` the tags without a partner, `names` those of tags that
    have one.
    """

    skill: Skill
    pairs: tuple[tuple[int, int], ...] = ()
    bound: frozenset[int] = frozenset()
    unpaired: tuple[Tag, ...] = ()
    names: frozenset[str] = frozenset()

    @cached_property
    def partners(self) -> dict[int, int]:
        """The block of each tag of these, by that of the other one."""
        return {one: other for pair in self.pairs for one, other in (pair, pair[::-1])}

    @cached_property
    def homes(self) -> tuple[int, ...]:
        """For each block the section it stands under: no heading in a container reaches beyond its end."""
        return self._places[0]

    @cached_property
    def parents(self) -> tuple[int | None, ...]:
        """For each section the one it stands below, None at the top: a container is below whatever it opens under."""
        return self._places[1] if self.pairs else self.skill.parents

    @cached_property
    def around(self) -> tuple[int, ...]:
        """For each block the opening tag of the innermost container that it stands in, -1 for none."""
        return self._places[2]

    @cached_property
    def _places(self) -> tuple[tuple[int, ...], tuple[int | None, ...], tuple[int, ...]]:
        if not self.pairs:
            return self.skill.section_of, (), (-1,) * len(self.skill.blocks)
        homes: list[int] = []
        parents: list[int | None] = []
        around: list[int] = []
        headings: list[int] = []  # the open ones
        within: list[tuple[int, int]] = []  # the opening tags, and how many headings were open there
        for section in self.skill.sections:
            floor = within[-1][1] if within else 0
            while len(headings) > floor and self.skill.sections[headings[-1]].level >= section.level:
                headings.pop()
            parents.append(headings[-1] if headings else None)
            if section.level:
                headings.append(section.index)
            for block in section.blocks:
                partner = self.partners.get(block.index, -1)
                if -1 < partner < block.index:
                    del headings[within.pop()[1] :]
                homes.append(headings[-1] if headings else 0)
                around.append(within[-1][0] if within else -1)
                if partner > block.index:
                    within.append((block.index, len(headings)))
        return tuple(homes), tuple(parents), tuple(around)


@once_per_skill
def find_containers(skill: Skill) -> Containers:
    """The containers of a skill, with tags of any name and `:::`; a tag inside code is none."""
    if "<" not in skill.body and ":::" not in skill.body:
        return Containers(skill)
    tags = [
        find_tags(block.text, block.index, markup=block.kind is BlockKind.HTML)
        if block.kind in _TAGGED and ("<" in block.text or ":::" in block.text)
        else ()
        for block in skill.blocks
    ]
    every = [tag for own in tags for tag in own]
    paired = pair_tags(every)
    pairs = [(one.place, other.place) for one, other in paired]
    alone = {i for i, own in enumerate(tags) if len(own) == 1 and skill.blocks[i].kind is BlockKind.HTML}
    clean = tuple(_shallow(sorted(pair for pair in pairs if alone.issuperset(pair))))
    bound = frozenset(block for pair in pairs for block in pair) - {block for pair in clean for block in pair}
    partners = {id(tag) for pair in paired for tag in pair}
    unpaired = tuple(tag for tag in every if id(tag) not in partners)
    return Containers(skill, clean, bound, unpaired, frozenset(tag.name for tag, _ in paired))


def match_tags(old: Containers, new: Containers) -> Iterator[tuple[int, int]]:
    """The tags of two skills, by their blocks, that stand for each other: of equal ones those around the same words."""
    offers: dict[str, list[tuple[int, int, frozenset[str]]]] = {}
    for start, end in old.pairs:
        offers.setdefault(_tags_of(old, start, end), []).append((start, end, _words_within(old, start, end)))
    for start, end in new.pairs:
        there = offers.get(_tags_of(new, start, end))
        if there:
            words = _words_within(new, start, end) if len(there) > 1 else frozenset[str]()
            best = max(there[:_MOST_ALIKE], key=lambda offer: len(offer[2] & words))
            there.remove(best)
            yield from ((best[0], start), (best[1], end))


def _tags_of(containers: Containers, start: int, end: int) -> str:
    return "".join(containers.skill.blocks[place].text.rstrip() for place in (start, end))


def _words_within(containers: Containers, start: int, end: int) -> frozenset[str]:
    return frozenset(_WORD.findall("\n".join(block.text for block in containers.skill.blocks[start + 1 : end])))


def _shallow(pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pairs that stand within a few others."""
    around: list[int] = []  # where the open ones are closed
    for pair in pairs:
        while around and around[-1] < pair[0]:
            around.pop()
        around.append(pair[1])
        if len(around) <= _MAX_DEPTH:
            yield pair


_MAX_CHARS: Final = 160  # of a line that is a heading in all but name
# A line of emphasis alone, or one that ends in a dash: "**On macOS**", "*On Windows*:", "Windows —".
_LABEL: Final = re.compile(
    r"(?:\*\*[^*\n]+\*\*|\*[^*\n]+\*|__[^_\n]+__|_[^_\n]+_|\*\*\*[^*\n]+\*\*\*)\s*[:：]?|[^.\n]{1,60}\s[—–-]"
)
FORMULA: Final = re.compile(r"(?P<formula>\$\$[^$]{1,4000}\$\$|\\\[(?:[^\\]|\\[^\[\]]){1,4000}\\\])")
_ENDS: Final = tuple(".!?。！？")
_NEVER_INTRODUCED: Final = frozenset({BlockKind.RULE, BlockKind.HTML, BlockKind.DEFINITION})


def is_label(block: Block) -> bool:
    """Whether a paragraph is a heading in all but name: whatever follows stands under it, up to the next one."""
    if block.kind is not BlockKind.PARAGRAPH or len(block.text) > _MAX_CHARS + 2:
        return False
    text = " ".join(block.text.split())  # where its line breaks says nothing
    return len(text) <= _MAX_CHARS and _LABEL.fullmatch(text) is not None


def ends_in_colon(block: Block) -> bool:
    """Whether a paragraph ends in a colon, emphasis apart."""
    return block.kind is BlockKind.PARAGRAPH and block.text.rstrip("*_ \t\r\n").endswith((":", "："))


def is_lead_in(block: Block, following: Block | None) -> bool:
    """Whether a block introduces the one after it: `Run:`, `**Example:**`, half a sentence before or in a formula."""
    if following is None or following.kind in _NEVER_INTRODUCED:
        return False
    return ends_in_colon(block) or is_label(block) or _is_half_a_sentence(block, following)


def _is_half_a_sentence(block: Block, following: Block) -> bool:
    """Whether a sentence goes on over a formula: "is computed as", the formula, "where x is ..."."""
    if is_formula(following):
        return block.kind is BlockKind.PARAGRAPH and not block.text.rstrip("*_ \t\r\n").endswith(_ENDS)
    return is_formula(block) and following.kind is BlockKind.PARAGRAPH and following.text.lstrip()[:1].islower()


def is_formula(block: Block) -> bool:
    """Whether a block is a formula and nothing else."""
    if block.kind is BlockKind.CODE:
        return block.info == "math"
    text = block.text.strip()
    return block.kind is BlockKind.PARAGRAPH and text.startswith(("$$", "\\[")) and FORMULA.fullmatch(text) is not None


@once_per_skill
def lead_ins(skill: Skill) -> frozenset[int]:
    """The indices of the blocks that are lead-ins."""
    return frozenset(
        block.index
        for section in skill.sections
        for block, following in pairwise(section.blocks)
        if is_lead_in(block, following)
    )


def _is_comment(block: Block) -> bool:
    text = block.text.strip()
    return block.kind is BlockKind.HTML and text.startswith("<!--") and text.endswith("-->")


def labels_of(blocks: Sequence[Block], partners: Mapping[int, int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """For each block of a section that stands under labels, its index and theirs, the outer one first.

    A lead-in is the label of the block behind it, or of all items of the list behind it; a label is one of all blocks
    up to the next, or up to the end of the container that it stands in: `partners` has each of two tags by the other.
    Comments stand between nothing.
    """
    blocks = [block for block in blocks if not _is_comment(block)]
    outside: dict[int, int] = {}  # by opening tag the label that it stands under, which goes on behind the closing one
    lasting = lead = -1
    fresh = False  # whether the lead-in stands right before
    previous: Block | None = None
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        goes_on = block.kind is BlockKind.LIST_ITEM and previous is not None and previous.kind is block.kind
        lead = lead if fresh or goes_on else -1
        partner = partners.get(block.index, -1)
        if partner > block.index:
            outside[block.index] = lasting
        elif partner >= 0:
            lasting = outside.get(partner, -1)
        label = is_label(block)
        own = tuple(index for index in (lasting, lead) if index >= 0 and not label)
        if own:
            yield block.index, own
        fresh = not label and is_lead_in(block, following)
        if label:
            lasting, lead = block.index, -1
        elif fresh:
            lead = block.index
        previous = block
