"""What people type in their first hour: amounts as they think of them, and paths that lead to no skill."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.command import Result, run, run_process
from tests.cli.samples import DEPLOY

from skill_distiller.tokens import load_counter

_TOKENS = load_counter().count(DEPLOY)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("--tokens=70%", f"--tokens={int(0.7 * _TOKENS)}"),
        ("--tokens=0.25k", "--tokens=250"),
        ("--tokens=1,000", "--tokens=1000"),
        ("--tokens=300 tokens", "--tokens=300"),
        ("--threshold=70%", "--threshold=0.7"),
        ("--threshold=0,7", "--threshold=0.7"),
        ("--mode=one-liner", "--mode=oneliner"),
        ("--mode=One_Liner", "--mode=oneliner"),
    ],
)
def test_amounts_can_be_written_as_people_think_of_them(given: str, same: str) -> None:
    """They mean what the plain number means, in product, report and exit code."""
    plain = run("compress", same, stdin=DEPLOY.encode())
    assert plain.exit_code == 0
    assert run("compress", given, stdin=DEPLOY.encode()) == plain


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--threshold=90", "Did you mean 90%?"),
        ("--threshold=0.9%", "Did you mean 0.9, or 90%?"),
        ("--tokens=0.6", "Did you mean 60%?"),
        ("--tokens=some", "Use for example --tokens=500, 1k, or 60%."),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(option: str, hint: str) -> None:
    """Exit 2, the hint on stderr, nothing on stdout."""
    result = run("compress", option, stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    assert result.stderr.splitlines()[1] == f"Hint: {hint}"


@pytest.fixture
def shelf(tmp_path: Path, skill_folder: Path) -> Path:
    """A folder with what people hand over by mistake: two skills, a name in small letters, a PDF, a zip."""
    for name in ("b", "a"):
        (tmp_path / "skills" / name).mkdir(parents=True)
        (tmp_path / "skills" / name / "SKILL.md").write_text(DEPLOY, encoding="utf-8")
    (tmp_path / "small").mkdir()
    (skill_folder / "SKILL.md").rename(tmp_path / "small" / "skill.md")
    (tmp_path / "guide.pdf").write_bytes(b"%PDF-1.7\nplain text\n")
    (tmp_path / "page.md").write_bytes(b"\n<!DOCTYPE html>\n<html lang=en>\n# Deploy\n")
    (tmp_path / "skill.docx").write_bytes(b"PK\x03\x04text\n")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "sentence", "hint"),
    [
        ("skills", "is no skill but holds 2: a, b.", "Give one of them: skills/a."),
        ("small", "holds no SKILL.md, but 'skill.md'.", "Rename it to SKILL.md"),
        ("guide.pdf", "is a PDF, not Markdown.", "Give the SKILL.md itself"),
        ("skill.docx", "is a ZIP archive or an office document, not Markdown.", "Give the SKILL.md itself"),
        (
            "page.md",
            "is a page in HTML, not Markdown.",
            "Give the SKILL.md itself; on GitHub it is behind the button Raw",
        ),
        ("~/skills/a", "did not put your home folder in place of the ~", "Write it without quotes"),
    ],
)
def test_a_path_that_leads_to_no_skill(
    path: str, sentence: str, hint: str, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 with a sentence of its own, and what to do."""
    if sentence.endswith("'skill.md'.") and (shelf / "small" / "SKILL.md").exists():
        pytest.skip("this file system takes capital and small letters for the same")
    monkeypatch.chdir(shelf)
    # A library is taken by verify.
    for command in (("compress", path), (path,), *([("verify", path, path)] if path != "skills" else [])):
        _assert_refused(run(*command), 3, sentence, hint)


def _assert_refused(result: Result, exit_code: int, sentence: str, hint: str) -> None:
    error, help_ = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (exit_code, b"")
    assert error.startswith("Error: ")
    assert sentence in error
    assert help_.startswith(f"Hint: {hint}")


@pytest.mark.parametrize(
    ("address", "fetch"),
    [
        ("https://example.org/SKILL.md?a=1&b", "curl -L 'https://example.org/SKILL.md?a=1&b' -o fetched.md"),
        (
            "https://github.com/a/b/blob/main/x/SKILL.md?plain=1#L3",
            "curl -L https://raw.githubusercontent.com/a/b/main/x/SKILL.md -o fetched.md",
        ),
        (
            "https://git.example.org/a/g/b/-/blob/v1/SKILL.md",
            "curl -L https://git.example.org/a/g/b/-/raw/v1/SKILL.md -o fetched.md",
        ),
        ("https://github.com/a/b/tree/main/skills", "git clone https://github.com/a/b; then give a folder of it."),
        ("https://gitlab.com/a/b", "git clone https://gitlab.com/a/b; then give a folder of it."),
    ],
)
def test_an_address_is_answered_with_how_to_fetch_it(address: str, fetch: str) -> None:
    """Exit 3; what a page of a forge shows is somewhere else, and a line that can be pasted says where."""
    for command in (
        (address,),
        ("verify", "-", address),
        ("reduce", address, "--dry-run"),
        ("batch", address, "-o", "out"),
        ("audit", address),
        ("check", address),
    ):
        result = run(*command, stdin=DEPLOY.encode())
        _assert_refused(result, 3, "is an address; nothing is fetched", f"Fetch it first: {fetch}")


def test_a_folder_of_skills_is_led_to_the_command_for_all(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, with the command for many skills that does the same, and each can be pasted."""
    monkeypatch.chdir(shelf)
    for command, for_all in (
        (("skills",), "batch skills -o OUT"),
        (("description", "skills"), "description --fit --client claude-code --library skills -o OUT"),
    ):
        hint = f"Give one of them: {Path('skills', 'a')}. For all: skill-distiller {for_all}"
        _assert_refused(run(*command), 3, "is no skill but holds 2: a, b.", hint)
    assert run(*for_all.split()).exit_code == 0


def test_html_on_stdin_is_no_skill() -> None:
    """As what `curl` of a page brings; a tag within Markdown is none."""
    _assert_refused(run("compress", stdin=b"<html><body>x"), 3, "stdin is a page in HTML", "Give the SKILL.md itself")
    assert run("compress", stdin=b"<details>\n\n# A\n\nRun `a`.\n\n</details>\n").exit_code == 0


def test_a_tilde_that_no_shell_expanded_makes_no_folder(skill_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--output=~/x.md` reaches us as it is: refused, and nothing of that name is made."""
    monkeypatch.chdir(skill_file.parent)
    _assert_refused(run("compress", "SKILL.md", "--output=~/x.md"), 3, "in place of the ~", "Write it without quotes")
    assert [path.name for path in skill_file.parent.iterdir()] == ["SKILL.md"]


def test_several_skills_at_once(skill_file: Path) -> None:
    """Exit 2 where they would go to stdout as one; the hint says where else."""
    for command in (("compress", skill_file, skill_file), (skill_file, skill_file)):
        _assert_refused(run(*command), 2, "Several skills can't go to stdout", "Name a folder: -o OUT.")
    _assert_refused(
        run("verify", skill_file, skill_file, "x"), 2, "verify takes ORIGINAL and CANDIDATE", "Leave it out."
    )
    _assert_refused(run("feedback", "x"), 2, "feedback takes no 'x'.", "See skill-distiller feedback --help.")


def test_text_that_is_no_skill_gets_a_warning() -> None:
    """It comes out, since prompts are compressed too; of a skill without frontmatter the warning says nothing."""
    warning = "Warning: this does not look like a skill: it has no frontmatter and no heading."
    plain = run("compress", "--threshold=1", stdin=b"root:x:0:0:root:/root:/bin/bash\n")
    assert (plain.exit_code, plain.stdout) == (0, b"root:x:0:0:root:/root:/bin/bash\n")
    assert warning in plain.stderr
    assert warning not in run("compress", stdin=b"# A\n\nRun `a`.\n").stderr


@pytest.mark.parametrize("arguments", [["--provider", "embedded"], ["-q"], ["--threshold", "0.5", "--tokens=300"]])
def test_options_may_stand_before_the_path(arguments: list[str], skill_file: Path) -> None:
    """As behind it."""
    assert run(*arguments, skill_file) == run("compress", skill_file, *arguments)


def test_a_file_may_have_the_name_of_a_command(skill_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-o graph PATH` is no misplaced command; `-q graph PATH` is one."""
    monkeypatch.chdir(skill_file.parent.parent)
    assert run("-o", "graph", skill_file).exit_code == 0
    assert Path("graph").is_file()
    Path("graph").unlink()
    assert run("-q", "graph", skill_file).exit_code == 2


def test_what_is_given_is_read_without_pydantic(skill_file: Path) -> None:
    """Which takes longer to load than a short skill to be compressed."""
    code = (
        "import sys; from skill_distiller.cli.app import main\n"
        "try: main()\nfinally: assert 'pydantic' not in sys.modules"
    )
    options = ("--max-bytes=100000", "--timeout=3", "--keep-section=Steps", "-q")
    result = run_process("compress", skill_file, *options, program=("-c", code))
    assert (result.exit_code, result.stderr) == (0, "")
