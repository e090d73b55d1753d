"""The section analysis of the report in words: sections, examples written in short, phrases, patterns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from skill_distiller.planning.plan import Reason
from skill_distiller.report.record import Record
from skill_distiller.report.sections import BlockCounts, SectionRecord, TokenLevel
from skill_distiller.report.text import excerpt, heading_line, plural
from skill_distiller.rewriting.examples.model import ExampleSelection, SelectionMode

_NAME_LENGTH: Final = 40  # characters of an example's name that are shown
_PHRASES_SHOWN: Final = 8
_PHRASE_LENGTH: Final = 48  # characters of a phrase that are shown


def section_analysis(record: Record) -> Iterator[Text]:
    """The lines that `--verbose` adds: sections, words, examples and patterns. Safe to show."""
    mark, sections = record.tokens.mark, record.contents.sections
    yield Text("\nSection Analysis:", style="bold")
    for section in sections:
        yield Text(_section_line(section))
        if section.examples:
            yield Text(f"└─ {examples_line(section.examples)}")
        before, after = section.tokens
        if after != before:
            yield Text(f"└─ Tokens: {mark}{before} → {mark}{after} ({_why(section.blocks)})")
    yield from map(Text, token_level_lines(record.contents.token_level))
    yield from example_analysis(section.examples for section in sections if section.examples)
    yield from map(Text, _pattern_lines(record))


def _section_line(section: SectionRecord) -> str:
    heading = heading_line(section.heading.level, section.heading.text)
    return (
        f"{heading}: {section.type.value} ({section.importance:.1f}, confidence: {section.confidence:.2f})"
        f" → {section.outcome.value}"
    )


def _why(blocks: BlockCounts) -> str:
    parts = []
    if blocks.removed:
        parts.append(f"{blocks.removed} of {plural(blocks.total, 'block')} removed")
    if blocks.shortened:
        parts.append("redundant phrases removed" if blocks.phrases else f"{blocks.shortened} shortened")
    return ", ".join(parts) or Reason.TOGETHER.value


def _pattern_lines(record: Record) -> Iterator[str]:
    functionality, contents = record.evidence.functionality, record.contents
    lost, removed = set(functionality.protected_lost), set(contents.advisory_removed)
    shown = [f"{name} → {'LOST (-10)' if name in lost else 'preserved'}" for name in functionality.protected_found]
    yield f"\nProtected patterns found: {', '.join(shown) or 'none'}"
    shown = [
        f"{name} → {'removed (no score penalty)' if name in removed else 'kept'}" for name in contents.advisory_found
    ]
    yield f"Advisory patterns found: {', '.join(shown) or 'none'}"


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


def token_level_lines(token_level: TokenLevel) -> Iterator[str]:
    """What went word by word, nothing where no block is of a type that is scored."""
    if not token_level.scores:
        return
    yield "\nToken-level analysis:"
    for score in token_level.scores:
        lost = "all removed whole" if score.compression is None else f"{score.compression:.0%} average compression"
        yield f"{score.type.value} sections: {score.sections} analyzed, {lost}"
    phrases = token_level.phrases
    shown = ", ".join(f'"{excerpt(phrase.strip(" ,;:."), _PHRASE_LENGTH)}"' for phrase in phrases[:_PHRASES_SHOWN])
    more = f" and {len(phrases) - _PHRASES_SHOWN} more" if len(phrases) > _PHRASES_SHOWN else ""
    yield f"Phrases removed: {shown}{more}" if phrases else "Phrases removed: none"
