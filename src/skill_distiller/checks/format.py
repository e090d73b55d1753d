"""The candidate is a valid skill: frontmatter, format rules, size, nothing hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from skill_distiller.checks.model import Check, Finding, FindingKind, Level
from skill_distiller.checks.pair import Pair, line_at
from skill_distiller.checks.specification import Fault, format_faults
from skill_distiller.skill.model import BlockKind, FrontmatterState, Skill, count_line_ends


def check_format(pair: Pair) -> Check:
    """Fails for a fault of the frontmatter that the original does not have; with `strict`, for any.

    Fields that only some clients know, and faults of the original, are warnings.
    """
    return Check("format", tuple(_format_findings(pair)))


def _format_findings(pair: Pair) -> Iterator[Finding]:
    faults = format_faults(pair.candidate, pair.folder_name, pair.allowed_fields)
    if not faults:
        return
    same = pair.candidate.frontmatter.raw == pair.original.frontmatter.raw
    known = faults if same else format_faults(pair.original, pair.folder_name, pair.allowed_fields)
    for fault in faults:
        old = fault in known
        level = Level.WARNING if (old or fault.client) and not pair.strict else Level.FAILURE
        kind = FindingKind.CLIENT_FIELD if fault.client else FindingKind.FAULT
        yield Finding(kind, level, _text(fault), 1, "in the original too" if old else "", in_candidate=True)


def _text(fault: Fault) -> str:
    return f"{fault.field}: {fault.text}"


# What else a client reads may grant tools, run hooks, or switch the skill on and off.
_TELLING: Final = frozenset({"name", "description", "license", "compatibility", "metadata", "version", "author"})


def check_frontmatter(pair: Pair) -> Check:
    """Fails where a field was lost or has another value, or a new one may give an agent more leave.

    Another order, quoting or comment is a warning, and so is a new field that only tells of the skill.
    """
    before, after = pair.original.frontmatter, pair.candidate.frontmatter
    if before.raw.rstrip() == after.raw.rstrip():
        return Check("frontmatter")
    return Check("frontmatter", tuple(_frontmatter_findings(pair)))


def _frontmatter_findings(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.frontmatter, pair.candidate.frontmatter
    if before.raw and not after.raw:
        yield Finding(FindingKind.LOST, Level.FAILURE, "the whole frontmatter", 1)
        return
    if after.state not in (FrontmatterState.OK, before.state):
        yield Finding(FindingKind.CHANGED, Level.FAILURE, after.state.value, 1, "frontmatter", in_candidate=True)
        return
    if before.raw and before.state is not FrontmatterState.OK and after.state is not FrontmatterState.OK:
        yield Finding(FindingKind.CHANGED, Level.FAILURE, "text that can't be read as fields", 1, "frontmatter")
        return
    yield from _fields(pair)


def _fields(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.frontmatter.fields, pair.candidate.frontmatter.fields
    found = False
    for name, value in before.items():
        if name not in after:
            found = True
            yield Finding(FindingKind.LOST, Level.FAILURE, name, 1, "field")
        elif after[name] != value or type(after[name]) is not type(value):
            found = True
            yield Finding(FindingKind.CHANGED, Level.FAILURE, name, 1, "field", in_candidate=True)
    for name in after:
        if name not in before:
            found = True
            level = Level.WARNING if name in _TELLING or name in pair.allowed_fields else Level.FAILURE
            yield Finding(FindingKind.NEW, level, name, 1, "field", in_candidate=True)
    if not found:
        yield Finding(FindingKind.OTHERWISE_WRITTEN, Level.WARNING, "same fields, same values", 1, in_candidate=True)


MOST_LINES: Final = 500  # of a body, as the specification advises
MOST_TOKENS: Final = 5000


def check_size(pair: Pair) -> Check:
    """Warns of a long body and of a candidate with more tokens than the original."""
    return Check("size", tuple(_size_findings(pair)))


def _size_findings(pair: Pair) -> Iterator[Finding]:
    lines, tokens = count_line_ends(pair.candidate.body), pair.tokens
    if lines > MOST_LINES:
        text = f"{lines} lines, {MOST_LINES} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="body", in_candidate=True)
    if tokens.candidate > MOST_TOKENS:
        text = f"{tokens.candidate} tokens, {MOST_TOKENS} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="file", in_candidate=True)
    if tokens.candidate > tokens.original:
        text = f"{tokens.original} → {tokens.candidate} tokens"
        yield Finding(FindingKind.LONGER, Level.WARNING, text, in_candidate=True)


_COMMENT: Final = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)[^`]+(?<!`)\1(?!`)")
_UNUSUAL: Final = re.compile(r"[^\x20-\x7e\t\n\r\ufeff]")  # a byte order mark is a fault of the format
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def find_hidden(pair: Pair) -> Iterator[Finding]:
    """The characters without a shape, and the comments, that the candidate has and the original has not."""
    unseen = (c for c in set(_UNUSUAL.findall(pair.candidate.text)) if unicodedata.category(c) in _UNSEEN)
    for character in sorted(c for c in unseen if c not in pair.original.text):
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
