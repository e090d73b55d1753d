"""The receipt of the report: what went or changed, section by section, and the facts that are lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from skill_distiller.checks.receipt import Change, LostFact, SectionReceipt
from skill_distiller.language.fact import FactKind
from skill_distiller.report.record import Record
from skill_distiller.report.text import excerpt, heading_line, plural
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind
from skill_distiller.skill.model import BlockKind

_BRING_BACK: Final = "Bring a piece back: --keep ID"
_FACT_LENGTH: Final = 100  # characters of a lost fact that are shown; the JSON record holds all of them


def receipt_lines(record: Record, *, verbose: bool) -> Iterator[Text]:
    """The receipt, nothing where all of the original is there; with `verbose` shortened blocks one by one."""
    receipt = record.result.evidence.receipt
    if not receipt.sections:
        return
    yield Text("\nReceipt (lines of the original):", style="bold")
    for section in receipt.sections:
        yield from _section_receipt(section, record.mark, verbose=verbose)
    if receipt.changes:
        yield Text(_BRING_BACK if verbose else f"{_BRING_BACK} (ids of shortened blocks: --verbose)")
    facts = sum(fact.kind is not FactKind.HEADING for fact in receipt.lost)
    headings = len(receipt.lost) - facts
    if receipt.lost:
        also = f" and {plural(headings, 'heading')}" if headings else ""
        yield Text(f"Facts no longer in the text: {facts}{also}, each named above (whole in --json)", style="yellow")
    else:
        yield Text("Facts no longer in the text: none that the inventory knows", style="green")


def _section_receipt(section: SectionReceipt, mark: str, *, verbose: bool) -> Iterator[Text]:
    heading = heading_line(section.level, section.heading)
    yield Text.assemble(
        "  ", (heading, "bold"), f" (heading removed [{section.id}])" if section.heading_dropped else ""
    )
    rewritten: Counter[RenderingKind] = Counter()
    saved: Counter[RenderingKind] = Counter()
    separators = [change.id for change in section.changes if change.block.kind is BlockKind.RULE]
    for change in section.changes:
        if change.block.kind is BlockKind.RULE:
            continue
        if change.after and not verbose:
            rewritten[change.rendering] += 1
            saved[change.rendering] += change.saved
        else:
            yield _change_line(change, mark)
    if separators:
        named = f" [{', '.join(separators)}]" if verbose else ""
        yield Text(f"    removed{named}: {plural(len(separators), 'separator')} (---)")
    for kind, n in rewritten.items():
        tokens = f"{mark}{plural(saved[kind], 'token')}"
        yield Text(f"    {kind.value}: {plural(n, 'block')}, {tokens}, {RENDERINGS[kind].wording}")
    facts = _facts(fact for fact in section.lost if fact.kind is not FactKind.HEADING)  # said beside the heading
    if facts:
        yield Text(f"    facts lost: {' · '.join(facts)}", style="yellow")


def _change_line(change: Change, mark: str) -> Text:
    block = change.block
    lines = f"line {block.line}" if block.line == block.last_line else f"lines {block.line}-{block.last_line}"
    what = f"{change.rendering.value if change.after else 'removed'} [{change.id}]: {block.kind.value}"
    saved = f"{mark}{plural(change.saved, 'token')}"
    return Text(f"    {what}, {lines}, {change.type.value}, {saved}: {excerpt(block.text)}")


def _facts(lost: Iterable[LostFact]) -> list[str]:
    return list(dict.fromkeys(_shown(fact) for fact in lost))


def _shown(fact: LostFact) -> str:
    text = excerpt(fact.text, _FACT_LENGTH)
    return f"`{text}`" if fact.kind is FactKind.CODE_LINE else text
