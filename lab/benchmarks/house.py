"""How large the code is, and how much of it one run enters: `python -m lab.benchmarks.house`."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import skill_distiller
from lab.common.tables import table
from skill_distiller.cli.app import app

SOURCE: Final = Path(skill_distiller.__file__).parent
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "changelog-entry" / "SKILL.md"
_TARGETS: Final = {"modules": 140, "lines": 20_000, "longest function": 60, "files entered": 85}


@dataclass(frozen=True, slots=True)
class House:
    """Counts of `src/skill_distiller`; `entered` are the files of it in which `compress` calls a function."""

    modules: int
    lines: int
    longest: tuple[int, str]  # lines of a function, and its name
    entered: int
    calls_between: int  # calls from a function of one file into one of another


def measure() -> House:
    """Read every module, then watch one run."""
    sources = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    longest = max(lengths for path, text in sources.items() for lengths in _functions(path, text))
    entered, between = _watch("compress", "--provider", "embedded", "--no-calibration", "--threshold=0.9", str(EXAMPLE))
    return House(len(sources), sum(len(text.splitlines()) for text in sources.values()), longest, entered, between)


def _functions(path: Path, text: str) -> Iterator[tuple[int, str]]:
    yield 0, ""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{path.relative_to(SOURCE)}: {node.name}"


def _watch(*arguments: str) -> tuple[int, int]:
    """In how many files of the package a command calls a function, and how often it goes from one to another."""
    files: set[str] = set()
    between = 0

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal between
        code, caller = frame.f_code, frame.f_back
        function = code.co_flags & inspect.CO_OPTIMIZED  # not the body of a module or a class that is loaded
        if event == "call" and function and code.co_filename.startswith(str(SOURCE)):
            files.add(code.co_filename)
            between += bool(caller and caller.f_code.co_filename != code.co_filename)

    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        sys.setprofile(watch)
        try:
            app(list(arguments), standalone_mode=False)
        finally:
            sys.setprofile(None)
    return len(files), between


def report(house: House) -> str:
    """The counts as Markdown."""
    lines, name = house.longest
    rows = [
        ["modules", f"{house.modules}", f"<= {_TARGETS['modules']}"],
        ["lines", f"{house.lines:,}", f"<= {_TARGETS['lines']:,}"],
        [f"longest function (`{name}`)", f"{lines}", f"<= {_TARGETS['longest function']}"],
        ["files that `compress` enters", f"{house.entered}", f"<= {_TARGETS['files entered']}"],
        ["calls from one file into another in that run", f"{house.calls_between:,}", ""],
    ]
    return f"## The code\n\n{table(['what', 'count', 'target'], rows)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure()))


if __name__ == "__main__":
    main()
