"""What README and guide show, made from real runs: `python -m lab.readme` writes it, and docs/before-after.svg."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Final, NamedTuple

from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions, KeptPieces
from skill_distiller.skill.read import read_skill

ROOT: Final = Path(__file__).resolve().parents[1]
README: Final = ROOT / "README.md"
PICTURE: Final = ROOT / "docs" / "before-after.svg"
GUIDE: Final = ROOT / "docs" / "guide.md"
_EXAMPLE: Final = ROOT / "examples" / "postgres-migration"
_KEEP: Final = "--keep b23jd8"  # what its author would miss; examples/regenerate keeps it too
_LONG: Final = ROOT / "examples" / "incident-report"  # full of samples, which can stand in files of their own
_STAYS: Final = '--keep-section Severity --keep-section "Phase 1: Collect" --keep k5d99z --no-description'
_SHOWN: Final = ROOT / "examples" / "changelog-entry"
_KEPT: Final = "When to write one"  # a section of the shown example that its author keeps
_LOSSES_SHOWN: Final = 5
_REPORT: Final = ("Functionality", "Tokens", "Receipt", "Largest", "  [")  # beginnings of the lines that are shown


class Step(NamedTuple):
    """A command of the session, what is said before it, and which lines of its output are shown."""

    said: str
    command: str
    shown: tuple[str, ...] = ()


def session() -> str:
    """The session of the README: run in an empty folder, with the lines of its output that matter."""
    with tempfile.TemporaryDirectory() as place:
        for example in (_EXAMPLE, _LONG):
            shutil.copytree(example, Path(place) / example.name)
        skill, long = _EXAMPLE.name, _LONG.name
        steps = (
            Step("Look first: nothing is written.", f"skill-distiller {skill} --dry-run", _REPORT),
            Step(
                "`--keep` and the id of a piece keep it as it is: here the list of what the skill is for, with the "
                "words that lead in to it.\n`-i` asks about each piece instead: drop, keep, or with `-o FOLDER/` "
                "move to a reference. It saves your answers as a plan.",
                f"skill-distiller {skill} {_KEEP} --json -o smaller/ > run.json",
            ),
            Step(
                "Whoever wrote a smaller version, this tool or you: what is said otherwise, lost or new?",
                f"skill-distiller verify {skill} smaller/ --receipt run.json",
                ("Accounted", "Tokens", "Receipt"),
            ),
            Step(
                "Write it over the original, and take that back.",
                f"skill-distiller {skill} {_KEEP} --apply",
                ("Applied", "To take"),
            ),
            Step("", "skill-distiller undo", ("Undone",)),
            Step(
                "Often more is saved by dropping nothing: `reduce` moves what is seldom needed into files that the "
                "agent reads\nwhen it comes to them. Here samples move, and what every report needs stays.",
                f"skill-distiller reduce {long} {_STAYS} -o reduced/",
                ("Read at", "Per use", "Conserved", "Verified"),
            ),
        )
        return "".join(_told(step, place) for step in steps)


def three_lines() -> str:
    """The one-liner of the shown example, with its command."""
    text = distill(read_skill(_SHOWN), DistillOptions(mode=Mode.ONELINER)).text
    return f"```console\n$ skill-distiller --mode one-liner -q {_SHOWN.relative_to(ROOT).as_posix()}\n{text}```\n"


def between(text: str, name: str, new: str) -> str:
    """A page in which `new` stands between the two marks of a name."""
    begin, end = f"<!-- {name}: begin (written by python -m lab.readme) -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        raise ValueError(f"there are no marks of {name!r}")
    return f"{before}{begin}{new}{end}{rest.partition(end)[2]}"


def _told(step: Step, place: str) -> str:
    out, err = _run(step.command, place)
    lines = (out + err).splitlines() if step.shown else []
    losses = [line for line in lines if line.startswith("  [")]
    wanted = [line.startswith(step.shown) and line not in losses[_LOSSES_SHOWN:] for line in lines]
    # What is left out of an output is marked.
    shown = [
        line if is_shown else "…" for line, is_shown in zip(lines, wanted, strict=True) if is_shown or line.strip()
    ]
    text = "".join(f"{line}\n" for line, _ in groupby(shown))
    text = re.sub(r"; its original is \S+", "; its original is …", text).replace(f"{Path(place).resolve()}/", "")
    text = re.sub(r"before \d{4}-\S+\.$", "before 2026-11-29T12:00:00+00:00.", text, flags=re.MULTILINE)
    said = f"{step.said}\n\n" if step.said else ""
    return f"{said}```console\n$ {step.command}\n{text}```\n\n"


def _run(command: str, place: str) -> tuple[str, str]:
    words, _, file = command.partition(" > ")
    environment = {
        **os.environ,
        "NO_COLOR": "1",
        "SKILL_DISTILLER_PROVIDER": "embedded",
        "SKILL_DISTILLER_LEARNINGS": "off",
        "XDG_DATA_HOME": f"{place}/data",
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("src", ".")),
    }
    run = [sys.executable, "-m", "skill_distiller", *shlex.split(words)[1:]]
    done = subprocess.run(run, cwd=place, env=environment, capture_output=True, text=True, check=True)
    if file:
        (Path(place) / file).write_text(done.stdout, encoding="utf-8")
        return "", done.stderr
    return done.stdout, done.stderr


_COLUMNS: Final = 74  # characters of a line in the picture
_LINE, _MARGIN, _WIDTH, _HEAD = 14, 16, 560, 46  # pixels
_COLORS: Final = {"-": ("#ffe0e0", "#8a1c1c"), "~": ("#fff3cf", "#6b4e00"), " ": ("none", "#24292f")}


def picture() -> str:
    """The shown example before and after, as SVG: what went is red on the left, what was shortened yellow."""
    result = distill(read_skill(_SHOWN), DistillOptions(keep=KeptPieces(sections=(_KEPT,))))
    left = [*_lines(result)]
    right = [(" ", line) for line in _wrapped(result.text)]
    height = _HEAD + _LINE * max(len(left), len(right)) + _MARGIN
    before, after = result.tokens
    saved = f"{result.reduction:.0%}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {height}" role="img" '
        f'aria-label="A skill before and after: {before} and {after} tokens">',
        "<style>text{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11px;white-space:pre}"
        ".h{font-family:system-ui,sans-serif;font-size:15px;font-weight:600}</style>",
        f'<rect width="{2 * _WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<line x1="{_WIDTH}" y1="0" x2="{_WIDTH}" y2="{height}" stroke="#d0d7de"/>',
        f'<text class="h" x="{_MARGIN}" y="28" fill="#24292f">before: {before} tokens</text>',
        f'<text class="h" x="{_WIDTH + _MARGIN}" y="28" fill="#24292f">after: {after} tokens, {saved} fewer</text>',
        *_column(left, 0),
        *_column(right, _WIDTH),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _lines(result: Result) -> Iterator[tuple[str, str]]:
    """The lines of the original, each with what became of it: gone, shortened, or as it was."""
    changes = {change.block.index: change for change in result.evidence.receipt.changes}
    yield from ((" ", line) for line in _wrapped(result.original.frontmatter.raw))
    for section in result.original.sections:
        stays = result.plan.headings[section.index]
        yield from ((" " if stays else "-", line) for line in _wrapped(section.heading_source))
        for block in section.blocks:
            change = changes.get(block.index)
            mark = " " if change is None else "~" if change.after else "-"
            yield from ((mark, line) for line in _wrapped(block.source))


def _wrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from wrap(line, _COLUMNS) or [""]


def _column(lines: list[tuple[str, str]], x: int) -> Iterator[str]:
    for number, (mark, line) in enumerate(lines):
        y, (back, ink) = _HEAD + _LINE * number, _COLORS[mark]
        if back != "none":
            yield f'<rect x="{x + _MARGIN // 2}" y="{y}" width="{_WIDTH - _MARGIN}" height="{_LINE}" fill="{back}"/>'
        if line.strip():
            through = ' text-decoration="line-through"' if mark == "-" else ""
            yield f'<text x="{x + _MARGIN}" y="{y + 11}" fill="{ink}"{through}>{escape(line)}</text>'


def main() -> None:
    """Write all; with --check exit with 1 where one is not what it should be."""
    wanted = {
        README: between(README.read_text(encoding="utf-8"), "session", session()),
        GUIDE: between(GUIDE.read_text(encoding="utf-8"), "one-liner", three_lines()),
        PICTURE: picture(),
    }
    stale = [file for file, content in wanted.items() if not file.is_file() or file.read_text("utf-8") != content]
    for file in stale:
        print(file.relative_to(ROOT))
        if "--check" not in sys.argv:
            file.write_text(wanted[file], encoding="utf-8")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
