"""What goes wrong ends with the right exit code, one sentence, a hint, and nothing on stdout."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from tests.cli.command import Result, run, run_process
from tests.cli.samples import DEPLOY, NO_FRONTMATTER, NO_TRIGGER

from skill_distiller.run.result import FRONTMATTER_HINTS
from skill_distiller.skill.model import FrontmatterState

NO_CONTENT_HINT = "Hint: Provide a valid SKILL.md file path or pipe content via stdin."


_FIELDS_HINT = f"Hint: {FRONTMATTER_HINTS['without fields']}"


def _assert_error(result: Result, exit_code: int, sentence: str, hint: str) -> None:
    assert (result.exit_code, result.stdout) == (exit_code, b"")
    first, second = result.stderr.splitlines()
    assert first.startswith("Error: ")
    assert sentence in first
    assert first.endswith(".")
    assert second == hint


def test_a_missing_file(tmp_path: Path) -> None:
    """Exit 3, naming the path."""
    _assert_error(run("compress", tmp_path / "no.md"), 3, "no.md", NO_CONTENT_HINT)
    _assert_error(run("no-such-command"), 3, "There is no file 'no-such-command'", NO_CONTENT_HINT)


def test_a_folder_without_skill_md(tmp_path: Path) -> None:
    """Exit 3; a file of another name in it is not taken instead."""
    (tmp_path / "README.md").write_text(DEPLOY, encoding="utf-8")
    _assert_error(run("compress", tmp_path), 3, "holds no SKILL.md", NO_CONTENT_HINT)


@pytest.mark.skipif(os.name != "posix", reason="pipes and sockets of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_refused_at_once(kind: str, skill_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an input, a plan, a receipt, an exam or replies: nobody waits for what may never come."""
    monkeypatch.chdir(skill_file.parent)
    odd = Path("odd") if kind != "device" else Path("/dev/zero")
    monkeypatch.setenv("SKILL_DISTILLER_SCRIPT", str(odd))
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "socket":
            listener.bind(str(odd))
        elif kind == "pipe":
            os.mkfifo(odd)
        for command, exit_code in (
            (("compress", odd), 3),
            (("verify", skill_file, odd), 3),
            (("verify", odd, skill_file), 3),
            (("compress", skill_file, "--plan", odd), 3),
            (("verify", skill_file, skill_file, "--receipt", odd), 3),
            (("compress", skill_file, "--config", odd), 2),
            (("feedback", "--from-exam", odd), 3),
            (("compress", skill_file, "--provider=scripted"), 2),
        ):
            result = run(*command)
            assert (result.exit_code, result.stdout) == (exit_code, b""), command
            assert "it is no file but a folder, a pipe, a socket or a device." in result.stderr


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_empty_content(content: bytes, tmp_path: Path) -> None:
    """Exit 3 for nothing, blanks or a lone byte order mark, from a file as from stdin."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(content)
    _assert_error(run("compress", file), 3, "is empty", NO_CONTENT_HINT)
    _assert_error(run("compress", stdin=content), 3, "stdin is empty", NO_CONTENT_HINT)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"# A\n\nbad \xff\xfe byte\n", "is not UTF-8 text (byte 9)", id="invalid"),
        pytest.param("# Ä\n".encode("latin-1"), "is not UTF-8 text (byte 2)", id="latin-1"),
        pytest.param("# A\n\nRun.\n".encode("utf-16"), "is not UTF-8 text (byte 0)", id="utf-16"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not UTF-8 text (byte 0)", id="png"),
        pytest.param(b"# A\n\x00\x01\x02\n", "looks like a binary file", id="nul-bytes"),
        pytest.param(b"# \xed\xa0\x80\n", "is not UTF-8 text (byte 2)", id="surrogate"),
    ],
)
def test_what_is_not_utf_8_text(content: bytes, sentence: str, tmp_path: Path) -> None:
    """Exit 3; the sentence says where or why, and the hint what to do."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(content)
    for result in (run("compress", file), run("compress", stdin=content)):
        assert (result.exit_code, result.stdout) == (3, b"")
        first, second = result.stderr.splitlines()
        assert sentence in first
        assert second.startswith("Hint: ")


def test_more_than_the_limit(tmp_path: Path) -> None:
    """Exit 3 above 2 MB, or above what `--max-bytes` says; exactly the limit is fine."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(b"a" * 3_000_000)
    hint = "Hint: Raise the limit with --max-bytes if this really is a skill."
    _assert_error(run("compress", file), 3, "larger than 2,000,000 bytes", hint)
    _assert_error(run("compress", stdin=b"a" * 3_000_000), 3, "stdin is larger than 2,000,000 bytes", hint)
    size = len(DEPLOY.encode())
    _assert_error(run("compress", f"--max-bytes={size - 1}", stdin=DEPLOY.encode()), 3, f"{size - 1:,} bytes", hint)
    assert run("compress", f"--max-bytes={size}", stdin=DEPLOY.encode()).exit_code == 0


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_a_path_that_no_file_system_takes(path: str) -> None:
    """Exit 3 as for any other file that can't be read."""
    result = run("compress", path)
    assert (result.exit_code, result.stdout) == (3, b"")
    assert result.stderr.splitlines()[1] == NO_CONTENT_HINT


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        (NO_FRONTMATTER, "There is no frontmatter", "Hint: Add --- block with name and description."),
        (
            "---\nname: a\n\n# A\n",
            "The frontmatter is unclosed",
            "Hint: Close the --- block with a --- line of its own.",
        ),
        (
            "---\na: [\n---\n# A\n",
            "frontmatter is not valid YAML",
            f"Hint: {FRONTMATTER_HINTS[FrontmatterState.BROKEN]}",
        ),
        ("---\n# to do\n\n---\n# A\n", "The frontmatter is empty", "Hint: Give it a name and a description."),
        ("---\n- name: a\n  b: c\n---\n# A\n", "The frontmatter is without fields", _FIELDS_HINT),
        ("---\nOnce upon a time.\n---\n# A\n", "The frontmatter is without fields", _FIELDS_HINT),
        (f"\n{DEPLOY}", "not on the first line", "Hint: Move the --- block to the first line."),
        (NO_TRIGGER, "There is no trigger section", "Hint: Add '## When to Use' for best results."),
    ],
)
def test_strict_makes_an_error_of_what_a_skill_lacks(text: str, sentence: str, hint: str) -> None:
    """Exit 3 with the reference's hint; without `--strict` the same skill comes out."""
    _assert_error(run("compress", "--strict", stdin=text.encode()), 3, sentence, hint)
    lenient = run("compress", stdin=text.encode())
    assert lenient.exit_code == 0
    assert lenient.stdout


def test_a_field_that_stands_twice_is_a_warning() -> None:
    """Which of the two counts is said, also with `--strict`, and the result is no other."""
    twice = DEPLOY.replace("name: deploy-notes\n", "name: deploy-notes\nname: notes\n")
    result = run("compress", "--strict", stdin=twice.encode())
    assert result.exit_code == 0
    assert "Warning: the frontmatter gives `name` twice; the last one counts." in result.stderr.splitlines()
    assert result.text.startswith("---\nname: deploy-notes\nname: notes\n")


def test_strict_has_nothing_against_a_proper_skill() -> None:
    """`--strict` changes neither product nor report."""
    assert run("compress", "--strict", stdin=DEPLOY.encode()) == run("compress", stdin=DEPLOY.encode())


@pytest.mark.parametrize(
    ("arguments", "sentence", "hint"),
    [
        (["--mode=tokens"], "--mode=tokens needs a number of tokens.", "Hint: Give one: --tokens=500."),
        (
            ["--tokens=500", "--threshold=0.9"],
            "--tokens and --threshold exclude each other.",
            "Hint: Give a budget or a threshold, not both.",
        ),
        (
            ["--tokens=500", "--mode=threshold"],
            "--tokens has no meaning with --mode=threshold.",
            "Hint: Leave one of the two out.",
        ),
        (
            ["--mode=oneliner", "--threshold=0.9"],
            "--threshold has no meaning with --mode=oneliner.",
            "Hint: Leave one of the two out.",
        ),
        (["--tokens=0"], "0 is not a number of tokens.", "Hint: Use for example --tokens=500."),
        (["--mode=formula"], "There is no mode 'formula'.", "Hint: Modes: threshold, tokens, oneliner."),
    ],
)
def test_aims_that_do_not_fit_together(arguments: list[str], sentence: str, hint: str) -> None:
    """Exit 2, and what to give instead."""
    _assert_error(run("compress", *arguments, stdin=DEPLOY.encode()), 2, sentence, hint)


@pytest.mark.parametrize("arguments", [["compres"], ["compres", "my-skill"], ["verfy", "a", "b"]])
def test_a_command_that_is_all_but_right(arguments: list[str]) -> None:
    """Exit 2 with the command that was meant."""
    nearest = "compress" if arguments[0] == "compres" else "verify"
    sentence = f"There is neither a command nor a file '{arguments[0]}'."
    _assert_error(run(*arguments), 2, sentence, f"Hint: Did you mean '{nearest}'?")


def test_feedback_of_less_than_one_percent() -> None:
    """Somebody meant a share: exit 2, so that it does not spoil the calibration."""
    result = run("feedback", "--id=c1", "--actual=0.85", "--outcome=worked")
    hint = "Hint: It runs from 0 to 100: did you mean 85?"
    _assert_error(result, 2, "--actual=0.85 would be less than one percent.", hint)


def test_a_budget_below_what_has_to_stay() -> None:
    """Exit 5 with the smallest number there is; that number works, and one less does not."""
    result = run("compress", "--tokens=5", stdin=DEPLOY.encode())
    smallest = int(result.stderr.split("--tokens=")[1].split()[0])
    hint = f"Hint: Ask for --tokens={smallest} or more, or use --mode=oneliner for extreme compression."
    _assert_error(result, 5, f"can't be made to fit 5 tokens; with what has to stay it takes {smallest}.", hint)
    assert run("compress", f"--tokens={smallest}", stdin=DEPLOY.encode()).exit_code == 0
    assert run("compress", f"--tokens={smallest - 1}", stdin=DEPLOY.encode()).exit_code == 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mode", "nonsense"], "There is no mode 'nonsense'."),
        (["--threshold", "90"], "The threshold 90 is not between 0 and 1."),
        (["--threshold", "-0.1"], "The threshold -0.1 is not between 0 and 1."),
        (["--threshold", "nan"], "The threshold nan is not between 0 and 1."),
        (["--threshold", "inf"], "The threshold inf is not between 0 and 1."),
        (["--encoding", "klingon"], "Unknown encoding 'klingon'."),
        (["--threshold", "high"], "The threshold 'high' is not a number."),
        (["--threshold", "120%"], "The threshold 120% is not between 0 and 1."),
        (["--tokens", "many"], "'many' is not a number of tokens."),
        (["--tokens", "0.6"], "0.6 is not a number of tokens."),
        (["--tokens", "120%"], "120% is no part of a skill."),
        (["--max-bytes", "0"], "--max-bytes can't be less than 1: 0."),
        (["--max-bytes", "many"], "--max-bytes takes a whole number, not 'many'."),
        (["--timeout", "long"], "--timeout takes a number, not 'long'."),
        (["-", "b.md"], "stdin brings one skill."),
        (["--json", "--diff"], "--json and --diff exclude each other."),
        (["--verbose", "--quiet"], "--verbose and --quiet exclude each other."),
    ],
)
def test_options_that_make_no_sense(arguments: list[str], sentence: str) -> None:
    """Exit 2, one sentence and a hint."""
    result = run("compress", *arguments, stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    first, second = result.stderr.splitlines()
    assert first == f"Error: {sentence}"
    assert second.startswith("Hint: ")


@pytest.mark.parametrize(
    ("arguments", "sentence", "hint"),
    [
        ("compress --bogus", "compress has no option --bogus.", "See skill-distiller compress --help."),
        ("compress --treshold 0.9", "compress has no option --treshold.", "Did you mean --threshold?"),
        ("a.md --out=x.md", "compress has no option --out.", "Did you mean --output?"),
        ("compress -x", "compress has no option -x.", "See skill-distiller compress --help."),
        ("--verison", "compress has no option --verison.", "Did you mean --version?"),
        ("compress --threshold", "--threshold needs a value.", "It takes 0-1. See skill-distiller compress --help."),
        ("compress --keep", "--keep needs a value.", "It takes ID. See skill-distiller compress --help."),
        ("compress --dry-run=yes", "--dry-run takes no value.", "Write it alone."),
        ("verify a.md", "verify needs CANDIDATE.", "Write: skill-distiller verify my-skill/SKILL.md rewritten.md"),
        (
            "completion",
            "completion needs SHELL: bash, zsh, fish.",
            "Write: skill-distiller completion fish > ~/.config/fish/completions/skill-distiller.fish",
        ),
        (
            "exam run a",
            "exam run needs CANDIDATE.",
            "Write: skill-distiller exam run my-skill/ smaller/ --exam exam.json",
        ),
        ("exam mak a", "exam has no command 'mak'.", "Did you mean 'make'?"),
        ("config set a", "config has no command 'set'.", "It has show."),
        ("exam run a b --min-kept most", "--min-kept takes a number, not 'most'.", "Write it in digits."),
        ("soft data warmup --x", "soft data warmup has no option --x.", "See skill-distiller soft data warmup --help."),
        ("help verify", "Help is an option.", "Write: skill-distiller verify --help"),
    ],
)
def test_a_command_line_that_can_not_be_read(arguments: str, sentence: str, hint: str) -> None:
    """Exit 2, nothing on stdout; what is wrong in one sentence, and what was meant."""
    result = run(*arguments.split(), stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    assert result.stderr == f"Error: {sentence}\nHint: {hint}\n"


def test_an_error_touches_no_file(skill_file: Path, tmp_path: Path) -> None:
    """A run that ends in an error leaves an existing target as it was, `--force` or not."""
    target = tmp_path / "out.md"
    target.write_text("mine", encoding="utf-8")
    for arguments in (["--threshold=90"], ["--encoding=klingon"], ["--mode=nonsense"]):
        assert run("compress", skill_file, "-o", target, "--force", *arguments).exit_code == 2
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_quiet_does_not_silence_errors(quiet: list[str], tmp_path: Path) -> None:
    """`--quiet` means errors only."""
    assert run("compress", tmp_path / "no.md", *quiet).stderr.startswith("Error: ")


_BROKEN_STDIN = """
import sys
from skill_distiller.cli.app import main

class Broken:
    def read(self, size):
        raise ZeroDivisionError("a defect")

class Stdin:
    buffer = Broken()
    def isatty(self):
        return False

sys.stdin = Stdin()
main()
"""


def test_a_defect_keeps_its_traceback() -> None:
    """What no one foresaw is not dressed up as the user's mistake: exit 1 and the whole traceback."""
    result = run_process("compress", program=("-c", _BROKEN_STDIN))
    assert (result.exit_code, result.stdout) == (1, b"")
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.endswith("ZeroDivisionError: a defect\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_said_in_one_sentence() -> None:
    """`skill-distiller … > file` on a full disk is no defect of ours: no traceback."""
    code = "import sys; sys.stdout = open('/dev/full', 'w'); from skill_distiller.cli.app import main; main()"
    result = run_process("compress", "-q", stdin=DEPLOY.encode(), program=("-c", code))
    assert result.exit_code != 0
    assert "Traceback" not in result.stderr
    assert "No space left on device" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes only there")
@pytest.mark.parametrize("option", ["--json", "--diff", "--verbose"])
def test_names_that_are_not_utf_8_are_no_defect(option: str, tmp_path: Path) -> None:
    """A folder or file whose name is not UTF-8 is compressed like any other."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system takes no such name")
    file = Path(os.fsdecode(os.fsencode(folder) + b"/\xfe.md"))
    file.write_text(NO_FRONTMATTER, encoding="utf-8")
    result = run("compress", "--threshold=0.5", option, file)
    assert result.exit_code == 0
    assert result.stdout


def test_a_terminal_that_is_not_utf_8_gets_the_report_too() -> None:
    """An ASCII stderr shows codes for what it can't show; the product on stdout is UTF-8 all the same."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    text = DEPLOY.replace("Deploy notes\n", "Deploy notes — für alle\n")
    result = run_process("compress", "--threshold=1", stdin=text.encode(), env=env)
    assert (result.exit_code, result.text) == (0, text)
    assert "Functionality preserved: 100%" in result.stderr
