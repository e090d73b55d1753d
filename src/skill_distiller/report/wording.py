"""What the report says of examples written in short and of phrases that went word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from skill_distiller.analysis.model import TYPE_NAMES, SectionType, mean
from skill_distiller.report.text import excerpt, plural
from skill_distiller.rewriting.examples.model import ExampleSelection, SelectionMode
from skill_distiller.rewriting.redundant import COMPRESSIBLE, compressible_blocks
from skill_distiller.run.result import Result

_NAME_LENGTH: Final = 40  # characters of an example's name that are shown


def examples_line(examples: ExampleSelection) -> str:
    """What became of a set, in the words of the reference: `Examples: 5 → 2 full + 3 one-liners (coverage: 0.95)`."""
    if examples.mode is SelectionMode.ABSTRACTIVE and not examples.selected:
        made = f"{examples.lines} (abstractive, coverage: {examples.coverage:.2f})"
        return f"Examples: {examples.total} → {made}"
    lines = plural(examples.lines, "one-liner")
    return f"Examples: {examples.total} → {len(examples.selected)} full + {lines} (coverage: {examples.coverage:.2f})"


def example_analysis(selections: Iterable[ExampleSelection]) -> Iterator[Text]:
    """The analysis of each set, as in the reference. Names are made safe to show."""
    for examples in selections:
        yield Text("\nRECOMP example analysis:", style="bold")
        yield Text(f"Original examples: {examples.total}")
        yield Text(f"Full (selected): {_listed(examples, examples.selected)}")
        yield Text(f"One-liners: {_listed(examples, examples.one_liners)}")
        yield Text(f"Coverage: {examples.coverage:.2f} (full + one-liners)")
        yield Text(f"Mode: {examples.mode.value}")


def _listed(examples: ExampleSelection, indices: tuple[int, ...]) -> str:
    names = [excerpt(examples.names[i], _NAME_LENGTH) for i in indices if examples.names[i]]
    return f"{list(indices)} ({', '.join(names)})" if names else f"{list(indices)}"


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


def score_types(distillation: Result) -> list[TypeScore]:
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


def removed_phrases(distillation: Result) -> list[str]:
    """What went in pieces of several words from blocks that stay, in order, each once."""
    decisions = (decision for decision in distillation.plan.decisions if not decision.dropped)
    return list(dict.fromkeys(phrase for decision in decisions for phrase in decision.rendering.phrases))


def token_level_lines(distillation: Result) -> Iterator[str]:
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


def _compression(distillation: Result, blocks: list[int]) -> float | None:
    """The share of their tokens that blocks lost, of those that stay."""
    decisions = [distillation.plan.decisions[block] for block in blocks]
    stay = [decision for decision in decisions if not decision.dropped]
    full = sum(decision.full_tokens for decision in stay)
    return sum(decision.saved for decision in stay) / full if full else None
