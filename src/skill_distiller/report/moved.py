"""What moved out of a result into references, as lines for people, as a diff and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from skill_distiller.report.losses import WIDTH
from skill_distiller.report.record import Record
from skill_distiller.report.text import excerpt, file_diff, heading_line, plural, printable, unified_diff
from skill_distiller.run.result import Result
from skill_distiller.skill.ids import piece_ids


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
