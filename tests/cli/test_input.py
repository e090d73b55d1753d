"""Every way to hand a skill to the command, and the product byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.command import run, run_process
from tests.cli.samples import DEPLOY, HOSTILE, MINIMAL

from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill

PRODUCT = distill(parse_skill(DEPLOY)).text.encode()


def test_file_folder_and_stdin_give_the_same_product(skill_file: Path, skill_folder: Path) -> None:
    """A SKILL.md, its folder, `-` and nothing with a pipe on stdin are the same skill."""
    results = [
        run("compress", skill_file),
        run("compress", skill_folder),
        run("compress", "-", stdin=DEPLOY.encode()),
        run("compress", stdin=DEPLOY.encode()),
    ]
    assert [(r.exit_code, r.stdout) for r in results] == [(0, PRODUCT)] * 4
    assert len({r.stderr for r in results}) == 1
    assert DEPLOY.encode() != PRODUCT


def test_the_word_compress_may_be_left_out(skill_file: Path) -> None:
    """`skill-distiller PATH` and `skill-distiller --option PATH` mean `compress`."""
    assert run(skill_file) == run("compress", skill_file)
    assert run("--threshold", "0.5", skill_file) == run("compress", skill_file, "--threshold=0.5")
    assert run("-", stdin=DEPLOY.encode()) == run("compress", "-", stdin=DEPLOY.encode())


def test_python_m_runs_the_same_command(skill_file: Path) -> None:
    """`python -m skill_distiller PATH`, in a process of its own, gives what the command gives."""
    assert run_process(skill_file) == run("compress", skill_file)


def test_a_pipe_is_the_same_as_a_file(skill_file: Path) -> None:
    """`cat SKILL.md | skill-distiller compress --threshold=0.8 > out.md` just works."""
    piped = run_process("compress", "--threshold=0.8", stdin=DEPLOY.encode())
    assert piped == run("compress", skill_file, "--threshold=0.8")
    assert piped.exit_code == 0


def test_nothing_at_all_shows_the_help() -> None:
    """Without any argument the usage is shown and nothing is printed that could pass for a product."""
    result = run()
    assert result.exit_code == 2
    assert result.stdout == b""
    assert result.stderr.startswith("Usage: skill-distiller ")


def test_a_pipe_without_a_command_is_told_where_it_goes() -> None:
    """No help that hides what is wrong: one sentence and how to write it."""
    result = run_process(stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    assert result.stderr == (
        "Error: There is no command for what stdin brings.\nHint: Write: … | skill-distiller compress\n"
    )


def test_options_may_stand_before_the_path(skill_file: Path) -> None:
    """Without a command they are those of `compress`; before another command they are refused."""
    assert run("--threshold", "0.8", skill_file) == run("compress", skill_file, "--threshold=0.8")
    assert run("--provider=embedded", "-", stdin=DEPLOY.encode()) == run("compress", stdin=DEPLOY.encode())
    result = run("--provider", "embedded", "verify", skill_file, skill_file)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert result.stderr == (
        "Error: Options stand behind the command.\nHint: Write: skill-distiller verify --provider …\n"
    )


@pytest.mark.parametrize("arguments", [("compress", ""), ("",), ("verify", "-", "")])
def test_an_empty_path_is_not_the_folder_one_is_in(
    arguments: tuple[str, ...], skill_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a variable without a value leaves of a command line."""
    monkeypatch.chdir(skill_file.parent)
    result = run(*arguments, stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (3, b"")
    assert result.stderr.startswith("Error: The path is empty.\nHint: ")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_option(option: str) -> None:
    """The help is the product of `--help`, so it goes to stdout; what does not exist yet is not in it."""
    result = run("compress", option)
    assert (result.exit_code, result.stderr) == (0, "")
    for name in (
        "--mode --threshold --tokens --output -o --force --dry-run --diff --json --verbose --quiet --encoding --strict"
        " --max-bytes --debug-stages"
    ).split():
        assert name in result.text


def test_a_file_may_have_any_name_and_be_read_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names with blanks, other scripts and a leading dash (behind `--`) are read like any other."""
    monkeypatch.chdir(tmp_path)
    for name in ("my skill.md", "スキル.md", "-v.md"):
        Path(name).write_bytes(DEPLOY.encode())
        assert run("compress", "--quiet", "--", name).stdout == PRODUCT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DEPLOY.replace("\n", "\r\n"), id="crlf"),
        pytest.param("\ufeff" + DEPLOY, id="byte-order-mark"),
        pytest.param(DEPLOY.rstrip("\n"), id="no-final-newline"),
        pytest.param(DEPLOY + "\n\n\n", id="blank-lines-at-the-end"),
        pytest.param(HOSTILE, id="control-characters"),
        pytest.param(DEPLOY.replace("# Deploy notes\n", "# Deploy <|endoftext|> notes\n"), id="special-token"),
    ],
)
@pytest.mark.parametrize("threshold", ["0", "0.9", "1"])
def test_stdout_is_the_product_byte_for_byte(text: str, threshold: str, tmp_path: Path) -> None:
    """Line ends, a byte order mark and a missing final newline come out as the library has them."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(text.encode())
    result = run("compress", file, "--threshold", threshold)
    product = distill(parse_skill(text), DistillOptions(threshold=float(threshold))).text
    assert (result.exit_code, result.stdout) == (0, product.encode())


@pytest.mark.slow
def test_a_process_changes_no_line_end_either() -> None:
    """Real streams do not translate line ends: CRLF in, CRLF out, and no newline is added at the end."""
    text = ("\ufeff" + DEPLOY).replace("\n", "\r\n").rstrip("\r\n").encode()
    result = run_process("compress", "--threshold=1", "--quiet", stdin=text)
    assert (result.exit_code, result.stdout, result.stderr) == (0, text, "")
    shorter = run_process("compress", "--threshold=0.5", "--quiet", stdin=text).stdout
    assert shorter != text
    assert shorter.startswith(b"\xef\xbb\xbf---\r\n")
    assert b"\n" not in shorter.replace(b"\r\n", b"")


def test_frontmatter_comes_out_byte_identical() -> None:
    """Comments, key order and quoting of the frontmatter stay as they are, however much is taken away."""
    head = "---\n# who owns this\ndescription: >-\n  Use when\n  it rains.   \nname:   'rain'\n\nx: {b: 1, a: 2}\n---\n"
    text = head + DEPLOY.split("---\n", 2)[2]
    assert run("compress", "--threshold=0", stdin=text.encode()).text.startswith(head)


def test_a_minimal_skill_comes_back_unchanged_with_a_note() -> None:
    """What can't be made smaller is no failure: the original comes out, exit 0, and a line says why."""
    result = run("compress", "--threshold=0.95", stdin=MINIMAL.encode())
    assert (result.exit_code, result.text) == (0, MINIMAL)
    assert "Already minimal: no compression possible at any threshold" in result.stderr
    assert "(0% reduction)" in result.stderr


@pytest.mark.parametrize(
    "text",
    ["# Title\n", "---\nname: a\ndescription: Use when b.\n---\n# Title\n\n## Steps\n", "Setup\n=====\n"],
)
def test_a_skill_of_headings_alone_does_not_vanish(text: str) -> None:
    """Headings without a block under them are all there is: taking them away leaves no skill."""
    result = run("compress", stdin=text.encode())
    assert (result.exit_code, result.text) == (0, text)


@pytest.mark.parametrize("text", ["---\nname: a\n---\n", "---\n", "***\n", "[a]: b\n", "<!-- x -->\n", "```\n", "\\"])
def test_odd_but_readable_input_never_fails(text: str) -> None:
    """Frontmatter alone, a lone rule, a link definition, an unclosed fence: exit 0 and never more than came in."""
    result = run("compress", stdin=text.encode())
    assert result.exit_code == 0
    assert len(result.stdout) <= len(text)


@pytest.mark.parametrize(
    "line",
    ["x: !!timestamp noon", 'x: !!int ""', 'x: !!float ""', "x: !!bool perhaps", "x: 2024-99-99", "x: [unclosed"],
)
def test_frontmatter_that_yaml_refuses_is_a_warning(line: str) -> None:
    """Whatever the YAML reader chokes on, the skill is read, its header stays, and the report warns."""
    text = f"---\nname: a\n{line}\n---\n# A\n\n## When to Use\n\nUse when it rains.\n"
    result = run("compress", stdin=text.encode())
    assert (result.exit_code, result.text) == (0, text)
    assert "Warning: frontmatter: not valid YAML. Quote the values that hold a colon" in result.stderr


def test_deeply_nested_frontmatter_does_not_crash_the_process() -> None:
    """A header of sixty thousand brackets is broken YAML, not the end of the process."""
    text = f"---\nname: a\nx: {'[' * 60_000}\n---\n# A\n\nRun `a`.\n"
    result = run_process("compress", "--quiet", stdin=text.encode())
    assert (result.exit_code, result.text) == (0, text)
