"""`--interactive`: a question for each piece that would go, and a plan that holds the answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.cli.command import Result, run
from tests.cli.samples import DEPLOY

_LOW = "--threshold=0.3"
_THANKS = "Our thanks go to everyone who helped along the way, with their time and with their patience.\n"
_STORY = "The first deploy script was written in 2019"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan goes to the working folder where no other place is named."""
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)


def _ask(skill_file: Path, answers: str, *options: str) -> Result:
    return run("compress", skill_file, _LOW, "-i", *options, stdin=answers.encode())


def _questions(result: Result) -> list[tuple[str, int]]:
    """The ids that were asked about, with the tokens of each."""
    return [(i, int(n)) for i, n in re.findall(r"^\d+ of \d+  \[(\w+)\] (\d+) tokens?, ", result.stderr, re.MULTILINE)]


def test_every_loss_is_asked_about_the_largest_first(skill_file: Path) -> None:
    """With its text; who drops all gets what a plain run gives, and the plan of it."""
    plain = run("compress", skill_file, _LOW)
    result = _ask(skill_file, "d\n\ndrop\n" + "d\n" * 20)
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    sizes = [tokens for _, tokens in _questions(result)]
    assert len(sizes) > 3
    assert sizes == sorted(sizes, reverse=True)
    assert f"    {_THANKS}" in result.stderr
    assert "\nKept: 0 pieces.\n" in result.stderr
    assert result.stderr.endswith("Written: deploy-notes.plan.yaml\n")
    assert run("compress", skill_file, "--plan", "deploy-notes.plan.yaml").stdout == plain.stdout


def test_what_is_kept_stays_and_is_in_the_plan(skill_file: Path) -> None:
    """Byte for byte, and a later run with the plan gives the same."""
    first = _questions(_ask(skill_file, "", "--dry-run"))[0][0]
    result = _ask(skill_file, "keep\ns\n", "--save-plan=mine.yaml")
    assert result.exit_code == 0
    assert "\nKept: 1 piece.\n" in result.stderr
    assert _questions(result)[0][0] == first
    assert _STORY in result.text
    assert _STORY not in run("compress", skill_file, _LOW).text
    assert run("compress", skill_file, "--plan", "mine.yaml").stdout == result.stdout
    assert not Path("deploy-notes.plan.yaml").exists()


def test_context_is_shown_and_asked_again(skill_file: Path) -> None:
    """With line numbers, a bar beside what would go; an answer that is none is asked for again."""
    result = _ask(skill_file, "c\nwhat\nd\n")
    line = next(number for number, text in enumerate(DEPLOY.splitlines(), 1) if text.startswith(_STORY))
    assert f"  {line:>5} | {_STORY}" in result.stderr
    assert f"  {line - 4:>5}   " in result.stderr
    assert "Answer d, k, c or s.\n" in result.stderr


def test_nobody_who_answers_is_a_mistake(skill_file: Path) -> None:
    """Without a terminal nothing would be asked."""
    result = _ask(skill_file, "")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "nobody answers" in result.stderr


@pytest.mark.parametrize("answers", ["d\n", "s\n", "d\nq\n"])
def test_nobody_has_to_answer_all(answers: str, skill_file: Path) -> None:
    """The end of stdin, or stop: what was not asked goes as planned."""
    result = _ask(skill_file, answers)
    assert (result.exit_code, result.stdout) == (0, run("compress", skill_file, _LOW).stdout)


def test_a_dry_run_saves_nothing(skill_file: Path) -> None:
    """Nor does it write."""
    result = _ask(skill_file, "k\ns\n", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert not any(Path().iterdir())


def test_a_budget_is_raised_by_what_is_kept(skill_file: Path) -> None:
    """And that is said: ten answers are not lost to an exit code."""
    record = json.loads(run("compress", skill_file, "--tokens=200", "--json").stdout)
    assert record["output_tokens"] <= 200
    result = run("compress", skill_file, "--tokens=200", "-i", stdin=b"k\ns\n")
    assert result.exit_code == 0
    assert re.search(r"For what you keep the budget is raised to \d+ tokens\.", result.stderr)
    assert _STORY in result.text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--mode=oneliner"], "--interactive has no meaning with --mode=oneliner."),
        (["--quiet"], "--interactive and --quiet exclude each other."),
    ],
)
def test_what_does_not_go_with_it(options: list[str], sentence: str, skill_file: Path) -> None:
    """Exit 2, before anything is asked."""
    result = run("compress", skill_file, "-i", *options)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert result.stderr.startswith(f"Error: {sentence}\nHint: ")


def test_the_skill_has_to_be_a_file(skill_file: Path) -> None:
    """stdin is for the answers; a plan that is there is refused before the first question."""
    result = run("compress", "-i", stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout) == (2, b"")
    Path("deploy-notes.plan.yaml").write_text("mine", encoding="utf-8")
    result = _ask(skill_file, "k\n")
    assert (result.exit_code, result.stdout) == (6, b"")
    assert "[d]rop" not in result.stderr


def _folder(skill_folder: Path) -> Path:
    """The skill with a file beside it, which has the name that a reference would take."""
    (skill_folder / "references").mkdir()
    (skill_folder / "references" / "background.md").write_text("# Else\n", encoding="utf-8")
    return skill_folder


def _tree(folder: str | Path) -> dict[str, str]:
    files = (file for file in Path(folder).rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}


def test_a_piece_moves_into_a_reference(skill_folder: Path) -> None:
    """`m` with `-o FOLDER`: the folder has it in a new file, word for word, and a pointer in its place."""
    before = _tree(_folder(skill_folder))
    dropped = run("compress", skill_folder, _LOW).text
    result = run("compress", skill_folder, _LOW, "-i", "-o", "out/", "--json", stdin=b"move\ns\n")
    assert (result.exit_code, _tree(skill_folder)) == (0, before)
    assert "\nKept: 0 pieces. Moved: 1 piece.\n" in result.stderr
    record, after = json.loads(result.stdout), _tree("out")
    (file,) = record["new_files"]
    pointer = file["passages"][0]["pointer"]
    assert after.keys() - before.keys() == {file["path"]}
    assert after["references/background.md"] == before["references/background.md"]
    assert after["SKILL.md"] == record["text"]
    assert after["SKILL.md"].replace(f"## Background\n\n{pointer}\n", "").split() == dropped.split()
    moved = DEPLOY[DEPLOY.index(_STORY) : DEPLOY.index("## Related")]
    assert moved.strip() in after[file["path"]]
    assert file["path"] in pointer


def test_what_moved_is_proved_from_the_two_folders(skill_folder: Path) -> None:
    """`verify` of the folder passes with the record of the run, and not without: what was dropped is lost."""
    result = run("compress", _folder(skill_folder), _LOW, "-i", "-o", "out/", "--json", stdin=b"m\ns\n")
    Path("run.json").write_bytes(result.stdout)
    assert run("verify", skill_folder, "out", "--receipt=run.json").exit_code == 0
    assert run("verify", skill_folder, "out").exit_code == 6
    file = Path("out", json.loads(result.stdout)["new_files"][0]["path"])
    file.write_text(file.read_text(encoding="utf-8").replace("E1042", "E1043"), encoding="utf-8")
    assert run("verify", skill_folder, "out", "--receipt=run.json").exit_code == 6


def test_the_plan_moves_it_again(skill_folder: Path) -> None:
    """The same folder without a question; set to `dropped` it is gone, and `restore` brings it back."""
    result = run("compress", _folder(skill_folder), _LOW, "-i", "-o", "out/", stdin=b"m\ns\n")
    assert result.exit_code == 0
    assert "\nMoved (a pointer stands in its place):\n  [" in result.stderr
    plan = Path("deploy-notes.plan.yaml")
    text = plan.read_text(encoding="utf-8")
    piece = re.search(r"id: (\w+)\n +rendering: moved\n", text)
    assert piece
    assert run("compress", skill_folder, "--plan", plan, "-o", "again/").exit_code == 0
    assert _tree("again") == _tree("out")
    assert run("restore", skill_folder, piece[1], "--plan", plan, "-o", "back/").exit_code == 0
    assert _STORY in _tree("back")["SKILL.md"]
    assert _tree("back").keys() == _tree(skill_folder).keys()
    plan.write_text(text.replace("rendering: moved", "rendering: dropped"), encoding="utf-8")
    dropped = run("compress", skill_folder, "--plan", plan)
    assert (dropped.exit_code, dropped.stdout) == (0, run("compress", skill_folder, _LOW).stdout)


@pytest.mark.parametrize("options", [[], ["-o", "one.md"], ["--apply"], ["--json"]])
def test_a_plan_that_moves_needs_a_folder_to_write(options: list[str], skill_folder: Path) -> None:
    """Exit 2 before anything is written: SKILL.md alone would have lost the piece. A dry run or a diff may look."""
    before = _tree(skill_folder)
    assert run("compress", skill_folder, _LOW, "-i", "-o", "out/", stdin=b"m\ns\n").exit_code == 0
    plan = ("--plan", "deploy-notes.plan.yaml")
    result = run("compress", skill_folder, *plan, *options)
    assert (result.exit_code, result.stdout, _tree(skill_folder)) == (2, b"", before)
    assert result.stderr == (
        "Error: The plan moves 1 piece into references, and they need files of their own.\n"
        "Hint: Give the skill's folder as PATH, and a folder to write: -o OUT/\n"
    )
    assert not Path("one.md").exists()
    assert run("compress", skill_folder, *plan, "--dry-run").exit_code == 0
    assert "+++ b/references/" in run("compress", skill_folder, *plan, "--diff").text


def test_where_nothing_can_move_it_is_said(skill_folder: Path, skill_file: Path) -> None:
    """To a file or to stdout there is no answer `m`; who gives it is told what it takes, and asked again."""
    for options in ([], ["-o", "one.md"]):
        result = run("compress", skill_file, _LOW, "-i", "--save-plan=p.yaml", *options, stdin=b"m\nk\ns\n")
        assert result.exit_code == 0
        assert "[m]ove" not in result.stderr
        assert "A piece moves into a file of its own: give the skill's folder, and one to write" in result.stderr
        assert "\nKept: 1 piece.\n" in result.stderr
        Path("p.yaml").unlink()


def test_pointers_are_beyond_the_budget(skill_folder: Path) -> None:
    """The text that moved takes nothing of it, and nothing else goes; that the pointers do not fit is said."""
    plain = json.loads(run("compress", skill_folder, "--tokens=200", "--json").stdout)
    result = run("compress", skill_folder, "--tokens=200", "-i", "-o", "out/", "--json", stdin=b"m\ns\n")
    record = json.loads(result.stdout)
    assert 200 < record["output_tokens"] < plain["output_tokens"] + 60
    assert f"beyond the budget: {record['output_tokens'] - 200} tokens more than that." in result.stderr
