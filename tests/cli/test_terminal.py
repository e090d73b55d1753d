"""What reaches a terminal: no control character of a skill, no color where none is wanted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.cli.command import PATIENCE, drain, environment, run, run_process
from tests.cli.samples import DEPLOY, HOSTILE, MARKUP
from tests.marks import slow

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
tty = pytest.importorskip("tty", reason="there are no pseudo-terminals here")

# All but line feed and tab: C0 and C1 controls, line and paragraph separators, bidirectional marks.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _run_on_terminal(*arguments: str | Path, stream: str, **env: str) -> tuple[int, str, bytes]:
    """Run with stdout or stderr on a terminal: exit code, what the terminal got, what the other stream got."""
    master, slave = pty.openpty()
    tty.setraw(slave)  # so that the terminal driver changes no byte
    with subprocess.Popen(
        [sys.executable, "-m", "skill_distiller", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=slave if stream == "stdout" else subprocess.PIPE,
        stderr=slave if stream == "stderr" else subprocess.PIPE,
        env=environment(**{"TERM": "xterm-256color", **env}),
    ) as process:
        os.close(slave)
        shown = drain(master)
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, shown.decode("utf-8"), err if stream == "stdout" else out


@pytest.fixture
def hostile_file(tmp_path: Path) -> Path:
    """HOSTILE as a file."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(HOSTILE.encode())
    return file


@pytest.mark.parametrize("threshold", ["0", "0.5", "0.9", "1"])
@pytest.mark.parametrize("option", ["--verbose", "--dry-run", "--json", "--diff", "--debug-stages", "--strict"])
def test_no_control_character_reaches_stderr(option: str, threshold: str) -> None:
    """Whatever is reported, what could steer a terminal is shown as a code."""
    result = run("compress", option, "--threshold", threshold, stdin=HOSTILE.encode())
    assert set(CONTROL.findall(result.stderr)) == set()


def test_the_codes_can_be_read() -> None:
    """Heading, excerpt and lost fact are there, with the codes of their control characters."""
    report = run("compress", "--verbose", "--threshold=0", stdin=HOSTILE.encode()).stderr
    assert r"## Background \x1b]0;owned\x07 and \x9b31m more: " in report
    assert r"Thanks to \x1b[32mall\x1b[0m of you" in report
    assert r"make \x1b[2Jclear" in report


@pytest.mark.slow
def test_all_of_them_are_in_the_product_of_a_pipe(hostile_file: Path) -> None:
    """A pipe or file gets the bytes of the skill, untouched."""
    result = run_process("compress", hostile_file, "--threshold=1")
    assert result.stdout == HOSTILE.encode()
    assert set(CONTROL.findall(result.stderr)) == set()


def test_none_of_them_reaches_a_terminal_on_stdout(hostile_file: Path) -> None:
    """On a terminal the product is for the eye: control characters are shown as codes."""
    exit_code, shown, errors = _run_on_terminal("compress", hostile_file, "--threshold=1", stream="stdout")
    assert exit_code == 0
    assert set(CONTROL.findall(shown)) == set()
    assert r"# Title \x1b[31mred\x1b[0m" in shown
    assert set(CONTROL.findall(errors.decode())) == set()


@pytest.mark.slow
def test_windows_line_ends_look_the_same_on_a_terminal(tmp_path: Path) -> None:
    """A CRLF is a line end there, not two codes."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(DEPLOY.replace("\n", "\r\n").encode())
    assert _run_on_terminal("compress", file, "--threshold=1", "-q", stream="stdout") == (0, DEPLOY, b"")


@pytest.mark.parametrize("option", ["--json", *slow("--diff")])
def test_record_and_diff_are_safe_on_a_terminal_too(option: str, hostile_file: Path) -> None:
    """Neither the record nor the diff lets a control character through."""
    exit_code, shown, _ = _run_on_terminal("compress", hostile_file, option, "--threshold=0.5", stream="stdout")
    assert exit_code == 0
    assert set(CONTROL.findall(shown)) == set()
    assert shown.startswith("{" if option == "--json" else "--- a/")


def test_file_names_are_as_hostile_as_skills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, a usage error or a diff that names a file shows its control characters as codes."""
    monkeypatch.chdir(tmp_path)
    name = "x\x1b[31m.md"
    for arguments in ([name], [name, "-o", "no/out.md"], ["-o", f"{name}/out.md", "-"], ["a.md", name]):
        result = run("compress", *arguments, stdin=DEPLOY.encode())
        assert result.exit_code in (2, 3)
        assert set(CONTROL.findall(result.stderr)) == set(), arguments


def test_markup_of_a_skill_is_shown_as_it_is_written() -> None:
    """Rich markup, emoji codes and links of a skill are text."""
    report = run("compress", "--verbose", "--threshold=0", stdin=MARKUP.encode()).stderr
    assert "## Background [bold]of it[/bold]" in report
    assert "there was [red]x[/red] and :smile: and" in report
    assert "Thanks to [blink]everyone[/blink] for their :heart:" in report


def test_a_terminal_gets_colors(hostile_file: Path) -> None:
    """On a terminal the report is set in bold and color, and its own escape sequences are the only ones."""
    exit_code, shown, _ = _run_on_terminal("compress", hostile_file, "--threshold=0", "-v", stream="stderr")
    assert exit_code == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain != shown
    assert set(CONTROL.findall(plain)) == set()


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, *slow({"TERM": "dumb"})], ids=["NO_COLOR", "dumb"])
def test_no_escape_sequence_where_none_is_wanted(variables: dict[str, str], skill_file: Path) -> None:
    """`NO_COLOR` and a dumb terminal get plain text."""
    exit_code, shown, _ = _run_on_terminal("compress", skill_file, "-v", stream="stderr", **variables)
    assert exit_code == 0
    assert "\x1b" not in shown


@pytest.mark.slow
def test_no_escape_sequence_into_a_pipe(skill_file: Path) -> None:
    """A stderr that is no terminal gets plain text, whatever TERM says."""
    result = run_process("compress", skill_file, "-v", env=environment(TERM="xterm-256color", COLORTERM="truecolor"))
    assert "\x1b" not in result.stderr


@pytest.mark.slow
def test_a_long_input_shows_that_work_goes_on(tmp_path: Path) -> None:
    """On a terminal a long run says so while it lasts; `--quiet` and a pipe show nothing of it."""
    file = tmp_path / "SKILL.md"
    file.write_text(DEPLOY + "\n```text\n" + "some line of a log\n" * 12_000 + "```\n", encoding="utf-8")
    _, shown, _ = _run_on_terminal("compress", file, "--dry-run", stream="stderr")
    assert "Distilling" in shown
    assert "Functionality preserved: " in shown
    assert "Distilling" not in run("compress", file, "--dry-run").stderr
    assert _run_on_terminal("compress", file, "--dry-run", "--quiet", stream="stderr")[1] == ""


def test_calls_to_a_model_show_how_far_they_are(skill_file: Path) -> None:
    """On a terminal a bar with calls done and all calls, gone when the report comes; elsewhere one line only."""
    options = ("compress", skill_file, "--dry-run", "--provider=scripted", "--no-cache")
    _, shown, _ = _run_on_terminal(*options, stream="stderr", COLUMNS="100")
    assert "Asking scripted/made-up" in shown
    assert re.search(r"\d/\d\S* calls", shown)
    assert run(*options).stderr.count("calls") == 1


def test_a_terminal_on_stdin_is_no_content() -> None:
    """Without a path and without a pipe the command does not wait for typing: exit 3 with the hint."""
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "skill_distiller", "compress"],
        stdin=slave,
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    os.close(slave)
    os.close(master)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode().splitlines() == [
        "Error: No content.",
        "Hint: Provide a valid SKILL.md file path or pipe content via stdin.",
    ]


def test_each_loss_is_one_row_of_a_terminal(tmp_path: Path) -> None:
    """Of 80 columns too, code among them with all that is told of it; at the end stands what was cut."""
    code = "".join(f"def helper_{n}(value):\n    return value + {n}\n" for n in range(30))
    wide = "这是一个很长的背景说明，与任务没有关系，只是讲述历史。" * 6
    text = DEPLOY + f"\n## Old way of doing it by hand\n\nOnce:\n\n```python\n{code}```\n\n## 背景\n\n{wide}\n"
    file = tmp_path / "SKILL.md"
    file.write_text(text, encoding="utf-8")
    _, shown, _ = _run_on_terminal("compress", file, "--threshold=0", stream="stderr", COLUMNS="80", NO_COLOR="1")
    losses = [line for line in shown.splitlines() if line.startswith("  [")]
    assert [line for line in losses if "## Old way" in line and line.endswith("…")]
    assert [line for line in losses if "背景" in line]
    assert max(map(cell_len, losses)) <= 80
