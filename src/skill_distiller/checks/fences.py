"""What belongs together is there: both ends of fences of code, of containers, of footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.checks.model import ALREADY, Finding, FindingKind, Level, Pair
from skill_distiller.skill.links import find_footnotes
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import LIST_MARKER

_FENCE: Final = re.compile(rf"[ \t>]*(?:{LIST_MARKER}[ \t]+)*[ \t>]*(`{{3,}}|~{{3,}})([^\r\n]*)")
_NESTING: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE})


class _Opening(NamedTuple):
    text: str
    line: int


def find_open_fences(pair: Pair) -> Iterator[Finding]:
    """Fails where a fence is left open; a warning where the original leaves it open."""
    found = list(open_fences(pair.candidate))
    known = {opening.text for opening in open_fences(pair.original)} if found else set()
    for opening in found:
        level, detail = (Level.WARNING, ALREADY) if opening.text in known else (Level.FAILURE, "")
        yield Finding(FindingKind.UNCLOSED, level, opening.text, opening.line, detail, in_candidate=True)


def find_open_tags(pair: Pair) -> Iterator[Finding]:
    """Fails where a tag of a name that the original pairs has no partner, and had one."""
    before, after = pair.comparison.alignment.old.containers, pair.comparison.alignment.new.containers
    known = Counter((tag.name, tag.closing) for tag in before.unpaired)
    for tag in after.unpaired if before.names else ():
        known[tag.name, tag.closing] -= 1
        if tag.name in before.names and known[tag.name, tag.closing] < 0:
            block = pair.candidate.blocks[tag.place]
            text = f"</{tag.name}>" if tag.closing else f"<{tag.name}>"
            yield Finding(FindingKind.UNCLOSED, Level.FAILURE, text, block.line, "tag", in_candidate=True)


def find_lost_notes(pair: Pair) -> Iterator[Finding]:
    """Fails where a footnote of the original has only its definition left."""
    after = find_footnotes(pair.candidate)
    for name, note in find_footnotes(pair.original).items() if "[^" in pair.original.body else ():
        left = after.get(name)
        if note.marks and note.definition >= 0 and left and not left.marks:
            block = pair.original.blocks[note.marks[0]]
            yield Finding(FindingKind.LOST, Level.FAILURE, f"[^{name}]", block.line, "footnote mark", block=block.index)


def open_fences(skill: Skill) -> Iterator[_Opening]:
    """The fences that a block opens and does not close."""
    for block in skill.blocks:
        if (block.kind is BlockKind.CODE and not _is_closed(block.text)) or (
            block.kind in _NESTING and ("```" in block.text or "~~~" in block.text)
        ):
            opening = _left_open(block.text, code=block.kind is BlockKind.CODE)
            if opening:
                yield opening._replace(line=block.line + opening.line)


def _is_closed(text: str) -> bool:
    """A quick look at a code block: it ends at its closing fence or at the end of all."""
    mark = text.lstrip()[:3]
    last = text.rstrip().rpartition("\n")[2].strip()
    return not mark or (last == mark and len(text) > len(mark) and text.lstrip()[3:4] != mark[0])


@lru_cache(maxsize=1024)  # the blocks of an original stand in all that is made of it
def _left_open(text: str, *, code: bool) -> _Opening | None:
    """The fence that a text leaves open, with its line in that."""
    mark, opening = "", None
    for line, content in enumerate(text.splitlines()):
        match = _FENCE.match(content)
        if match is None:
            if opening is None and code:
                return None  # indented, not fenced
        elif mark:
            if match.group(1).startswith(mark) and not match.group(2).strip():
                mark = ""
        elif match.group(1)[0] == "~" or "`" not in match.group(2):
            mark, opening = match.group(1), _Opening(content.strip(), line)
    return opening if mark else None
