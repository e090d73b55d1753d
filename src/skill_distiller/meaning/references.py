"""Two ways to write one thing: a link by reference as one with its address, a footnote by another name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.meaning.token import Token
from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

_DEFINITION: Final = re.compile(
    r""" {0,3}\[(?P<label>[^\[\]\n^][^\[\]\n]{0,200})\]:[ \t]*<?(?P<url>[^\s<>]{1,2000})>?"""
    r"""(?:[ \t]+(?:"(?P<title>[^"\n]*)"|'(?P<single>[^'"\n]*)'))?[ \t]*\r?"""
)
# Code, which stays as it is, or a link: its text, and its label where that is another.
_REFERENCE: Final = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`)[^`]*(?<!`)\2(?!`))"
    r"|(?<![\]\\])\[(?P<text>[^\[\]\n^][^\[\]\n]{0,300})\](?:\[(?P<label>[^\[\]\n]{0,200})\])?(?![\[(:])"
)
_NO_LINKS: Final = frozenset({BlockKind.CODE, BlockKind.HTML, BlockKind.DEFINITION})
_NOTE: Final = re.compile(r"\[\^([^\]\s]{1,80})\]")


def with_addresses(skill: Skill) -> Skill:
    """The skill with the address of each link where it is used; a definition that nothing uses stays where it is."""
    return _addressed(skill) if any(block.kind is BlockKind.DEFINITION for block in skill.blocks) else skill


@once_per_skill
def _addressed(skill: Skill) -> Skill:
    definitions = [block for block in skill.blocks if block.kind is BlockKind.DEFINITION]
    targets: dict[str, str] = {}
    for label, target in (found for block in definitions for _, *found in _definitions(block)):
        targets.setdefault(label, target)
    used: set[str] = set()
    sections = [
        [block if block.kind in _NO_LINKS else _inlined(block, targets, used) for block in section.blocks]
        for section in skill.sections
    ]
    blocks = [tuple(_without(block, targets, used) for block in row) for row in sections]
    return replace(skill, sections=tuple(replace(s, blocks=row) for s, row in zip(skill.sections, blocks, strict=True)))


def _definitions(block: Block) -> Iterator[tuple[str, str, str]]:
    """Each line of a block that defines a link and nothing else, with the label and what stands for it."""
    for line in block.text.split("\n"):
        if match := _DEFINITION.fullmatch(line):
            title = match["title"] or match["single"]
            yield line, _name(match["label"]), f'{match["url"]} "{title}"' if title else match["url"]


def _name(label: str) -> str:
    return " ".join(label.split()).casefold()


def _inlined(block: Block, targets: Mapping[str, str], used: set[str]) -> Block:
    def written(match: re.Match[str]) -> str:
        name = _name(match["label"] or match["text"] or "")
        if match["code"] or name not in targets:
            return match.group()
        used.add(name)
        return f"[{match['text']}]({targets[name]})"

    return replace(block, text=_REFERENCE.sub(written, block.text))


def _without(block: Block, targets: Mapping[str, str], used: set[str]) -> Block:
    """A block of definitions without those that are written where they are used."""
    if block.kind is not BlockKind.DEFINITION:
        return block
    gone = {line for line, label, target in _definitions(block) if label in used and targets[label] == target}
    lines = block.text.split("\n")
    return replace(block, text="\n".join("" if line in gone else line for line in lines))


def renamed_notes(
    before: Skill, after: Skill, edits: Sequence[tuple[Sequence[Token], Sequence[Token]]]
) -> dict[str, str]:
    """The footnotes that have another name throughout, and their old names: none stands on both sides."""
    old, new = ({name.casefold() for name in _NOTE.findall(skill.body)} for skill in (before, after))
    pairs = {
        (one[1], other[1])
        for lost, come in edits
        for a, b in zip(lost, come, strict=False)
        if (one := _NOTE.match(a.value)) and (other := _NOTE.match(b.value))
    }
    sides = [[pair[i] for pair in pairs] for i in (0, 1)]
    return {
        b: a for a, b in pairs if a not in new and b not in old and sides[0].count(a) == 1 and sides[1].count(b) == 1
    }


def with_old_names(tokens: Sequence[Token], names: Mapping[str, str]) -> list[str]:
    """The values of tokens, footnotes by their old names."""
    return [_NOTE.sub(lambda match: f"[^{names.get(match[1], match[1])}]", token.value) for token in tokens]
