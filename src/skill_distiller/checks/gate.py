"""verify(): a rewrite beside its original, whoever wrote it, and all in which they differ. No model is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, PatternNames, PatternSet, join_patterns
from skill_distiller.checks.format import find_format_faults, find_frontmatter_changes, find_growth, find_hidden
from skill_distiller.checks.model import (
    Check,
    Declared,
    Finding,
    FindingKind,
    Level,
    Pair,
    Quote,
    Tokens,
    Verification,
    count_tokens,
)
from skill_distiller.checks.structure import (
    find_broken_edges,
    find_dead_links,
    find_lost_notes,
    find_open_fences,
    find_open_tags,
)
from skill_distiller.language.fact import normalize
from skill_distiller.meaning.compare import Difference
from skill_distiller.meaning.units import Unit, UnitKind
from skill_distiller.meaning.verdicts import CERTIFIED, Verdict
from skill_distiller.skill.folder import FindTarget, SkillFolder, find_anything, find_on_disk
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import load_counter

_KINDS: Final = {
    Verdict.REWORDED: FindingKind.REWORDED,
    Verdict.MOVED: FindingKind.MOVED,
    Verdict.WEAKENED: FindingKind.WEAKENED,
    Verdict.CHANGED: FindingKind.CHANGED,
    Verdict.CONTRADICTED: FindingKind.REVERSED,
    Verdict.GONE: FindingKind.LOST,
    Verdict.NEW: FindingKind.NEW,
}
_CODE: Final = frozenset({UnitKind.CODE, UnitKind.FENCE, UnitKind.MARKUP})


def find_changed_headings(pair: Pair) -> Iterator[Finding]:
    """Fails where a heading was lost, moved, put at another level or says something else."""
    return _findings(pair, "headings")


def find_changed_statements(pair: Pair) -> Iterator[Finding]:
    """Fails where a sentence, item or cell says something else, is gone, new, or stands under something else."""
    return _findings(pair, "meaning")


def find_changed_facts(pair: Pair) -> Iterator[Finding]:
    """Fails where a statement has another fact than before, or something is hidden in the text."""
    yield from _findings(pair, "facts")
    yield from find_hidden(pair)


def find_changed_code(pair: Pair) -> Iterator[Finding]:
    """Fails where a line of code or markup is not what it was, a fence or tag is left open, half of a footnote left."""
    yield from _findings(pair, "code")
    yield from find_open_fences(pair)
    yield from find_open_tags(pair)
    yield from find_lost_notes(pair)


def _findings(pair: Pair, check: str) -> Iterator[Finding]:
    for difference in pair.comparison.differences:
        if difference.verdict not in CERTIFIED and _check_of(difference) == check:
            yield _finding(pair, difference)


def _check_of(difference: Difference) -> str:
    unit = (difference.before or difference.after)[0]
    if unit.kind is UnitKind.HEADING:
        return "headings"
    if unit.kind in _CODE:
        return "code"
    return "facts" if difference.what == "fact" else "meaning"


def _finding(pair: Pair, difference: Difference) -> Finding:
    before = _quote(difference.before, [edit.before for edit in difference.edits])
    after = _quote(difference.after, [edit.after for edit in difference.edits])
    shown, other = (before, after) if before else (after, None)
    assert shown
    kind, level = _KINDS[difference.verdict], _level(pair, difference)
    if level is Level.DECLARED and before and (said := _merged_into(pair, difference)):
        kind, other = FindingKind.MERGED, said
    return Finding(
        kind,
        level,
        shown.text,
        shown.line,
        difference.what,
        in_candidate=not before,
        marks=shown.marks,
        other=other,
        block=max((unit.block for unit in difference.before), default=-1),
    )


def _merged_into(pair: Pair, difference: Difference) -> Quote | None:
    """What of the candidate says the first piece of a difference together with others, as its receipt says."""
    text = pair.retold.merged.get(difference.before[0].text) if pair.declared.retold else None
    at = pair.candidate.text.find(text) if text else -1
    return Quote(text, pair.candidate.text.count("\n", 0, at) + 1) if text and at >= 0 else None


def _quote(units: Sequence[Unit], edits: Sequence[Sequence[object]]) -> Quote | None:
    if not units:
        return None
    text = " ".join(unit.text for unit in units)
    spans = tuple(sorted({(t.start, t.end) for tokens in edits for t in tokens}))  # type: ignore[attr-defined]
    return Quote(text, units[0].line, spans)


def _level(pair: Pair, difference: Difference) -> Level:
    if _is_declared(pair, difference):
        return Level.DECLARED
    return Level.FAILURE if difference.firm else Level.LOOK


def _is_declared(pair: Pair, difference: Difference) -> bool:
    """Whether the receipt names what happened; of text that now says something else it can't."""
    declared = pair.declared
    if not declared.blocks and not declared.headings:
        return False
    if declared.retold and _is_accounted_for(pair, difference):
        return True
    if not difference.before:
        return _is_written(pair, difference.after)
    unit = difference.before[0]
    if unit.kind is UnitKind.HEADING:
        gone = (unit.depth, normalize(unit.text)) in pair.headings_gone
        return gone and _is_written(pair, difference.after)  # a heading may come in the place of one that went
    blocks = {pair.original.blocks[one.block].text for one in difference.before}
    if blocks <= declared.removed:
        return _is_written(pair, difference.after)
    return difference.verdict is Verdict.REWORDED and blocks <= declared.reworded


def _is_accounted_for(pair: Pair, difference: Difference) -> bool:
    """Whether a difference is one between blocks and the text that says all of them in new words.

    So is that what did not change stands below such a text.
    """
    blocks = {unit.block for unit in difference.before}
    if difference.verdict is Verdict.MOVED and not difference.edits:
        found = pair.comparison.alignment
        before = {label.block for block in blocks for label in found.old.labels(block)}
        after = {label.text for unit in difference.after for label in found.new.labels(unit.block)}
        if before | after and before <= pair.retold.blocks and all(text in pair.retold.text for text in after):
            return True
    return blocks <= pair.retold.blocks and all(unit.text in pair.retold.text for unit in difference.after)


def _is_written(pair: Pair, units: Sequence[Unit]) -> bool:
    """Whether new text is what the receipt says stands for blocks that were summed up, in words of those alone."""
    return all(pair.sums_up(unit.text) for unit in units)


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
        yield Finding(FindingKind.LOST, level, name, _line_of_pattern(pair, name), "protected pattern")
    for name in sorted(before.advisory - after.advisory):
        yield Finding(FindingKind.LOST, Level.WARNING, name, _line_of_pattern(pair, name), "advisory pattern")


def _line_of_pattern(pair: Pair, name: str) -> int:
    for section in pair.original.sections:
        if section.level and name in _names(pair.patterns.find_own(section.heading)):
            return section.line
        for block in section.blocks:
            if name in _names(pair.patterns.find(block.text)):
                return block.line
    return 0


def _names(names: PatternNames) -> frozenset[str]:
    return names.protected | names.advisory


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
