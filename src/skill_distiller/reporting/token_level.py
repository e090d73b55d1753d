"""What went word by word: of the types that the reference scores so, how much, and the phrases that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis import SectionType
from skill_distiller.analysis.compressible import COMPRESSIBLE, compressible_blocks
from skill_distiller.analysis.model import mean
from skill_distiller.analysis.taxonomy import TYPE_NAMES
from skill_distiller.pipeline import Distillation
from skill_distiller.reporting.printable import excerpt

_SHOWN: Final = 8  # phrases
_LENGTH: Final = 48  # characters of a phrase that are shown


@dataclass(frozen=True, slots=True)
class TypeScore:
    """The scored blocks of a type: in how many sections they stand, and what those that stay lost.

    `compression` is the mean over the sections of the share of tokens that went from blocks that
    stay, 0-1; None where no block stays.
    """

    type: SectionType
    sections: int
    compression: float | None


def score_types(distillation: Distillation) -> list[TypeScore]:
    """The types with a scored block, the most important first."""
    skill, verdicts = distillation.original, distillation.analysis.verdicts
    blocks = compressible_blocks(skill, verdicts)
    scores = []
    for kind in (kind for kind in TYPE_NAMES if kind in COMPRESSIBLE):
        sections: dict[int, list[int]] = {}
        for block in blocks:
            if verdicts[block.index].type is kind:
                sections.setdefault(skill.section_of[block.index], []).append(block.index)
        if sections:
            shares = [share for own in sections.values() if (share := _compression(distillation, own)) is not None]
            scores.append(TypeScore(kind, len(sections), mean(shares) if shares else None))
    return scores


def removed_phrases(distillation: Distillation) -> list[str]:
    """What went in pieces of several words from blocks that stay, in order, each once."""
    decisions = (decision for decision in distillation.plan.decisions if not decision.dropped)
    return list(dict.fromkeys(phrase for decision in decisions for phrase in decision.rendering.phrases))


def token_level_lines(distillation: Distillation) -> Iterator[str]:
    """The lines of the report, nothing where no block is of a type that is scored."""
    scores = score_types(distillation)
    if not scores:
        return
    yield "\nToken-level analysis:"
    for score in scores:
        lost = "all removed whole" if score.compression is None else f"{score.compression:.0%} average compression"
        yield f"{score.type.value} sections: {score.sections} analyzed, {lost}"
    phrases = removed_phrases(distillation)
    shown = ", ".join(f'"{excerpt(phrase.strip(" ,;:."), _LENGTH)}"' for phrase in phrases[:_SHOWN])
    more = f" and {len(phrases) - _SHOWN} more" if len(phrases) > _SHOWN else ""
    yield f"Phrases removed: {shown}{more}" if phrases else "Phrases removed: none"


def _compression(distillation: Distillation, blocks: list[int]) -> float | None:
    """The share of their tokens that blocks lost, of those that stay."""
    decisions = [distillation.plan.decisions[block] for block in blocks]
    stay = [decision for decision in decisions if not decision.dropped]
    full = sum(decision.full_tokens for decision in stay)
    return sum(decision.saved for decision in stay) / full if full else None
