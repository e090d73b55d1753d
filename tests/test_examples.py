"""The examples are what the tool does today, and their README says nothing else."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.command import run

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/SKILL.md"))


KEPT = {
    "postgres-migration": ("--keep", "b23jd8"),
    "incident-report": ("--keep", "qj8nzy", "--keep", "fqd333"),
}


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def _compress(name: str, output: Path) -> str:
    """Run the command as `examples/regenerate` does and give back its report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        done = run("compress", f"examples/{name}", *KEPT.get(name, ()), "-o", output)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def _row(name: str) -> list[str]:
    """Give back the cells of the row for `name` in the README's table of figures."""
    rows = [line for line in _read(EXAMPLES / "README.md").splitlines() if line.startswith(f"| [{name}](")]
    assert len(rows) == 1, f"one row for {name}, not {len(rows)}: run examples/regenerate"
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


def test_there_are_three_examples() -> None:
    """An example that lost its SKILL.md would otherwise pass in silence."""
    assert NAMES == ["changelog-entry", "incident-report", "postgres-migration"]


@pytest.mark.parametrize("name", NAMES)
def test_committed_outputs_are_current(name: str, tmp_path: Path) -> None:
    """Running the tool gives exactly the committed result and report; if not, run examples/regenerate."""
    output = tmp_path / "distilled.md"
    report = _compress(name, output)
    assert _read(output) == _read(EXAMPLES / f"{name}.distilled.md")
    assert report.replace(str(output), f"examples/{name}.distilled.md") == _read(EXAMPLES / f"{name}.report.txt")


@pytest.mark.parametrize("name", NAMES)
def test_readme_figures_stand_in_the_report(name: str) -> None:
    """Every cell of the table is a figure of that skill's report."""
    _, before, after, reduction, functionality, removed = _row(name)
    report = _read(EXAMPLES / f"{name}.report.txt").splitlines()
    assert f"Tokens: {before} → {after} ({reduction} reduction)" in report
    assert any(line.startswith(f"Functionality preserved: {functionality} (") for line in report)
    assert f"Removed: {removed}" in report


@pytest.mark.parametrize("name", NAMES)
def test_readme_shows_the_command_that_was_run(name: str) -> None:
    """The README's command for a skill reads that skill and writes its two files."""
    readme = _read(EXAMPLES / "README.md").replace("\\\n", " ").replace('"', "'")
    command = (
        rf"^NO_COLOR=1 skill-distiller compress examples/{name} +{re.escape(shlex.join(KEPT.get(name, ())))} *--force +"
        rf"-o examples/{name}\.distilled\.md 2> examples/{name}\.report\.txt$"
    )
    assert re.search(command, readme, re.MULTILINE)


def test_readme_links_lead_somewhere() -> None:
    """Each relative link of the README is a file of the folder."""
    targets = re.findall(r"\]\(([^)#:]+)\)", _read(EXAMPLES / "README.md"))
    assert targets
    assert [target for target in targets if not (EXAMPLES / target).is_file()] == []
