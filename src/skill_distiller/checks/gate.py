"""verify(): a rewrite beside its original, whoever wrote it. Nothing is asked of a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.checks.format import find_format_faults, find_frontmatter_changes, find_growth
from skill_distiller.checks.meaning import (
    find_changed_code,
    find_changed_facts,
    find_changed_headings,
    find_changed_statements,
    find_lost_patterns,
)
from skill_distiller.checks.model import Check, Declared, Finding, Pair, Tokens, Verification, count_tokens
from skill_distiller.checks.resolve_links import find_dead_links
from skill_distiller.checks.structure import find_broken_edges
from skill_distiller.skill.folder import FindTarget, SkillFolder, find_anything, find_on_disk
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import load_counter


class CheckSpec(NamedTuple):
    """One question about a pair of skill folders, and what finds the reasons to say no."""

    name: str
    question: str
    find: Callable[[Pair], Iterator[Finding]]


CHECKS: Final = (
    CheckSpec("frontmatter", "Has every field its value, and no new one gives more leave?", find_frontmatter_changes),
    CheckSpec("headings", "Is every heading there, in its order and at its level?", find_changed_headings),
    CheckSpec("meaning", "Does every sentence, item and cell say what it said, in its place?", find_changed_statements),
    CheckSpec("structure", "Is everything there that what stayed needs: steps, halves, pointers?", find_broken_edges),
    CheckSpec("facts", "Has every statement its facts, and is nothing hidden?", find_changed_facts),
    CheckSpec("patterns", "Is every protected pattern there?", find_lost_patterns),
    CheckSpec("links", "Does every link lead to a heading or file here, every mention to a file?", find_dead_links),
    CheckSpec("code", "Is every line of code and markup as it was, and every fence and tag closed?", find_changed_code),
    CheckSpec("format", "Is it a valid skill?", find_format_faults),
    CheckSpec("size", "Is it as small as advised, and no larger than before?", find_growth),
)


def verify(
    original: Skill | SkillFolder,
    candidate: Skill | SkillFolder,
    *,
    allowed_fields: Collection[str] = (),
    declared: Declared | None = None,
    strict: bool = False,
    files: bool = True,
    folder: Path | None = None,
    tokens: Tokens | None = None,
    patterns: PatternSet = BUILT_IN,
) -> Verification:
    """Check that a candidate still says what its original says, and is as valid a skill.

    Frontmatter fields in `allowed_fields` are taken for valid. Losses in `declared` do not fail.
    With `strict`, faults of the format fail even where the original has them. `tokens` are counted
    where they are not given. `patterns` are the user's own.

    With `files`, links have to lead to files: those of a SkillFolder, whose references are read for
    links too (raises BadInputError where one is not text); of a Skill alone, what `folder` holds on disk,
    by default the place where the original stands. Nothing else touches the disk.
    """
    before, after = _skill_of(original), _skill_of(candidate)
    home = _finder(original, before.path.parent if before.path else folder)
    there = _finder(candidate, folder) or home
    if not files or there is None:
        home = there = find_anything
    pair = Pair(
        _folder_of(original, files=files),
        _folder_of(candidate, files=files),
        home or there,
        there,
        tokens or count_tokens(before, after, load_counter()),
        frozenset(allowed_fields),
        declared or Declared(),
        strict,
        patterns,
    )
    checks = tuple(Check(check.name, tuple(check.find(pair))) for check in CHECKS)
    return Verification(checks, pair.tokens, before.text != after.text, pair.comparison)


def _skill_of(side: Skill | SkillFolder) -> Skill:
    return side if isinstance(side, Skill) else side.skill


def _folder_of(side: Skill | SkillFolder, *, files: bool) -> SkillFolder:
    """A folder as it is; a skill alone, or one whose files don't count, as a folder of nothing else."""
    return side if isinstance(side, SkillFolder) and files else SkillFolder(None, _skill_of(side))


def _finder(side: Skill | SkillFolder, place: Path | None) -> FindTarget | None:
    """What finds the files beside a skill: in its folder, or on disk; None where no place is known."""
    if isinstance(side, SkillFolder):
        return side.find
    return find_on_disk(place) if place else None
