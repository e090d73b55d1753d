"""What the report says of examples written in short and of phrases that went word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.text import Text

from skill_distiller.analysis.model import SectionType, mean
from skill_distiller.planning.plan import Decision
from skill_distiller.report.text import excerpt, plural
from skill_distiller.rewriting.examples.model import ExampleSelection, SelectionMode
from skill_distiller.rewriting.redundant import compressible_blocks
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


_MAX_PHRASES: Final = 8  # that are shown
_MAX_CHARS: Final = 48  # of a phrase that is shown


def token_level_lines(distillation: Result) -> Iterator[str]:
    """The lines of the report, nothing where no block is of a type that is scored."""
    skill, decisions = distillation.original, distillation.plan.decisions
    scored: dict[SectionType, dict[int, list[Decision]]] = {}  # by type and section
    for block in compressible_blocks(skill, distillation.analysis.verdicts):
        sections = scored.setdefault(distillation.analysis.verdicts[block.index].type, {})
        sections.setdefault(skill.section_of[block.index], []).append(decisions[block.index])
    if not scored:
        return
    yield "\nToken-level analysis:"
    for kind in (kind for kind in SectionType if kind in scored):
        shares = [share for own in scored[kind].values() if (share := _share_lost(own)) is not None]
        lost = f"{mean(shares):.0%} average compression" if shares else "all removed whole"
        yield f"{kind.value} sections: {len(scored[kind])} analyzed, {lost}"
    phrases = list(dict.fromkeys(p for d in decisions if not d.dropped for p in d.rendering.phrases))
    shown = ", ".join(f'"{excerpt(phrase.strip(" ,;:."), _MAX_CHARS)}"' for phrase in phrases[:_MAX_PHRASES])
    more = f" and {len(phrases) - _MAX_PHRASES} more" if len(phrases) > _MAX_PHRASES else ""
    yield f"Phrases removed: {shown}{more}" if phrases else "Phrases removed: none"


def _share_lost(decisions: Sequence[Decision]) -> float | None:
    """The share of their tokens that blocks lost, of those that stay; None where none does."""
    stay = [decision for decision in decisions if not decision.dropped]
    full = sum(decision.full_tokens for decision in stay)
    return sum(decision.saved for decision in stay) / full if full else None
