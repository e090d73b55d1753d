"""A skill that makes skills smaller: a higher threshold, a file beside it, and a human who approves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, Result, drain, environment, run
from tests.cli.samples import DEPLOY
from tests.marks import slow

SQUEEZE = DEPLOY.replace("name: deploy-notes", "name: skill-squeezer").replace(
    "description: Write the notes of a deploy.", "description: Compress verbose skills."
)
FORMULA = "---\nname: skill-distiller\ndescription: Use for skills.\n---\n\n"
FORMULA += "∀s ∈ S: I(s) ≥ θ ⇒ keep(s) ∨ s → ¬s\n\n" * 4
RAISED = "Threshold raised from 0.9 to 0.95: what a distiller loses, every skill after it loses."


@pytest.fixture
def distiller(tmp_path: Path) -> Path:
    """The SKILL.md of a skill that makes skills smaller."""
    folder = tmp_path / "skill-squeezer"
    folder.mkdir()
    (folder / "SKILL.md").write_text(SQUEEZE, encoding="utf-8")
    return folder / "SKILL.md"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _refused(result: Result) -> bool:
    lines = [line.split(":")[0] for line in result.stderr.splitlines()]
    return (result.exit_code, result.stdout, lines) == (6, b"", ["Error", "Hint"])


def test_without_approval_it_is_refused(distiller: Path) -> None:
    """Exit 6 in one sentence; nothing is written."""
    result = run("compress", distiller)
    assert _refused(result)
    assert "(its description says so): a human has to approve the result." in result.stderr
    assert "--yes" in result.stderr
    assert _names(distiller.parent) == ["SKILL.md"]


def test_with_approval_the_result_stands_beside_the_source(distiller: Path) -> None:
    """In SKILL.compressed.md, at a threshold of 0.95, and the report says all of that; the source is as it was."""
    result = run("compress", distiller, "--yes")
    target = distiller.with_name("SKILL.compressed.md")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert target.read_bytes() == run("compress", "--yes", "--threshold=0.95", stdin=SQUEEZE.encode()).stdout
    assert distiller.read_text(encoding="utf-8") == SQUEEZE
    lines = result.stderr.splitlines()
    assert "Self-compression: this skill makes skills smaller, its description says so." in lines
    assert RAISED in lines
    assert f"Written: {target}" in lines


@pytest.mark.parametrize(("asked", "taken"), [("0.2", 0.95), ("0.95", 0.95), ("0.99", 0.99)])
def test_a_higher_threshold_is_not_lowered(asked: str, taken: float) -> None:
    """It is raised where it is lower, and then a note says so."""
    result = run("compress", "--yes", "--json", "--threshold", asked, stdin=SQUEEZE.encode())
    record = json.loads(result.stdout)
    assert record["threshold"] == taken
    notes = {note["kind"]: note["detail"] for note in record["notes"]}
    assert notes["self-compression"] == "description"
    assert notes.get("threshold raised") == (asked if float(asked) < taken else None)


def test_an_existing_file_needs_force(distiller: Path) -> None:
    """As with -o."""
    target = distiller.with_name("SKILL.compressed.md")
    target.write_text("mine", encoding="utf-8")
    assert _refused(run("compress", distiller, "--yes"))
    assert target.read_text(encoding="utf-8") == "mine"
    assert run("compress", distiller, "--yes", "--force").exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("---\nname: skill-squeezer\n")


def test_the_result_is_never_the_input(distiller: Path) -> None:
    """A file that has the very name is not written over, whatever is asked for."""
    source = distiller.rename(distiller.with_name("SKILL.compressed.md"))
    assert _refused(run("compress", source, "--yes", "--force"))
    assert source.read_text(encoding="utf-8") == SQUEEZE


@pytest.mark.parametrize("arguments", [("-o", "out.md"), ("-o", "-"), ("--json",), ("--diff", "-o", "out.md")])
def test_a_place_that_is_named_is_taken(
    arguments: tuple[str, ...], distiller: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Approval is needed, the file beside the source is not."""
    monkeypatch.chdir(tmp_path)
    assert _refused(run("compress", distiller, *arguments))
    result = run("compress", distiller, *arguments, "--yes")
    assert result.exit_code == 0
    assert _names(distiller.parent) == ["SKILL.md"]
    assert (tmp_path / "out.md").exists() == ("out.md" in arguments)
    assert bool(result.stdout) == (arguments != ("-o", "out.md"))


def test_stdin_goes_to_stdout() -> None:
    """There is no place beside it."""
    assert run("compress", "-", "--yes", stdin=SQUEEZE.encode()).text.startswith("---\nname: skill-squeezer\n")


def test_a_folder_as_the_source_goes_to_stdout(distiller: Path) -> None:
    """Nothing is written inside it; approval is needed all the same."""
    assert _refused(run("compress", distiller.parent))
    assert run("compress", distiller.parent, "--yes").text.startswith("---\nname: skill-squeezer\n")
    assert _names(distiller.parent) == ["SKILL.md"]


@pytest.mark.parametrize("option", ["--dry-run", "--diff"])
def test_looking_needs_no_approval(option: str, distiller: Path) -> None:
    """What hands out no result is what an approval stands on; the threshold is the higher one there too."""
    result = run("compress", distiller, option)
    assert result.exit_code == 0
    assert RAISED in result.stderr
    assert result.text.startswith("--- a/") == (option == "--diff")
    assert _names(distiller.parent) == ["SKILL.md"]


def test_tokens_mode_keeps_the_guard(distiller: Path) -> None:
    """Approval and file; a budget has no threshold to raise."""
    assert _refused(run("compress", distiller, "--tokens", "350"))
    result = run("compress", distiller, "--tokens", "350", "--yes")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert "Threshold raised" not in result.stderr
    assert distiller.with_name("SKILL.compressed.md").exists()


def test_a_one_liner_is_shown_but_not_written_unasked(distiller: Path, tmp_path: Path) -> None:
    """On stdout it replaces nothing; in a file it may."""
    assert run("compress", distiller, "--mode=oneliner").exit_code == 0
    file = tmp_path / "three.md"
    assert _refused(run("compress", distiller, "--mode=oneliner", "-o", file))
    assert not file.exists()
    assert run("compress", distiller, "--mode=oneliner", "-o", file, "--yes").exit_code == 0
    assert file.read_text("utf-8").startswith("TRIGGER: ")


@pytest.mark.parametrize("options", [(), ("--yes",), ("--dry-run",), ("--tokens=50", "--yes"), ("--mode=oneliner",)])
def test_the_formula_variant_is_no_input(options: tuple[str, ...]) -> None:
    """Whatever is approved: exit 6."""
    result = run("compress", *options, stdin=FORMULA.encode())
    assert _refused(result)
    assert "is written in formulas" in result.stderr


def test_formulas_in_another_skill_are_none_of_this() -> None:
    """Only a distiller is refused."""
    text = FORMULA.replace("skill-distiller", "logic").replace("for skills", "for logic")
    assert run("compress", "-q", stdin=text.encode()).exit_code == 0


def test_yes_changes_nothing_for_another_skill(skill_file: Path) -> None:
    """There is nothing to approve."""
    assert run("compress", skill_file, "--yes") == run("compress", skill_file)


pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")


def _run_on_terminal(answer: bytes, *arguments: str | Path) -> tuple[int, bytes, str]:
    """Run with stdin and stderr on a terminal: exit code, stdout and what the terminal got; b"" is Ctrl-C."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "skill_distiller", *map(str, arguments)],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment(TERM="dumb"),
    ) as process:
        os.close(slave)
        shown = b""
        try:
            while b"[y/N]" not in shown:
                shown += os.read(master, 65536)
            if answer:
                os.write(master, answer)
            else:
                _press_ctrl_c(process)
            out, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        shown += drain(master)
    return process.returncode, out, shown.decode()


def _press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """As a human does, who presses it again where nothing happens.

    A signal that comes just before the process waits for its terminal is seen when the wait is over.
    """
    for _ in range(int(PATIENCE)):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
            return


@pytest.mark.parametrize("answer", [b"y\n", *slow(b" YES \n")])
def test_a_human_approves_what_is_on_the_terminal(answer: bytes, distiller: Path) -> None:
    """The report comes before the question, and the result after the answer."""
    code, out, shown = _run_on_terminal(answer, "compress", distiller)
    target = distiller.with_name("SKILL.compressed.md")
    assert (code, out) == (0, b"")
    report, asked, after = shown.partition("[y/N]")
    assert asked
    assert "Functionality preserved: " in report
    assert f"Write this to {target}? " in report.replace("\r\n", "")
    assert "Functionality preserved: " not in after
    assert "Written: " in after
    assert target.exists()


@pytest.mark.parametrize("answer", [b"\n", *slow(b"n\n", b"what?\n", b"\x04")])
def test_anything_else_is_no_approval(answer: bytes, distiller: Path) -> None:
    """Exit 6, and nothing was written."""
    code, out, shown = _run_on_terminal(answer, "compress", distiller, "--quiet")
    assert (code, out) == (6, b"")
    assert "Error: The result was not approved; nothing was written." in shown
    assert "Functionality preserved: " not in shown
    assert _names(distiller.parent) == ["SKILL.md"]


def test_ctrl_c_is_no_approval(distiller: Path) -> None:
    """Exit 130, and nothing was written."""
    code, out, shown = _run_on_terminal(b"", "compress", distiller.parent)
    assert (code, out) == (130, b"")
    assert "Traceback" not in shown
    assert _names(distiller.parent) == ["SKILL.md"]


@pytest.mark.slow
def test_stdout_gets_the_result_and_nothing_of_the_question(distiller: Path) -> None:
    """Byte for byte what `--yes` would have given."""
    code, out, _ = _run_on_terminal(b"y\n", "compress", distiller.parent)
    assert code == 0
    assert out == run("compress", distiller.parent, "--yes").stdout
