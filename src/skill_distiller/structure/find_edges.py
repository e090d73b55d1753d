"""All edges of a skill; those from what uses a name to the code that defines it are found here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

from skill_distiller.skill.model import BlockKind, Skill, once_per_skill
from skill_distiller.structure.edges import Edge, EdgeKind
from skill_distiller.structure.leads import find_guards, find_leads, find_shown
from skill_distiller.structure.pairs import find_pairs
from skill_distiller.structure.pointers import find_pointers
from skill_distiller.structure.references import find_references
from skill_distiller.structure.sequences import find_sequences


@once_per_skill
def find_edges(skill: Skill) -> tuple[Edge, ...]:
    """The edges between the pieces of a skill, kind by kind in reading order, each once."""
    found = (
        *find_sequences(skill),
        *find_pairs(skill),
        *find_shown(skill),
        *find_leads(skill),
        *find_guards(skill),
        *find_pointers(skill),
        *find_references(skill),
        *_symbols(skill),
        *_legends(skill),
        *_explained(skill),
        *_signals(skill),
    )
    return tuple({(edge.kind, edge.source, edge.target): edge for edge in reversed(found)}.values())[::-1]


# A grammar per language would know more, but most snippets are no whole programs, and half of them name no language.
_DEFINED: Final = re.compile(
    r"""^[ \t]*(?:(?:export|public|private|async|static|abstract|default|pub)[ ]+)*
      (?:def|class|function|func|fn|interface|struct|enum|trait|type|const|let|var|import)[ ]+(?P<name>[A-Za-z_]\w{3,})
    | ^(?:export[ ]+)?(?P<shell>[A-Z_][A-Z0-9_]{3,})=
    | ^[ \t]*from[ ]+\S+[ ]+import[ ]+\(?(?P<names>[\w, ]+)
    | ^[ \t]*import[ ]+\S+[ ]+as[ ]+(?P<alias>\w+)
    | ^(?P<plain>[a-z_]\w{3,})[ ]*=[^=]""",
    re.VERBOSE | re.MULTILINE,
)
_WORD: Final = re.compile(r"[A-Za-z_]\w+")
_SPAN: Final = re.compile(r"`([A-Za-z_]\w{3,})(?:\(\)|\.\w[\w.]*)?`")


def _symbols(skill: Skill) -> Iterator[Edge]:
    """From what uses a name to the code before it that defines it; hard within one section."""
    defined = dict[str, int]()
    for block in skill.blocks:
        if block.kind is not BlockKind.CODE:
            if defined and "`" in block.text:
                for name in dict.fromkeys(_SPAN.findall(block.text)):
                    if name in defined:
                        near = skill.section_of[defined[name]] == skill.section_of[block.index]
                        yield Edge(EdgeKind.SYMBOL, block.index, defined[name], name, hard=near)
            continue
        own = dict.fromkeys(defined_names(block.text), block.index)
        used = defaultdict[int, list[str]](list)
        for name in dict.fromkeys(_WORD.findall(block.text)):
            if name in defined and name not in own:
                used[defined[name]].append(name)
        for target, names in used.items():
            near = skill.section_of[target] == skill.section_of[block.index]
            yield Edge(EdgeKind.SYMBOL, block.index, target, names[0], hard=near)
        defined |= own


def defined_names(text: str) -> Iterator[str]:
    """The names that a text of code defines or imports, in its order."""
    for match in _DEFINED.finditer(text):
        names = match["names"]
        if names:
            yield from chain.from_iterable(_WORD.findall(part)[-1:] for part in names.split(","))
        else:
            yield match["name"] or match["shell"] or match["alias"] or match["plain"]


# What a legend explains: a mark in brackets or capitals that opens an item or a row, "- `[ACK]` a person starts".
_MARK: Final = re.compile(
    r"^[ \t>]*(?:[-*+][ ]|\|[ ]*)[*_]{0,3}`(\[[^`\]\n]{1,40}\]|[A-Z][A-Z0-9_-]{1,40})`", re.MULTILINE
)
_LEGENDS: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.TABLE})
_FEWEST_MARKS: Final = 2  # of a legend that a text has to use: one may stand there by chance


def _legends(skill: Skill) -> Iterator[Edge]:
    """From what uses the marks of a legend to the lists or tables, the first for each mark, that say what they mean."""
    homes = dict[str, int]()
    for block in skill.blocks:
        used = defaultdict[int, list[str]](list)
        for mark, home in homes.items():
            if home != block.index and mark in block.text:
                used[home].append(mark)
        if sum(map(len, used.values())) >= _FEWEST_MARKS:
            yield from (Edge(EdgeKind.SYMBOL, block.index, home, marks[0]) for home, marks in used.items())
        if block.kind in _LEGENDS and not used:
            homes |= {mark: block.index for mark in _MARK.findall(block.text) if mark not in homes}


# An item that says what a name is: "- `sort_all` — sorts by date: ...".
_ENTRY: Final = re.compile(
    r"^[ \t]*[-*+][ ][*_]{0,2}`([A-Za-z_]\w{3,})(?:\([^`\n]*\))?`[*_]{0,2}[ ]*(?:[:：]|[-–—][ ])", re.MULTILINE
)
_STEP: Final = re.compile(r"[ \t]*\d{1,9}[.)][ ]")


def _explained(skill: Skill) -> Iterator[Edge]:
    """From numbered steps that use a name in back-ticks to the list of which an item says what it is."""
    homes = dict[str, int]()
    for block in skill.blocks:
        if block.kind in _LEGENDS and not _STEP.match(block.text):
            homes |= {name: block.index for name in _ENTRY.findall(block.text) if name not in homes}
    for block in skill.blocks if homes else ():
        if block.kind in _LEGENDS and _STEP.match(block.text):
            used = {homes[name]: name for name in _SPAN.findall(block.text) if name in homes}
            yield from (Edge(EdgeKind.SYMBOL, block.index, home, name) for home, name in used.items())


_SIGNAL: Final = re.compile("[\u26aa\u26ab\U0001f534\U0001f535\U0001f7e0-\U0001f7eb]")
_SIGNALS: Final = re.compile(rf"^[ \t>]*(?:[-*+][ ]|\|[ ]*)?[*_]{{0,3}}({_SIGNAL.pattern})", re.MULTILINE)


def _signals(skill: Skill) -> Iterator[Edge]:
    """From what speaks of a colored mark to the list or table above it in its section that explains it."""
    for section in skill.sections:
        homes = dict[str, int]()
        for block in section.blocks:
            if block.text.isascii():
                continue
            opening = _SIGNALS.findall(block.text) if block.kind in _LEGENDS else []
            if len(set(opening)) >= _FEWEST_MARKS:
                homes |= dict.fromkeys(opening, block.index)
                continue
            used = {homes[mark]: mark for mark in _SIGNAL.findall(block.text) if mark in homes}
            yield from (Edge(EdgeKind.SYMBOL, block.index, home, mark) for home, mark in used.items())
