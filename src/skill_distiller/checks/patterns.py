"""Protected and advisory patterns of the original are still in the candidate."""

from __future__ import annotations

from collections.abc import Iterator

from skill_distiller.analysis.patterns import PatternNames, join_patterns
from skill_distiller.checks.model import Finding, FindingKind, Level, Pair


def find_lost_patterns(pair: Pair) -> Iterator[Finding]:
    """Fails where a protected pattern is in the original only, warns of an advisory one."""
    left = {block.text for block in pair.candidate.blocks}
    before = join_patterns([block.text for block in pair.original.blocks if block.text not in left])
    if pair.patterns:  # the user's own count in headings too
        before = pair.patterns.find_all(pair.original)
    if not (before.protected or before.advisory):
        return
    after = pair.patterns.find_all(pair.candidate)
    for name in sorted(before.protected - after.protected):
        level = Level.DECLARED if name in pair.declared.patterns else Level.FAILURE
        yield Finding(FindingKind.LOST, level, name, _line(pair, name), "protected pattern")
    for name in sorted(before.advisory - after.advisory):
        yield Finding(FindingKind.LOST, Level.WARNING, name, _line(pair, name), "advisory pattern")


def _line(pair: Pair, name: str) -> int:
    for section in pair.original.sections:
        if section.level and name in _all(pair.patterns.find_own(section.heading)):
            return section.line
        for block in section.blocks:
            if name in _all(pair.patterns.find(block.text)):
                return block.line
    return 0


def _all(names: PatternNames) -> frozenset[str]:
    return names.protected | names.advisory
