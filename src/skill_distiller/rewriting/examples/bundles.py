"""Write a set of examples as a bundle: some in full, the others as lines at the end of the set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import fsum
from typing import Final

from skill_distiller.analysis.model import Analysis
from skill_distiller.rewriting.examples.elements import coverage, invented_in_new_words, join_elements, verbatim_share
from skill_distiller.rewriting.examples.inline import inline, is_sound, one_line
from skill_distiller.rewriting.examples.model import ENOUGH, ExampleSet
from skill_distiller.rewriting.examples.one_liner import LONGEST
from skill_distiller.rewriting.examples.pieces import MARKER
from skill_distiller.rewriting.examples.select_examples import Draft, draft_examples, selections
from skill_distiller.rewriting.model import Bundle, RenderingKind
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.skill.parse import parse_skill

TITLE: Final = "One-liners:"
# What an example that is written as a line keeps of its worth: all of what its line or an example in full holds word
# for word, and this part of what else of it is shown by scattered words.
_ELSEWHERE: Final = 0.25
_VERBATIM: Final = 0.8  # of the words of a code line or a sentence: the rest is taken for wording
_MOST: Final = 4  # bundles of one set: steps between the shortest and the original
_LISTS: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM})
_GENERALIZED: Final = 0.5  # of the words of a code line or sentence; the rest is what a summary leaves out


def extractive_bundles(analysis: Analysis, examples: ExampleSet) -> Iterator[Bundle]:
    """Some examples in full, the others as one line each: the shortest that still shows 0.8, then one more in full."""
    drafts = draft_examples(analysis, examples)
    if any(draft.line for draft in drafts):
        for selected in islice(selections(drafts), _MOST):
            lines = [draft.line for i, draft in enumerate(drafts) if i not in selected]
            if bundle := _bundle(analysis, examples, drafts, selected, lines):
                yield bundle


def extractive_bundle(analysis: Analysis, examples: ExampleSet) -> Bundle | None:
    """The shortest of the extractive bundles, None where there is none."""
    return next(extractive_bundles(analysis, examples), None)


def abstractive_bundle(analysis: Analysis, examples: ExampleSet, text: str) -> Bundle | None:
    """The lines of `text` in place of every example of a set that may be folded.

    `text` is what a model was asked for: lines such as `When X → do Y → expect Z`, with or without
    bullets, each for one or more examples. None where it is refused: it holds a fact that the examples
    lack, shows less than 0.8 of their facts (of a line of code or a sentence, half of the words will
    do), has a line that is long or no plain text, or more lines than there are examples.
    """
    drafts = draft_examples(analysis, examples)
    folded = [draft for draft in drafts if draft.example.foldable]
    lines = [inline(MARKER.sub("", line, count=1)) for line in text.splitlines() if one_line(line)]
    source = [piece for draft in drafts for piece in draft.source]
    if not folded or not 0 < len(lines) <= len(folded) or any(len(line) > LONGEST for line in lines):
        return None
    if not all(map(is_sound, lines)) or any(invented_in_new_words(source, line) for line in lines):
        return None
    selected = tuple(i for i, draft in enumerate(drafts) if not draft.example.foldable)
    shown = [*lines, *(piece for i in selected for piece in drafts[i].source)]
    if coverage(join_elements(draft.elements for draft in drafts), shown, _GENERALIZED) < ENOUGH:
        return None
    return _bundle(analysis, examples, drafts, selected, lines)


def _bundle(
    analysis: Analysis, examples: ExampleSet, drafts: Sequence[Draft], selected: Sequence[int], lines: Sequence[str]
) -> Bundle | None:
    """The bundle, None where the lines would not stand as a list at the end of the set."""
    skill = analysis.skill
    full = {block for i in selected for block in drafts[i].example.blocks}
    blocks = examples.blocks
    last = skill.blocks[blocks[-1]]
    texts = [skill.blocks[i].source if i in full else "" for i in blocks]
    texts[-1] = _with_lines(skill, last, texts[-1], examples.level, lines)
    if not _stands(texts[-1], lines, heading=bool(examples.level)):
        return None
    headings = [section for i, d in enumerate(drafts) if i not in selected for section in d.example.sections]
    return Bundle(
        RenderingKind.ONE_LINERS, blocks, tuple(texts), tuple(headings), _share(analysis, drafts, selected, lines)
    )


def _with_lines(skill: Skill, last: Block, text: str, level: int, lines: Sequence[str]) -> str:
    """The last block with the lines: after it where it stays, in front of it where it is a separator."""
    end = line_end(skill.text)
    title = f"{'#' * level} {TITLE}" if level else f"**{TITLE}**"
    listed = end.join([title, "", *(f"- {line}" for line in lines), ""])
    if not text:
        return listed + last.gap
    if last.kind is BlockKind.RULE:
        return listed + end + text
    above = last.text if last.text.endswith(("\n", "\r")) else last.text + end
    return above + end + listed + last.gap


def line_end(text: str) -> str:
    """The line end that a text uses first."""
    return "\r\n" if "\r\n" in text else "\n" if "\n" in text or "\r" not in text else "\r"


def _stands(text: str, lines: Sequence[str], *, heading: bool) -> bool:
    """Whether the lines come out as a title and a list of their own, whatever stands above them in the text."""
    sections = parse_skill(f"# Title\n\n{text}").sections
    if heading and (len(sections) < 3 or sections[-1].heading != TITLE):
        return False
    found = [block for block in sections[-1].blocks if block.kind is not BlockKind.RULE]
    items = [line for block in found for line in block.text.splitlines() if block.kind in _LISTS]
    return items == [f"- {line}" for line in lines] and len(sections) == 2 + heading


def _share(analysis: Analysis, drafts: Sequence[Draft], selected: Sequence[int], lines: Sequence[str]) -> float:
    """The part (0-1) of the worth of the set that stays."""
    full = [piece for i in selected for piece in drafts[i].source]
    worths = [fsum(analysis.verdicts[block].importance for block in draft.example.blocks) for draft in drafts]
    kept = [
        worth * (1.0 if i in selected else _kept(draft, lines, full))
        for i, (draft, worth) in enumerate(zip(drafts, worths, strict=True))
    ]
    total = fsum(worths)
    return fsum(kept) / total if total else 1.0


def _kept(draft: Draft, lines: Sequence[str], full: Sequence[str]) -> float:
    verbatim = verbatim_share(draft.elements, lines, full, _VERBATIM)
    return verbatim + _ELSEWHERE * max(0.0, coverage(draft.elements, [*lines, *full]) - verbatim)
