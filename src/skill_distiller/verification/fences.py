"""Code is code: every fence is closed, and every code block is the original's, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from skill_distiller.document import Block, BlockKind, Skill
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair

_FENCE: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*[ \t>]*(`{3,}|~{3,})([^\r\n]*)")
_NESTING: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE})


def check_fences(pair: Pair) -> Check:
    """Fails where a fence is left open (a warning where the original leaves one open) or a code block changed."""
    return Check("fences", (*_unclosed(pair), *_code(pair)))


def _unclosed(pair: Pair) -> Iterator[Finding]:
    known = None
    for block, opening in _open_fences(pair.candidate):
        known = {text for _, text in _open_fences(pair.original)} if known is None else known
        level = Level.WARNING if opening in known else Level.FAILURE
        yield Finding(FindingKind.UNCLOSED, level, opening, block.line, "fence", in_candidate=True)


def _open_fences(skill: Skill) -> Iterator[tuple[Block, str]]:
    """The blocks that open a fence and do not close it, with the opening line."""
    for block in skill.blocks:
        if block.kind is BlockKind.CODE or (block.kind in _NESTING and ("```" in block.text or "~~~" in block.text)):
            opening = _left_open(block)
            if opening:
                yield block, opening


def _left_open(block: Block) -> str:
    mark = opening = ""
    for line in block.text.splitlines():
        match = _FENCE.match(line)
        if match is None:
            if not mark and block.kind is BlockKind.CODE:
                return ""  # indented, not fenced
            continue
        if mark:
            if match.group(1).startswith(mark) and not match.group(2).strip():
                mark = opening = ""
        elif match.group(1)[0] == "~" or "`" not in match.group(2):
            mark, opening = match.group(1), line.strip()
    return opening if mark else ""


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
