"""Which blocks may lose phrases: prose of the types that the reference scores token by token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from skill_distiller.analysis.model import Verdict
from skill_distiller.analysis.taxonomy import SectionType
from skill_distiller.document import PROSE, Block, Skill

COMPRESSIBLE: Final = frozenset(
    {SectionType.EXAMPLE, SectionType.EDGE_CASE, SectionType.EXPLANATION, SectionType.VERBOSE_DETAIL}
)
_SHORTEST: Final = 80  # characters; less is not worth asking for
_LONGEST: Final = 3000  # characters; more is not quoted reliably


def compressible_blocks(skill: Skill, verdicts: Sequence[Verdict]) -> list[Block]:
    """The blocks of prose whose type allows words to go."""
    return [
        block
        for block, verdict in zip(skill.blocks, verdicts, strict=True)
        if verdict.type in COMPRESSIBLE
        and not verdict.required
        and block.kind in PROSE
        and _SHORTEST <= len(block.text) <= _LONGEST
    ]
