"""What holds of the form of a text that was written in place of another one: constructs, emphasis, code, samples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.places import LONGEST, Fault, Place, is_verbatim
from skill_distiller.meaning.units import VERBATIM, UnitKind
from skill_distiller.skill.model import BlockKind, Skill

_TEXT_FORMS: Final = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.TABLE})
_BOLD: Final = re.compile(r"(?P<mark>\*\*|__|(?<![\w*])[*_](?=[^\s*_]))(?P<text>[^*_\n]+)(?P=mark)(?P<behind>.?)")


def find_other_form(
    before: Skill, after: Skill, old: Sequence[Place], new: Sequence[Place], *, together: bool
) -> Iterator[Fault]:
    """One block keeps its numbers and what is no text in it; blocks said `together` become text, lists or tables."""
    kinds = [_without_items([block.kind for block in skill.blocks]) for skill in (before, after)]
    fresh = set(kinds[1]) - set(kinds[0]) - _TEXT_FORMS
    if fresh:
        yield Fault("form", "", f"a {min(fresh).value} where there was none")
    elif not together and kinds[0] != kinds[1]:
        items = sum(place.kind is UnitKind.ITEM for place in new)
        if {*kinds[0], *kinds[1]} - _TEXT_FORMS or (len(kinds[1]) > 1 and items < 2) or items == 1:
            yield Fault("form", f"one {kinds[0][0].value}" if kinds[0] else "", f"{len(kinds[1])} blocks", doubt=True)
    numbers = [[place.units[0].number for place in side if place.units[0].number] for side in (old, new)]
    if not together and numbers[0] != numbers[1]:
        told = not numbers[0] or numbers[1] == numbers[0][: len(numbers[1])]  # some are said in one step, or came
        yield Fault("form", "the numbers of the steps", "", doubt=told)
    headings = [any(section.level for section in skill.sections) for skill in (before, after)]
    if not together and headings == [False, True]:
        yield Fault("form", "", "a heading")
    yield from find_other_emphasis(before.body, after.body)


def find_other_emphasis(before: str, after: str) -> Iterator[Fault]:
    """Bold came where none was, but on labels; or some of what was bold still is, and some is not."""
    old, new = _bold(before), _bold(after)
    for text in sorted(new.keys() - old.keys()):
        if not new[text]:
            yield Fault("form", "", f"new emphasis: {text}", doubt=True)
    left = [text for text in new if not new[text] and text in old]
    for text in sorted(old.keys() - new.keys() if left else ()):
        if not old[text] and text in after:
            yield Fault("form", f"the emphasis of {text}", "", doubt=True)


def _bold(text: str) -> dict[str, bool]:
    """What is bold or slanted in a text, and whether each is a label."""
    found = _BOLD.finditer(text)
    return {m["text"].strip(":. "): m["text"][-1:] in ":." or m["behind"] in ":." for m in found}


def _without_items(kinds: Sequence[BlockKind]) -> list[BlockKind]:
    """The constructs of a text, the items of a list as one."""
    whole = [BlockKind.LIST if kind is BlockKind.LIST_ITEM else kind for kind in kinds]
    return [kind for at, kind in enumerate(whole) if not (at and kind is BlockKind.LIST is whole[at - 1])]


def find_lost_lines(
    before: Skill, old: Sequence[Place], new: Sequence[Place], elsewhere: Collection[str]
) -> Iterator[Fault]:
    """Code and markup that is not as it was: lost, or new. Lines that stand `elsewhere` too may go.

    A sample may lose the lines of which one of their form is left.
    """
    texts = Counter(place.text for place in new if is_verbatim(place))
    told = " ".join(place.text for place in new if not is_verbatim(place))
    cut = _Cut(list(texts))
    known: set[str] = set()
    for place in old:
        if is_verbatim(place):
            known.add(place.text)
            said = texts[place.text] or place.text in elsewhere
            sample = place.kind is UnitKind.CODE and _is_sample(before, place)
            if not said and not (sample and cut.stands_for(place.text)):
                doubt = sample or bool(_COMMENT.match(place.text))
                named = _names_field(place.text, told) or place.kind is UnitKind.FENCE
                doubt = doubt or (_is_records(before, place) and (named or cut.stands_for(place.text)))
                yield Fault("lost", " ".join(place.text.split())[:LONGEST], "", place.units, doubt=doubt)
    for place in new:
        if is_verbatim(place) and place.text not in known and not _elides(place.text.strip(), known):
            yield Fault("new", "", " ".join(place.text.split())[:LONGEST], (), place.units)


class _Cut:
    """The lines that are left of a sample: their forms, and how they begin where some are left out."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._forms = {_form_of(line) for line in lines}
        elided = any(_ELIDED.fullmatch(line.strip()) for line in lines)
        self._starts = {_start_of(line) for line in lines} if elided else set[str]()

    def stands_for(self, line: str) -> bool:
        """Whether one of the lines shows the form of another one."""
        return _form_of(line) in self._forms or _start_of(line) in self._starts


def _elides(line: str, known: Collection[str]) -> bool:
    """Whether a new line only says that others are left out: "...", or the beginning of one of the old."""
    begun = _REST.search(line) and any(other.strip().startswith(_REST.sub("", line)) for other in known)
    return bool(_ELIDED.fullmatch(line) or begun)


def _is_sample(skill: Skill, place: Place) -> bool:
    block = skill.blocks[place.block] if place.block >= 0 else None
    if block is None or block.kind is not BlockKind.CODE:
        return False
    return not block.info or block.info in words_in("sample_infos")


def _is_records(skill: Skill, place: Place) -> bool:
    """Whether a line is one of data, of which one entry may stand for several, or a text that names its fields."""
    return place.kind in VERBATIM and skill.blocks[place.block].info in words_in("record_infos")


def _names_field(line: str, told: str) -> bool:
    """Whether a text names the field of a line of data; a line without one only opens or closes."""
    field = _FIELD.match(line)
    if field is None:
        return not any(character.isalnum() for character in line)
    return re.search(rf"(?<![\w-]){re.escape(field['name'])}(?![\w-])", told) is not None


_COMMENT: Final = re.compile(r"\s*(?:#(?![!\w])|//|--)\s")  # what runs nothing
_FIELD: Final = re.compile(r"""[\s{[,-]*["']?(?P<name>[^\W\d][\w.-]*)["']?\s*[:=]""")
_LABEL: Final = re.compile(r"[\s>*+#-]*[^\W\d][\w ()/-]{0,40}:(?=\s|\Z)")
_ELIDED: Final = re.compile(r"[\s#>*+-]*(?:\[?\w{0,20}\]?\s*)?(?:\.\.\.|…)")  # "...", "### [High] ..."
_REST: Final = re.compile(r"[\s,]*(?:\.\.\.|…)\Z")
_START: Final = re.compile(r"\s*(?:[|>*+#-]+\s*)?[^\s|]*")


def _start_of(line: str) -> str:
    """How a line of a sample begins: its mark and the form of its first word."""
    found = _START.match(line)
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", found.group().strip())) if found else ""


def _form_of(line: str) -> str:
    """The form of a line of a sample: its label, or its words and numbers as one each."""
    label = _LABEL.match(line)
    if label:
        return label.group().strip()
    return re.sub(r"a(?: a)+", "a", re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", " ".join(line.split()))))
