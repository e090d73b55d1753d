"""Code is code: every fence is closed, and every code block is the original's, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from skill_distiller.document import Block, BlockKind, Skill
from skill_distiller.document.list_marker import LIST_MARKER
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair

_FENCE: Final = re.compile(rf"[ \t>]*(?:{LIST_MARKER}[ \t]+)*[ \t>]*(`{{3,}}|~{{3,}})([^\r\n]*)")
_NESTING: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE})


def check_fences(pair: Pair) -> Check:
    """Fails where a fence is left open (a warning where the original leaves one open) or a code block changed."""
    return Check("fences", (*_unclosed(pair), *_code(pair)))


class _Opening(NamedTuple):
    text: str
    line: int


def _unclosed(pair: Pair) -> Iterator[Finding]:
    found = list(_open_fences(pair.candidate))
    known = {opening.text for opening in _open_fences(pair.original)} if found else set()
    for opening in found:
        level, detail = (Level.WARNING, "in the original too") if opening.text in known else (Level.FAILURE, "")
        yield Finding(FindingKind.UNCLOSED, level, opening.text, opening.line, detail, in_candidate=True)


def _open_fences(skill: Skill) -> Iterator[_Opening]:
    """The fences that a block opens and does not close."""
    for block in skill.blocks:
        if (block.kind is BlockKind.CODE and not _is_closed(block.text)) or (
            block.kind in _NESTING and ("```" in block.text or "~~~" in block.text)
        ):
            opening = _left_open(block)
            if opening:
                yield opening


def _is_closed(text: str) -> bool:
    """A quick look at a code block: it ends at its closing fence or at the end of all."""
    mark = text.lstrip()[:3]
    last = text.rstrip().rpartition("\n")[2].strip()
    return last == mark and len(text) > len(mark) and text.lstrip()[3:4] != mark[0]


def _left_open(block: Block) -> _Opening | None:
    mark, opening = "", None
    for line, text in enumerate(block.text.splitlines(), block.line):
        match = _FENCE.match(text)
        if match is None:
            if opening is None and block.kind is BlockKind.CODE:
                return None  # indented, not fenced
        elif mark:
            if match.group(1).startswith(mark) and not match.group(2).strip():
                mark = ""
        elif match.group(1)[0] == "~" or "`" not in match.group(2):
            mark, opening = match.group(1), _Opening(text.strip(), line)
    return opening if mark else None


def _code(pair: Pair) -> Iterator[Finding]:
    """The code blocks of the original that are not in the candidate; "changed" where one with its first line is."""
    left = {_content(block.text) for block in _code_blocks(pair.candidate)}
    gone = [block for block in _code_blocks(pair.original) if _content(block.text) not in left]
    if not gone:
        return
    known = {_content(block.text) for block in _code_blocks(pair.original)}
    first_lines = {_opening(text) for text in left - known}
    declared = {_content(text) for text in pair.declared.removed | pair.declared.changed}
    for block in gone:
        level = Level.DECLARED if _content(block.text) in declared else Level.FAILURE
        kind = FindingKind.CHANGED if _opening(_content(block.text)) in first_lines else FindingKind.LOST
        yield Finding(kind, level, _opening(_content(block.text)), block.line, "code block")


def _code_blocks(skill: Skill) -> Iterator[Block]:
    return (block for block in skill.blocks if block.kind is BlockKind.CODE)


def _content(text: str) -> str:
    """A code block with line ends of one kind."""
    return "\n".join(text.splitlines()) if "\r" in text else text.rstrip("\n")


def _opening(text: str) -> str:
    """The first line of a code block that says something."""
    lines = [line.strip() for line in text.split("\n", 3)[:3]]
    return next((line for line in lines if line.strip("`~ ") and not line.startswith(("```", "~~~"))), lines[0])
