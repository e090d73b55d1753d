"""The largest file that is accepted, in every mode: CPU seconds and memory of the whole command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.benchmarks.speed import make_skill
from lab.common.shared import Shared, open_shared
from lab.common.tables import table
from skill_distiller.skill.model import MAX_BLOCKS, MAX_BYTES
from skill_distiller.skill.parse import parse_skill

SECONDS: Final = 10  # of the CPU, at most
MEMORY: Final = 500  # MB, at most
MODES: Final = {
    "compress": ("compress", "{file}"),
    "compress, threshold 0.5": ("compress", "{file}", "--threshold", "0.5"),
    "compress, 60 % of the tokens": ("compress", "{file}", "--tokens", "60%"),
    "compress, 30 % of the tokens": ("compress", "{file}", "--tokens", "30%"),
    "compress, one-liner": ("compress", "{file}", "--mode", "oneliner"),
    "verify, of what is left at 0.5": ("verify", "{file}", "{small}"),
    "reduce": ("reduce", "{folder}", "-o", "{out}"),
}
_FIELDS: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEAD: Final = "---\nname: all\ndescription: Use when anything is asked.\n---\n\n# All of them\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: CPU seconds, memory in MB, and its exit code (5: the budget can't be met)."""

    mode: str
    seconds: float
    memory: float
    code: int


def largest_skill(texts: Iterable[str]) -> str:
    """Skills under headings of their own, those of the longest blocks first, as many as are accepted in one file."""
    measured = [(text, len(text.encode()), _blocks(text)) for text in (_FIELDS.sub("", text) for text in texts)]
    parts, room, left = [_HEAD], MAX_BYTES - len(_HEAD), MAX_BLOCKS - 10
    for number, (text, size, blocks) in enumerate(sorted(measured, key=lambda row: -row[1] / row[2])):
        part = f"\n# Skill {number}\n\n{text}\n"
        size, blocks = size + len(part) - len(text), blocks + 2
        if size <= room and blocks <= left:
            parts.append(part)
            room, left = room - size, left - blocks
    return "".join(parts)


def _blocks(text: str) -> int:
    skill = parse_skill(text)
    return len(skill.blocks) + len(skill.sections)


def measure(shared: Shared) -> dict[str, tuple[Cost, ...]]:
    """For real skills in one file, and for a made-up one, the cost of each mode."""
    real = largest_skill(entry.path.read_text(encoding="utf-8") for entry in shared.entries())
    made = make_skill(140)
    return {
        f"{name}, {len(text.encode()):,} bytes": tuple(_costs(text)) for name, text in (("real", real), ("made", made))
    }


def _costs(text: str) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "all"
        folder.mkdir()
        file, small = folder / "SKILL.md", Path(name) / "small.md"
        file.write_text(text, encoding="utf-8")
        places = {"file": file, "folder": folder, "small": small, "out": Path(name) / "out"}
        for mode, command in MODES.items():
            cost, output = _run([word.format(**places) for word in command], Path(name))
            if "0.5" in command:
                small.write_bytes(output)
            yield Cost(mode, *cost)


def _run(command: Sequence[str], folder: Path) -> tuple[tuple[float, float, int], bytes]:
    script = shutil.which("skill-distiller", path=str(Path(sys.executable).parent))
    program = [sys.executable, *([script] if script else ["-m", "skill_distiller"]), *command]
    quiet = {**os.environ, "SKILL_DISTILLER_LEARNINGS": "off", "OLLAMA_HOST": "http://127.0.0.1:1"}
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=quiet)
    assert process.stdout
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss / 1e6 if sys.platform == "darwin" else used.ru_maxrss * 1024 / 1e6
    return (used.ru_utime + used.ru_stime, memory, process.returncode), output


def report(found: dict[str, tuple[Cost, ...]]) -> str:
    """The costs as Markdown; the load of the machine, as other processes make each second longer."""
    parts = [
        f"## The largest files\n\nAt most {SECONDS} s and {MEMORY} MB. Load of the machine: {os.getloadavg()[0]:.1f}."
    ]
    for name, costs in found.items():
        rows = [[cost.mode, f"{cost.seconds:.1f} s", f"{cost.memory:.0f} MB", str(cost.code)] for cost in costs]
        parts.append(table([name, "CPU", "memory", "exit code"], rows))
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    print(report(measure(open_shared(arguments, __doc__ or ""))))


if __name__ == "__main__":
    main()
