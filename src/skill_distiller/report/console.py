"""The report on stderr: the lines of the reference, sections with --verbose, the receipt, and the calls to a model."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from rich.console import Console
from rich.text import Text

from skill_distiller.checks.receipt import Settled, Word
from skill_distiller.planning.plan import Reason
from skill_distiller.providers.model import FREE, Expected, Price, Provider, Usage, Watcher, dollars
from skill_distiller.report.calibration_text import estimate_text
from skill_distiller.report.losses import moved_lines, receipt_lines
from skill_distiller.report.record import COUNTED_NAMES, BlockCounts, Record, SectionRecord, TokenLevel, find_needs
from skill_distiller.report.text import NO_HEADING, excerpt, heading_line, plural, printable
from skill_distiller.report.verification import verified_text
from skill_distiller.rewriting.example_sets import ExampleSelection, SelectionMode
from skill_distiller.rewriting.model import Refusal
from skill_distiller.run.proof import COMPACTION_TOKENS
from skill_distiller.run.result import FRONTMATTER_HINTS, TRIGGER_HINT, Note, NoteKind
from skill_distiller.tokens import ESTIMATE, TokenCounter

if TYPE_CHECKING:
    from rich.progress import Progress

_NAME_LENGTH: Final = 40  # characters of an example's name that are shown
_PHRASES_SHOWN: Final = 8
_PHRASE_LENGTH: Final = 48  # characters of a phrase that are shown


def section_analysis(record: Record) -> Iterator[Text]:
    """The lines that `--verbose` adds: sections, words, examples and patterns. Safe to show."""
    mark, sections = record.mark, record.sections
    yield Text("\nSection Analysis:", style="bold")
    for section in sections:
        yield Text(_section_line(section))
        if section.examples:
            yield Text(f"└─ {examples_line(section.examples)}")
        before, after = section.tokens
        if after != before:
            yield Text(f"└─ Tokens: {mark}{before} → {mark}{after} ({_why(section.blocks)})")
    yield from map(Text, token_level_lines(record.token_level))
    yield from example_analysis(section.examples for section in sections if section.examples)
    yield from map(Text, _pattern_lines(record))
    yield from map(Text, _need_lines(record))


_MOST_REFUSALS: Final = 30  # that are shown
_SHOWN: Final = 200  # characters of a text of them


def refusal_lines(refusals: Sequence[Refusal]) -> Iterator[str]:
    """The texts of a model that were not let in: what stands there, what it wrote, and why not."""
    for number, refusal in enumerate(refusals[:_MOST_REFUSALS]):
        if not number:
            yield f"\nRefused: {plural(len(refusals), 'text')} of the model"
        yield f'  "{excerpt(refusal.before, _SHOWN)}"'
        yield f'  → "{excerpt(refusal.after, _SHOWN)}"{" (its good parts were taken)" if refusal.partly else ""}'
        yield f"  {'; '.join(printable(fault) for fault in refusal.faults)}"
    if len(refusals) > _MOST_REFUSALS:
        yield f"  and {len(refusals) - _MOST_REFUSALS} more, in the record (--json)"


def doubt_lines(settled: Sequence[Settled]) -> Iterator[str]:
    """What was in question of a model's texts, and what the judge said of it."""
    for number, one in enumerate(settled[:_MOST_REFUSALS]):
        if not number:
            yield f"\nIn question: {plural(len(settled), 'wording')} of the model"
        yield f'  "{excerpt(one.doubt.before, _SHOWN)}" → "{excerpt(one.doubt.after, _SHOWN)}"'
        said = f': "{excerpt(one.quote, _SHOWN)}"' if one.quote else ""
        yield f"  {'; '.join(printable(fault) for fault in one.doubt.faults)}: {one.word.value}{said}"
    if len(settled) > _MOST_REFUSALS:
        yield f"  and {len(settled) - _MOST_REFUSALS} more, in the record (--json)"


def _need_lines(record: Record) -> Iterator[str]:
    """What stayed and is needed by something else, piece by piece."""
    needs = groupby(find_needs(record.result), key=lambda need: need.piece)
    for number, (piece, own) in enumerate(needs):
        if not number:
            yield "\nNeeded by others (lines of the original):"
        by = [*dict.fromkeys(f"line {need.by.line} ({printable(need.why or need.kind.value)})" for need in own)]
        more = ", …" if len(by) > _MOST_NEEDS else ""
        yield f"  line {piece.line} [{piece.id}] by {', '.join(by[:_MOST_NEEDS])}{more}"


_MOST_NEEDS: Final = 3  # that are shown of one piece


def _section_line(section: SectionRecord) -> str:
    heading = heading_line(section.original.level, section.original.heading).rstrip(":")
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
    functionality, removed = record.result.functionality, record.advisory_removed
    lost = functionality.protected_lost
    shown = [f"{name} → {'LOST (-10)' if name in lost else 'preserved'}" for name in functionality.protected_found]
    yield f"\nProtected patterns found: {', '.join(shown) or 'none'}"
    shown = [
        f"{name} → {'removed (no score penalty)' if name in removed else 'kept'}" for name in record.advisory_found
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


_SECTIONS_SHOWN: Final = 5  # that are named; the JSON record has all of them
_HEADING_LENGTH: Final = 50  # characters of their headings


def late_text(note: Note) -> str:
    """The warning about required blocks of a result that lie too far down, with their sections."""
    names = [
        f"{excerpt(section.heading, _HEADING_LENGTH) or NO_HEADING} (line {section.line} of the result)"
        for section in note.sections[:_SECTIONS_SHOWN]
    ]
    if more := len(note.sections) - len(names):
        names.append(plural(more, "more section"))
    blocks = "1 required block lies" if note.detail == "1" else f"{note.detail} required blocks lie"
    return (
        f"Warning: {blocks} beyond the first {COMPACTION_TOKENS:,} tokens, all that agents bring back of a skill "
        f"after compaction: {', '.join(names)}. Move them up, or details into files of their own."
    )


def _judged_low(note: Note, threshold: float) -> str:
    """That the last word of the judge is below the threshold."""
    after = f", before {plural(int(note.detail), 'more block')} came back" if note.detail != "0" else ""
    given = f"the judge gives this result {note.score or 0:g} of 100"
    return f"Below the threshold: {given}, {100 * threshold:g} were asked for{after}."


def lack_text(note: Note) -> str:
    """What a skill lacks, whatever is done with it; "" for a note on something else."""
    texts = {
        NoteKind.NO_FRONTMATTER: f"frontmatter: {note.detail}. {FRONTMATTER_HINTS.get(note.detail, '')}",
        NoteKind.NO_SKILL: "this does not look like a skill: it has no frontmatter and no heading. Check that you gave "
        "the SKILL.md.",
        NoteKind.NESTED_FENCES: f"the template on line {note.detail} holds fences as long as its own and is left "
        "alone; Markdown ends it at the first of them. Give it a longer fence.",
        NoteKind.FIELD_TWICE: f"the frontmatter gives `{excerpt(note.detail)}` twice; the last one counts.",
        NoteKind.NO_TRIGGER: f"no trigger section. {TRIGGER_HINT}",
    }
    return texts.get(note.kind, "")


def note_text(note: Note, record: Record) -> tuple[str, str]:
    """The style of a note on a terminal ("" for none) and its text."""
    if note.kind is NoteKind.JUDGED_LOW:
        return "bold yellow", _judged_low(note, record.result.run.options.threshold)
    if note.kind is NoteKind.BROUGHT_BACK:
        return "", f"Brought back: {plural(int(note.detail), 'block')} that the judge missed."
    options, detail = record.result.run.options, note.detail
    threshold = options.threshold
    verdicts = "1 block; its verdict is" if detail == "1" else f"{detail} blocks; their verdicts are"
    plain = {
        NoteKind.ALREADY_MINIMAL: "Already minimal: no compression possible at any threshold; "
        "the original comes out unchanged.",
        NoteKind.WITHIN_BUDGET: f"Already within {options.tokens} tokens; the original comes out unchanged.",
        NoteKind.NOT_WORTH_IT: f"Nothing worth it at threshold {threshold:g}: the next smaller result has "
        f"{note.tokens or 0:,} tokens at {note.score or 0:g}% (--tokens={note.tokens}); the original comes out "
        "unchanged.",
        NoteKind.ALL_KEPT: "Nothing worth it can go beside the pieces to keep; the original comes out unchanged.",
        NoteKind.BUDGET_LEFT: f"Of the budget {detail} tokens are left: with the next piece that went and all that "
        f"belongs to it the result would have {note.tokens or 0:,}.",
        NoteKind.ADVISORY_REMOVED: f"Advisory pattern removed (no score penalty): {detail}",
        NoteKind.PLAIN: f"Without the model's texts, which came to {detail} tokens: the judge gives no less.",
        NoteKind.PLAN_APPLIED: "Plan applied.",
    }
    if note.kind in plain:
        return "", plain[note.kind]
    if lack := lack_text(note):
        return "yellow", f"Warning: {lack}"
    warnings = {
        NoteKind.DATA: f"Warning: {detail} tokens are data in base64, which tell an agent nothing and are left alone. "
        "Put them into a file of their own.",
        NoteKind.PROTECTED_LOST: f"Protected pattern lost (-10 points): {detail}",
        NoteKind.ESTIMATED_TOKENS: f"Warning: the tokenizer {detail} is not available here; counts marked ~ are "
        "estimates of 4 characters a token.",
        NoteKind.WITHOUT_MODEL: f"Warning: {printable(detail)} The run went on without a language model.",
        NoteKind.EMBEDDED_VERDICTS: f"Warning: the model gave no usable answer for {verdicts} the embedded "
        f"{'one' if detail == '1' else 'ones'}.",
        NoteKind.BEYOND_COMPACTION: late_text(note),
        NoteKind.SECOND_PASS: "Warning: this is the result of an earlier run; a second pass loses as much again. "
        "Start from the original.",
        NoteKind.SELF_COMPRESSION: f"Self-compression: this skill makes skills smaller, its {detail} says so.",
        NoteKind.THRESHOLD_RAISED: f"Threshold raised from {detail} to {threshold:g}: what a distiller loses, "
        "every skill after it loses.",
        NoteKind.SOURCE_CHANGED: "Warning: the source has changed since the plan was made; blocks that the plan does "
        f"not know stay as they are: {detail}.",
        NoteKind.PLAN_TOO_LARGE: "Warning: the plan would make the skill larger; the original comes out unchanged.",
        NoteKind.HARD_RULE_DROPPED: f"Warning: the plan removes a block with a hard rule: [{detail}].",
        NoteKind.NOT_MOVED: f"Warning: {detail} can't move into a file without breaking what stays; SKILL.md keeps it.",
        NoteKind.PATTERN_DROPPED: f"Warning: the plan removes a block with a protected pattern: [{detail}].",
    }
    return "yellow", warnings[note.kind]


def print_report(record: Record, console: Console, *, verbose: bool = False) -> None:
    """Print the report; with `verbose` also the section analysis and what a model cost. All is made safe to show."""
    low = [note for note in record.result.notes if note.kind is NoteKind.JUDGED_LOW]
    for note in low:  # nothing else is read before it
        style, text = note_text(note, record)
        console.print(Text(text, style=style))
    for line in _headline(record):
        console.print(line)
    if verbose:
        refusals, settled = record.result.plan.refusals, record.result.functionality.settled
        for line in (*section_analysis(record), *map(Text, (*refusal_lines(refusals), *doubt_lines(settled)))):
            console.print(line)
    for line in receipt_lines(record, verbose=verbose, columns=console.width if console.is_terminal else 0):
        console.print(line)
    for moved in moved_lines(record):
        console.print(moved)
    print_notes(record, console)
    for usage in record.usages if verbose else ():
        console.print(usage_line(usage))


def print_notes(record: Record, console: Console) -> None:
    """Print the notes and warnings alone, first of all that the result fails its own verification."""
    if (verification := record.result.evidence.verification) and not verification.passed:
        console.print(Text(verified_text(verification), style="bold red"))
    for note in record.result.notes:
        if note.kind is not NoteKind.JUDGED_LOW:
            style, text = note_text(note, record)
            console.print(Text(text, style=style))


def usage_line(usage: Usage) -> str:
    """What the run has cost, on one line."""
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    cost = f", {dollars(usage.dollars)}" if usage.dollars else ""
    return printable(
        f"Provider: {usage.provider}/{usage.model}: {plural(usage.calls, 'call')}, {usage.cached} from the cache, "
        f"{tokens}{cost}, {usage.seconds:.1f} s"
    )


def _headline(record: Record) -> Iterator[Text]:
    result, functionality, analysis = record.result, record.result.functionality, record.result.reading.analysis
    figure, remark = estimate_text(record.estimate, functionality.score, functionality.interval, record.floor)
    if record.estimate.outcomes and not result.changed:  # outcomes of smaller texts say nothing of it
        figure, remark = "100%", "nothing was changed"
    yield Text.assemble("Functionality preserved: ", (figure, "bold"), f" ({remark})")
    yield Text.assemble(f"Tokens: {record.counts} ", (f"({result.reduction:.0%} reduction)", "bold green"))
    yield Text(f"Classification confidence: {analysis.confidence:.2f} (mean across sections)")
    yield from map(Text, _removed_and_kept(record))
    analyzer = analysis.analyzer + ("" if analysis.model_part else " (no language model, no network)")
    counted = _counter_text(result.run.counter)
    yield Text(f"Analyzer: {printable(analyzer)}; judge: {printable(functionality.method)}; tokens: {counted}")
    if result.run.token_scorer:
        yield Text(f"Token scorer: {printable(result.run.token_scorer)}")


def _removed_and_kept(record: Record) -> Iterator[str]:
    """What went, what is whole, and of runs with a language model what stands in new words."""
    removed = [f"{count} {COUNTED_NAMES[kind][count > 1]}" for kind, count in record.removed.items()]
    yield f"Removed: {', '.join(removed) or 'nothing'}"
    if record.result.one_liner:
        yield "Kept: three lines"
    else:
        kept = [COUNTED_NAMES[kind][1] for kind in record.kept]
        yield f"Kept: all {', '.join(kept)}" if kept else "Kept: some of every type"
    count = record.result.plan.refused
    if record.reworded or (count and record.result.reading.analysis.model_part):
        refused = f" ({count} refused: lost a fact)" if count else ""
        yield f"Rewritten: {plural(record.reworded, 'block')}{refused}"
    settled = record.result.functionality.settled
    if settled:
        lost = sum(one.word is Word.LOST for one in settled)
        back = f", {lost} not: what they were about came back" if lost else ""
        yield f"{plural(len(settled) - lost, 'wording')} taken on the judge's word{back}"


def _counter_text(counter: TokenCounter) -> str:
    if counter.exact:
        return f"{counter.encoding}, exact"
    instead = "" if counter.encoding == ESTIMATE else f" in place of {counter.encoding}"
    return f"estimate of 4 characters a token{instead}"


def open_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """A console on stdout, or on stderr, that takes nothing in a text for markup, an emoji code or a number to color.

    NO_COLOR means plain text: Rich would leave bold in.
    """
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=soft_wrap, color_system=system)


class ConsoleWatcher(Watcher):
    """One line before the first call, then on a terminal a bar; `close` takes the bar away.

    Where nobody `named` the model, a second line says how to do without.
    """

    def __init__(self, console: Console, *, named: bool = True) -> None:
        self._console = console
        self._named = named
        self._bar: Progress | None = None

    def begin(self, provider: Provider, expected: Expected, price: Price | None) -> None:
        """Say how many calls, about how many tokens, what they cost, and to which host."""
        at = f"at {provider.address}" if provider.address else "in this process"
        asked = f"about {plural(expected.calls, 'call')} and {expected.tokens:,} tokens{_cost_text(expected, price)}"
        self._console.print(printable(f"Asking {provider.name}/{provider.model} {at}: {asked}."))
        if not self._named:
            self._console.print(
                'To send nothing: --provider embedded, or provider = "embedded" in .skill-distiller.toml.'
            )
        if self._console.is_terminal:
            from rich.errors import LiveError

            self._bar = _calls_bar(self._console)
            self._bar.add_task("", total=expected.calls)
            with suppress(LiveError):  # some releases of Rich show one bar at a time, and another model has it
                self._bar.start()

    def progress(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()


def _cost_text(expected: Expected, price: Price | None) -> str:
    """What is said of the money before anything is asked; nothing of a model that costs none."""
    if price is None:
        return "; what they cost is not known here (--price says it)"
    if price == FREE:
        return ""
    return f", {dollars(price.of(expected.tokens - expected.replies, expected.replies))} ({price.source})"


def _calls_bar(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # for runs with a model alone

    columns = (TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TextColumn("calls"))
    return Progress(*columns, console=console, transient=True)
