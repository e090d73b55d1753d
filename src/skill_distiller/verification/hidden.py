"""Nothing is said where people do not see it: characters without a shape, comments of HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from skill_distiller.document import BlockKind, Skill
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, line_at

_COMMENT: Final = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)[^`]+(?<!`)\1(?!`)")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_WHITE: Final = "\t\n\r\ufeff"  # a byte order mark is a fault of the format


def find_hidden(pair: Pair) -> Iterator[Finding]:
    """The characters without a shape, and the comments, that the candidate has and the original has not."""
    new = set(pair.candidate.text) - set(pair.original.text) - set(_WHITE)
    for character in sorted(c for c in new if unicodedata.category(c) in _UNSEEN):
        line = pair.candidate.text[: pair.candidate.text.index(character)].count("\n") + 1
        yield _finding(f"U+{ord(character):04X}", line, "character without a shape")
    if "<!--" in pair.candidate.text:
        known = {text for text, _ in _comments(pair.original)}
        yield from (_finding(text, line, "comment") for text, line in _comments(pair.candidate) if text not in known)


def _finding(text: str, line: int, detail: str) -> Finding:
    return Finding(FindingKind.NEW, Level.FAILURE, text, line, detail, in_candidate=True)


def _comments(skill: Skill) -> Iterator[tuple[str, int]]:
    for block in skill.blocks:
        if block.kind is not BlockKind.CODE and "<!--" in block.text:
            text = _SPAN.sub(lambda span: " " * len(span.group()), block.text)
            for match in _COMMENT.finditer(text):
                yield " ".join(match.group(1).split()), line_at(block, match.start())
