"""The pages made from the command line itself: `python -m lab.manual` writes docs/cli.md and docs/skill-distiller.1."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer
from typer.main import get_command

from skill_distiller._version import __version__
from skill_distiller.cli.app import COMMANDS, app, load_command
from skill_distiller.cli.options.completion import PROGRAM
from skill_distiller.cli.options.option_groups import examples_of, help_sections

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "cli.md"
MANUAL: Final = ROOT / "docs" / "skill-distiller.1"
Command = Any  # of Typer, whose classes differ between its releases
_EXIT_CODES: Final = (
    ("0", "Done; also when nothing worth it can go: then the original comes out unchanged, and a note says so."),
    ("1", "Internal error, with a traceback."),
    ("2", "The command line, or a configuration file, makes no sense."),
    ("3", "Bad input: missing, empty, not UTF-8, too large, no skill; `calibration doctor` found something."),
    ("4", "A language model or agent that was named: not there, unreachable, refused, no usable answer, or forbidden."),
    ("5", "The budget of tokens can't be met; the message names the smallest that can."),
    ("6", "Refused: it would have overwritten something, nobody approved, or `verify` found a failure."),
    ("130", "Stopped with Ctrl-C."),
)


def commands() -> Iterator[tuple[str, Command, typer.Context]]:
    """Every command with its full name and a context to ask it in, those of a group behind the group."""
    root = typer.Context(get_command(app), info_name=PROGRAM)
    for entry in COMMANDS:
        yield from _below(load_command(entry), f"{PROGRAM} {entry.name}", root)


def _below(command: Command, name: str, parent: typer.Context) -> Iterator[tuple[str, Command, typer.Context]]:
    context = typer.Context(command, info_name=name.rsplit(" ", 1)[1], parent=parent)
    yield name, command, context
    for below, sub in getattr(command, "commands", {}).items():
        yield from _below(sub, f"{name} {below}", context)


def page() -> str:
    """docs/cli.md: each command with its options, by group, and examples."""
    lines = ["# Commands and options", "", "Made from the program itself by `python -m lab.manual`.", ""]
    lines += ["`skill-distiller PATH` means `skill-distiller compress PATH`, with options before or behind it.", ""]
    for name, command, context in commands():
        lines += [f"{'##' if name.count(' ') == 1 else '###'} {name}", "", " ".join((command.help or "").split()), ""]
        lines += ["```text", f"{name} {' '.join(command.collect_usage_pieces(context))}", "```", ""]
        for title, rows in help_sections(command, context):
            if not getattr(command, "commands", None):
                lines += [f"| {title} | |", "|---|---|"]
                lines += [f"| `{_cell(term)}` | {_cell(text)} |" for term, text in rows]
                lines.append("")
        if found := examples_of(name.split(" ")[1]) if name.count(" ") == 1 else {}:
            lines += ["```bash", *(f"{line}  # {what}" for what, line in found.items()), "```", ""]
    lines += ["## Exit codes", "", "| Code | Meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in _EXIT_CODES]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def manual() -> str:
    """docs/skill-distiller.1: the same as a manual page."""
    title = PROGRAM.upper().replace("-", "\\-")
    lines = [f'.TH {title} 1 "" "{PROGRAM} {__version__}"', ".SH NAME"]
    lines += [f"{_roff(PROGRAM)} \\- make agent skills (SKILL.md) smaller, and show what they still carry"]
    lines += [".SH SYNOPSIS", f".B {_roff(PROGRAM)}", "[OPTIONS] PATH", ".br", f".B {_roff(PROGRAM)}", "COMMAND …"]
    for name, command, context in commands():
        lines += [
            f".SH {_roff(name.removeprefix(PROGRAM + ' ').upper())}",
            _roff(" ".join((command.help or "").split())),
        ]
        for heading, rows in help_sections(command, context):
            lines.append(f".SS {_roff(heading)}")
            for term, text in rows:
                lines += [".TP", f".B {_roff(term)}", _roff(" ".join(text.split()))]
        if found := examples_of(name.split(" ")[1]) if name.count(" ") == 1 else {}:
            lines.append(".SS Examples")
            for what, line in found.items():
                lines += [".TP", _roff(what), f".B {_roff(line)}"]
    lines.append(".SH EXIT STATUS")
    for code, meaning in _EXIT_CODES:
        lines += [".TP", f".B {code}", _roff(meaning)]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """A text in which nothing is a request or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def main() -> None:
    """Write both pages; with --check exit with 1 where one is not what it should be."""
    stale = [file for file, text in ((PAGE, page()), (MANUAL, manual())) if not _is(file, text)]
    for file in stale:
        print(file.relative_to(ROOT))
        if "--check" not in sys.argv:
            file.write_text(page() if file == PAGE else manual(), encoding="utf-8")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


def _is(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
