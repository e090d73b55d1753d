"""verify(): a rewrite beside its original, whoever wrote it. Nothing is asked of a model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.checks.content import check_facts, check_patterns
from skill_distiller.checks.format import check_format, check_frontmatter, check_size
from skill_distiller.checks.markdown import check_fences, check_headings
from skill_distiller.checks.model import Check, Declared, Pair, Tokens, Verification
from skill_distiller.checks.resolve_links import check_links
from skill_distiller.checks.statements import check_negations
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter

CHECKS: Final[tuple[Callable[[Pair], Check], ...]] = (
    check_frontmatter,
    check_headings,
    check_facts,
    check_negations,
    check_patterns,
    check_links,
    check_fences,
    check_format,
    check_size,
)


def verify(
    original: Skill,
    candidate: Skill,
    *,
    allowed_fields: Collection[str] = (),
    declared: Declared | None = None,
    strict: bool = False,
    files: bool = True,
    folder: Path | None = None,
    counter: TokenCounter | None = None,
    tokens: Tokens | None = None,
    patterns: PatternSet = BUILT_IN,
) -> Verification:
    """Check that a candidate still says what its original says, and is as valid a skill.

    Frontmatter fields in `allowed_fields` are taken for valid. Losses in `declared` do not fail.
    With `strict`, faults of the format fail even where the original has them. With `files` those that
    the candidate links to are looked for in `folder`, by default the original's; nothing else touches
    the disk. `tokens` of both, where they are known, are not counted again. `patterns` are the user's own.
    """
    folder = folder or (original.path.parent if original.path else None)
    pair = Pair(
        original,
        candidate,
        folder if files else None,
        frozenset(allowed_fields),
        declared or Declared(),
        strict,
        counter,
        tokens,
        patterns,
    )
    return Verification(tuple(check(pair) for check in CHECKS), pair.tokens, original.text != candidate.text)
