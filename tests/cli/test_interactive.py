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
