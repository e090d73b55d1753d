"""What a result has lost, for people: the largest losses on one screen, or with --verbose the whole receipt.

And what is not lost but moved into references, as lines, as a diff and as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.text import Text

from skill_distiller.checks.receipt import Change, LostFact, Receipt, SectionReceipt
from skill_distiller.language.fact import FactKind
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.worth import block_worths
from skill_distiller.report.record import COUNTED_NAMES, CUT_DOWN, Record
from skill_distiller.report.text import EXCERPT, excerpt, file_diff, heading_line, plural, printable, unified_diff
from skill_distiller.report.verification import verified_text
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind
from skill_distiller.rewriting.parts import parts_of
from skill_distiller.run.result import Result
from skill_distiller.skill.model import Block, BlockKind, Section, piece_ids
from skill_distiller.structure.find_edges import defined_names

WIDTH: Final = 120  # characters of a line where no terminal says how wide it is
_LARGEST: Final = 10  # losses that are named without --verbose
_LEFT_OUT: Final = CUT_DOWN | {RenderingKind.DROPPED}


class Loss(NamedTuple):
    """A piece of the original that is not in the result: a section that went whole, a block, or parts of one.

    `id` is what --keep brings it back by, `pieces` are the ids of all that went; `tokens` how many went, `worth`
    (0-1) their part of what the skill is worth. `section` is where it stood, `blocks` are those that went.
    """

    id: str
    pieces: tuple[str, ...]
    section: Section
    blocks: tuple[Block, ...]
    tokens: int
    worth: float
    reason: Reason
    heading_gone: bool
    parts: str = ""  # of a block that was only cut down, what went

    @property
    def text(self) -> str:
        """What went, as it stood."""
        if self.parts:
            return self.parts
        heading = self.section.heading_source if self.heading_gone else ""
        return heading + "".join(block.source for block in self.blocks)

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line in the original, counted from 1."""
        first = self.section.line if self.heading_gone else self.blocks[0].line
        return first, self.blocks[-1].last_line if self.blocks else first


def find_losses(result: Result) -> tuple[Loss, ...]:
    """What went, the largest loss first; a section is one loss where its heading and all its blocks went."""
    skill, plan = result.original, result.plan
    worths = block_worths(result.reading, result.run.models.worth)
    losses = []
    for receipt in result.evidence.receipt.sections:
        section = skill.sections[receipt.section]
        gone = [change for change in receipt.changes if _is_left_out(change)]
        whole = receipt.heading_dropped and len(gone) == len(section.blocks)
        heading = plan.heading_tokens[section.index] if receipt.heading_dropped else 0
        for group in [gone] if whole else [[change] for change in gone if change.block.kind is not BlockKind.RULE]:
            losses.append(
                Loss(
                    receipt.id if whole else group[0].id,
                    tuple(change.id for change in group) or (receipt.id,),
                    section,
                    tuple(change.block for change in group),
                    sum(change.saved for change in group) + (heading if whole else 0),
                    sum(_share_gone(change, result) * worths[change.block.index] for change in group),
                    Reason.NOT_WORTH if not group or group[0].rendering in CUT_DOWN else group[0].reason,
                    whole,
                    _parts_gone(group[0], result) if len(group) == 1 and group[0].rendering in CUT_DOWN else "",
                )
            )
    return tuple(sorted(losses, key=lambda loss: (-loss.tokens, loss.lines)))


def _share_gone(change: Change, result: Result) -> float:
    """The part of a block's worth (0-1) that went with what is left out of it."""
    return 1.0 - result.plan.decisions[change.block.index].rendering.share if change.after else 1.0


def _parts_gone(change: Change, result: Result) -> str:
    """The sentences, items and rows of a block that its rendering does not have, each on a line of its own."""
    block = change.block
    parts = parts_of(block, result.reading.locked[block.index])
    texts = (block.text[part.start : part.end].strip("\r\n") for part in parts)
    kept = " ".join(change.after.split())
    return "\n".join(text for text in texts if " ".join(text.split()) not in kept and any(map(str.isalnum, text)))


def _is_left_out(change: Change) -> bool:
    """Whether a block is gone or cut down, and no other text stands for it."""
    return change.rendering in _LEFT_OUT or not (change.after or RENDERINGS[change.rendering].joint)


def lost_text(receipt: Receipt) -> str:
    """How much is gone: `33 facts and 2 headings are gone`; without facts the number of pieces, "" for nothing."""
    headings = sum(fact.kind is FactKind.HEADING for fact in receipt.lost)
    facts = len(receipt.lost) - headings
    counted = [plural(n, noun) for n, noun in ((facts, "fact"), (headings, "heading")) if n]
    total = len(receipt.lost)
    if not counted and (total := sum(not change.after for change in receipt.changes)):
        counted = [f"{plural(total, 'piece')} without facts"]
    return f"{' and '.join(counted)} {'is' if total == 1 else 'are'} gone" if counted else ""


def receipt_lines(record: Record, *, verbose: bool, columns: int = 0) -> Iterator[Text]:
    """The verdict of a result that passed, then what it lost: what fits a screen, or with `verbose` all of it.

    Nothing but the verdict where all of the original is there. On a terminal of so many `columns` each loss is a row.
    """
    result = record.result
    receipt, verification = result.evidence.receipt, result.evidence.verification
    if verification and verification.passed:
        gone = lost_text(receipt)
        more = "" if verbose or not gone or verification.unproved else " (--verbose lists them)"
        yield Text(verified_text(verification, gone) + more, style="yellow" if gone else "green")
    if result.one_liner and not verbose:  # nothing but the three lines is left: a list of it all says little
        yield from _one_liner_lines(record)
    elif receipt.sections:
        yield from _whole_receipt(record) if verbose else _screen(record, columns)


def _one_liner_lines(record: Record) -> Iterator[Text]:
    """Who wrote the three lines, and how much of the skill they do not say."""
    one_liner, lost = record.result.one_liner, lost_text(record.result.evidence.receipt)
    if one_liner is None:
        return
    yield Text(f"One-liner by: {printable(one_liner.method)}; name, description and body are not in the text")
    if one_liner.left_out:
        noun = "phrase" if one_liner.left_out == 1 else "phrases"
        yield Text(f"Quoted trigger {noun} without room: {one_liner.left_out}", style="yellow")
    yield Text(f"{lost or 'Nothing is gone'} (each named with --verbose and in --json)", style="yellow")


def _screen(record: Record, columns: int) -> Iterator[Text]:
    losses, changes = find_losses(record.result), record.result.evidence.receipt.changes
    if losses:
        yield Text("\nLargest losses (--keep ID brings one back):", style="bold")
        for loss in losses[:_LARGEST]:
            line = Text(loss_line(loss, record, columns or WIDTH))
            line.truncate(columns or line.cell_len, overflow="ellipsis")
            yield line
    if len(losses) > _LARGEST:
        rest = losses[_LARGEST:]
        tokens = f"{record.mark}{plural(sum(loss.tokens for loss in rest), 'token')}"
        yield Text(f"  and {len(rest)} smaller, {tokens} together (--verbose)")
    if reworded := [change for change in changes if change.after and not _is_left_out(change)]:
        yield Text(_wording_line(reworded, record.mark)[:_MOST_CHARACTERS])


_MOST_CHARACTERS: Final = 400  # of a line that counts kinds of changes


def loss_line(loss: Loss, record: Record, width: int = WIDTH) -> str:
    """A loss on one line: its id, size and place, why it could go, and how it begins. Safe to show."""
    head = f"  {loss_head(loss, record)}: "
    if len(head) + _LEAST > width:  # how it begins tells more than the last words of why it could go
        head = head.replace(" and others", "").replace(" of the worth: ", ": ")
    return head + _what(loss, max(20, width - len(head)))


def loss_head(loss: Loss, record: Record) -> str:
    """The id of a loss, its size and place, and why it could go."""
    first, last = loss.lines
    lines = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"[{loss.id}] {record.mark}{plural(loss.tokens, 'token')}, {lines}, {_why(loss, record)}"


def _why(loss: Loss, record: Record) -> str:
    """What it was taken for and how little it weighs, or who said that it shall go."""
    verdicts = record.result.reading.verdicts
    kinds = dict.fromkeys(COUNTED_NAMES[verdicts[block.index].type][0] for block in loss.blocks)
    kind = next(iter(kinds), "heading") + (" and others" if len(kinds) > 1 else "")
    if loss.reason is Reason.NOT_WORTH:
        return f"{kind}, {loss.worth:.1%} of the worth"
    return f"{kind}, {loss.reason.value}"


def _what(loss: Loss, width: int) -> str:
    """How a loss begins; of code its first line, its length and what it defines."""
    if loss.parts:
        return excerpt(f"part of it: {loss.parts}", width)
    if not loss.heading_gone:
        return block_text(loss.blocks[0], width)
    heading = excerpt(heading_line(loss.section.level, loss.section.heading), width).rstrip(":")
    code = next((block for block in loss.blocks if block.kind is BlockKind.CODE), None)
    if code:
        return f"{heading}, with {block_text(code, max(_LEAST, width - len(heading)))}"
    room = width - len(heading) - 2
    return f"{heading}: {block_text(loss.blocks[0], room)}" if loss.blocks and room >= _LEAST else heading


_NAMES_SHOWN: Final = 3
_LEAST: Final = 30  # characters that are worth showing of a text


def block_text(block: Block, width: int = EXCERPT) -> str:
    """How a block begins, on one line; of code its first line, its length and what it defines. Safe to show."""
    if block.kind is not BlockKind.CODE:
        return excerpt(block.text, width)
    fenced = block.text.lstrip().startswith(("```", "~~~"))
    lines = [line for line in block.text.splitlines()[1 if fenced else 0 : -1 if fenced else None] if line.strip()]
    names = [*dict.fromkeys(defined_names("\n".join(lines)))]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    defines = f"; defines {', '.join(names[:_NAMES_SHOWN])}{more}" if names else ""
    told = excerpt(f"({plural(len(lines), 'line')}{defines})")
    return f"`{excerpt(lines[0] if lines else '', max(_LEAST // 2, width - len(told) - 3))}` {told}"


def _wording_line(changes: Iterable[Change], mark: str) -> str:
    """All that is written otherwise, in one line: how many blocks, the tokens saved, and by what."""
    kinds, saved = Counter[RenderingKind](), 0
    for change in changes:
        kinds[change.rendering] += 1
        saved += change.saved
    parts = "; ".join(f"{RENDERINGS[kind].wording} in {n}" for kind, n in kinds.most_common())
    return f"Shorter: {plural(sum(kinds.values()), 'block')}, {mark}{plural(saved, 'token')} ({parts})"


_FACT_LENGTH: Final = 100  # characters of a lost fact that are shown; the JSON record holds all of them
_LINE_LENGTH: Final = 200  # characters from which on facts go to the next line


def _whole_receipt(record: Record) -> Iterator[Text]:
    """Every change and every lost fact, section by section, and how much that is."""
    receipt = record.result.evidence.receipt
    yield Text("\nReceipt (lines of the original):", style="bold")
    for section in receipt.sections:
        yield from _section_receipt(section, record.mark)
    if receipt.changes:
        yield Text("Bring a piece back: --keep ID")
    if receipt.lost:
        yield Text(f"{lost_text(receipt)}, each named above (whole in --json)", style="yellow")
    else:
        yield Text("Facts that are gone: none found", style="green")


def _section_receipt(section: SectionReceipt, mark: str) -> Iterator[Text]:
    heading = heading_line(section.level, section.heading)
    yield Text.assemble(
        "  ", (heading, "bold"), f" (heading removed [{section.id}])" if section.heading_dropped else ""
    )
    separators = [change.id for change in section.changes if change.block.kind is BlockKind.RULE]
    for change in section.changes:
        if change.block.kind is not BlockKind.RULE:
            yield Text(_change_line(change, mark))
    if separators:
        yield Text(f"    removed [{', '.join(separators)}]: {plural(len(separators), 'separator')} (---)")
    yield from (Text(line, style="yellow") for line in _fact_lines(section))


def _change_line(change: Change, mark: str) -> str:
    block = change.block
    lines = f"line {block.line}" if block.line == block.last_line else f"lines {block.line}-{block.last_line}"
    what = f"{change.rendering.value if change.after else 'removed'} [{change.id}]: {block.kind.value}"
    saved = f"{mark}{plural(change.saved, 'token')}"
    how = f" ({RENDERINGS[change.rendering].wording})" if change.after else ""
    return f"    {what}, {lines}, {change.type.value}, {saved}{how}: {block_text(block)}"


_SHORT: Final = 5  # lines of code that are quoted one by one


def _fact_lines(section: SectionReceipt) -> Iterator[str]:
    """The facts that went with a section; headings are named above, and so is long code, whose facts are counted."""
    removed = (change.block for change in section.changes if not change.after)
    long = [block for block in removed if block.kind is BlockKind.CODE and block.last_line - block.line > _SHORT]
    facts = [*dict.fromkeys(_shown(f) for f in section.lost if f.kind is not FactKind.HEADING and not _is_in(f, long))]
    counted = [fact for fact in section.lost if _is_in(fact, long)]
    lines = sum(fact.kind is FactKind.CODE_LINE for fact in counted)
    if counted:
        more = f" and {plural(len(counted) - lines, 'other fact')}" if len(counted) > lines else ""
        facts.append(f"{plural(lines, 'line')}{more} of the removed code")
    yield from (f"    facts lost: {line}" for line in _joined(facts))


def _is_in(fact: LostFact, blocks: Sequence[Block]) -> bool:
    return any(block.line <= fact.line <= block.last_line for block in blocks)


def _joined(facts: Sequence[str]) -> Iterator[str]:
    """The facts with dots between, as many to a line as it takes."""
    line = ""
    for fact in facts:
        if line and len(line) + len(fact) > _LINE_LENGTH:
            yield line
            line = ""
        line = f"{line} · {fact}" if line else fact
    if line:
        yield line


def _shown(fact: LostFact) -> str:
    text = excerpt(fact.text, _FACT_LENGTH)
    return f"`{text}`" if fact.kind is FactKind.CODE_LINE else text


def moved_lines(record: Record) -> Iterator[str]:
    """A line for each passage that moved: its ids, its size and place, and where to. Safe to show."""
    result = record.result
    if result.moves is None:
        return
    ids, skill = piece_ids(result.original).blocks, result.original
    yield "\nMoved (a pointer stands in its place):"
    for file in result.moves.references:
        for passage in file.passages:
            blocks = [skill.blocks[index] for index in passage.blocks]
            tokens = sum(result.plan.decisions[block.index].full_tokens for block in blocks)
            names = ", ".join(ids[block.index] for block in blocks)
            section = skill.sections[passage.section]
            place = f"line {blocks[0].line} → {printable(str(file.path))}"
            head = f"  [{names}] {record.mark}{plural(tokens, 'token')}, {place}: "
            what = heading_line(section.level, section.heading) if passage.whole else blocks[0].text
            yield head + excerpt(what, max(20, WIDTH - len(head)))


def diff_of(result: Result) -> str:
    """The unified diff from the original to a result, with the files that it brings; "" where nothing changed."""
    paths = [str(file.path) for file in result.moves.references] if result.moves else []
    new = (file_diff(path, "", _text(result, path)) for path in paths)
    return "".join((unified_diff(result.original, result.text), *new))


def new_files(result: Result) -> list[dict[str, object]]:
    """The same files as JSON: what each begins with, and for each passage its pieces and the pointer to it."""
    if result.moves is None:
        return []
    from skill_distiller.disclosure.signposts import write_pointer  # most results have none

    ids, skill = piece_ids(result.original), result.original
    return [
        {
            "path": str(file.path),
            "header": _text(result, str(file.path)).splitlines()[0],
            "passages": [
                {
                    "section": ids.headings[passage.section],
                    "heading": skill.sections[passage.section].heading,
                    "pointer": write_pointer(sign, file.path),
                    "from": [ids.blocks[block] for block in passage.blocks],
                }
                for passage, sign in zip(file.passages, file.signposts, strict=True)
            ],
        }
        for file in result.moves.references
    ]


def _text(result: Result, path: str) -> str:
    file = result.moves.split.after.file(path) if result.moves else None
    return file.read_text() if file else ""
