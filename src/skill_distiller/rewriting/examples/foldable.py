"""Whether an example may be written as one line: nothing in it is a rule, and nothing else hangs on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.language.facts import anchor
from skill_distiller.rewriting.examples.lookups import linked_anchors
from skill_distiller.rewriting.examples.units import is_procedure
from skill_distiller.rewriting.ladder import holds_together
from skill_distiller.skill.model import BlockKind

_TYPES: Final = frozenset(
    {SectionType.EXAMPLE, SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL, SectionType.EDGE_CASE}
)
_STEP: Final = re.compile(r"\W*(?:(?i:step|phase|stage|schritt|paso|passo|étape|adım|шаг)\s+\d|\d{1,3}[.)]\s)")


def is_foldable(analysis: Analysis, blocks: Sequence[int], sections: Sequence[int], *, named: bool) -> bool:
    """Whether an example may go but for one line.

    It may not where a block is required or of a type that asks something of the agent, holds a
    protected pattern or opens a tag that another closes; where a link leads to its heading; and
    where it is a step: numbered, unless the headings call it an example (`named`).
    """
    skill = analysis.skill
    for index in blocks:
        block, verdict = skill.blocks[index], analysis.verdicts[index]
        if verdict.required or verdict.type not in _TYPES:
            return False
        if block.kind is BlockKind.HTML or holds_together(block):
            return False
    if not named and is_procedure(analysis, blocks):
        return False
    headings = [skill.sections[section].heading for section in sections]
    return not any(_STEP.match(heading) or anchor(heading) in linked_anchors(analysis) for heading in headings)
