"""Read from the texts that were written for a set of examples which of them are shown in full."""

from __future__ import annotations

from collections.abc import Mapping

from skill_distiller.analysis.model import Analysis
from skill_distiller.rewriting.examples.bundles import TITLE
from skill_distiller.rewriting.examples.elements import coverage, join_elements
from skill_distiller.rewriting.examples.model import ExampleSelection, ExampleSet, SelectionMode
from skill_distiller.rewriting.examples.select_examples import Draft, draft_examples


def selection_of(analysis: Analysis, examples: ExampleSet, texts: Mapping[int, str]) -> ExampleSelection:
    """What became of a set; `texts` are those written for its blocks, by index."""
    drafts = draft_examples(analysis, examples)
    lines = written_lines(texts[examples.blocks[-1]])
    selected = tuple(i for i, draft in enumerate(drafts) if _in_full(analysis, draft, texts))
    folded = tuple(i for i in range(len(drafts)) if i not in selected)
    own = [drafts[i].line for i in folded]
    written = [text for block in examples.blocks if (text := texts[block])]
    headings = [piece for i in selected for piece in drafts[i].source[: len(drafts[i].example.sections)]]
    return ExampleSelection(
        len(drafts),
        selected,
        folded,
        coverage(join_elements(draft.elements for draft in drafts), [*headings, *written]),
        SelectionMode.EXTRACTIVE if lines == own else SelectionMode.ABSTRACTIVE,
        tuple(draft.name for draft in drafts),
        len(lines),
    )


def written_lines(text: str) -> list[str]:
    """The one-liners at the end of a text, without their bullets; none where it has no title for them."""
    lines = text.splitlines()
    titles = [i for i, line in enumerate(lines) if line.lstrip("# *").rstrip("*") == TITLE]
    listed = lines[titles[-1] :] if titles else []
    return [line.removeprefix("- ") for line in listed if line.startswith("- ")]


def _in_full(analysis: Analysis, draft: Draft, texts: Mapping[int, str]) -> bool:
    """Whether every block of an example is written as it was."""
    blocks = analysis.skill.blocks
    return all(blocks[i].text.rstrip("\r\n") in texts[i] for i in draft.example.blocks)
