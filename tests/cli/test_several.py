"""Commands that are about one skill take several, patterns and folders of them too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.cli.command import run
from tests.library.batches import contents, make_library


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three skills."""
    return make_library(tmp_path / "skills", 2)


@pytest.mark.parametrize(
    "named", [["skills"], ["skills/*"], ["skills/build", "skills/deploy-0", "skills/deploy-1/SKILL.md"]]
)
def test_compress_writes_what_batch_writes(
    named: list[str], library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a folder of results; the same command goes on there."""
    monkeypatch.chdir(tmp_path)
    result = run("compress", *named, "-o", "out", "--threshold=0.8")
    assert (result.exit_code, result.stdout) == (0, b""), result.stderr
    assert "3 skills: 2 done, 1 already minimal" in result.stderr
    for name in ("deploy-0", "build"):
        alone = run("compress", library / name, "--threshold=0.8", "-q", "--no-calibration").stdout
        assert (tmp_path / "out" / name / "SKILL.md").read_bytes() == alone
    assert "3 of an earlier run" in run("compress", *named, "-o", "out", "--threshold=0.8").stderr


def test_records_are_lines_and_diffs_have_names(library: Path) -> None:
    """What is printed of one among several says which it is."""
    lines = run("compress", library, "--json", "-q", "--no-calibration").text.splitlines()
    assert [json.loads(line)["place"] for line in lines] == ["build", "deploy-0", "deploy-1"]
    diff = run("compress", library, "--diff", "-q", "--no-calibration").text
    assert [line for line in diff.splitlines() if line.startswith("Index: ")] == [
        "Index: build",
        "Index: deploy-0",
        "Index: deploy-1",
    ]
    graphs = run("graph", library, "--format=json").text.splitlines()
    assert [json.loads(line)["place"] for line in graphs] == ["build", "deploy-0", "deploy-1"]
    assert "# deploy-1\n" in run("graph", library).text
    texts = run("description", library, "--json", "--provider=embedded").text.splitlines()
    assert [json.loads(line)["place"] for line in texts] == ["build", "deploy-0", "deploy-1"]


def test_a_bad_one_stops_no_other(library: Path) -> None:
    """It is told, and gives its exit code."""
    (library / "bad").mkdir()
    (library / "bad" / "SKILL.md").write_bytes(b"\xff\xfe\0")
    result = run("graph", library, "--format=json")
    assert result.exit_code == 3
    assert len(result.text.splitlines()) == 3
    assert "is not UTF-8" in result.stderr
    assert "4 skills: 1 went wrong" in result.stderr


def test_reduce_and_the_way_of_batch(library: Path, tmp_path: Path) -> None:
    """`reduce` of several writes what `batch --reduce` does, each as `reduce` does it alone."""
    assert run("reduce", library, "-o", tmp_path / "reduced", "--annotate", "-q").exit_code == 0
    line = ("batch", library, "--reduce", "--annotate", "-o", tmp_path / "batch", "--jobs=1")
    batch = run(*line, "--json", "-q")
    assert batch.exit_code == 0
    assert contents(tmp_path / "reduced") == contents(tmp_path / "batch")
    outcomes = {line["place"]: line for line in map(json.loads, batch.text.splitlines())}
    assert (outcomes["deploy-0"]["state"], outcomes["deploy-0"]["functionality"]) == ("done", None)
    assert (outcomes["build"]["state"], outcomes["build"]["reason"]) == ("already minimal", "too little would move")
    for name in ("deploy-0", "build"):
        run("reduce", library / name, "--annotate", "--no-description", "-o", tmp_path / f"alone-{name}", "-q")
        assert contents(tmp_path / f"alone-{name}") == contents(tmp_path / "batch" / name)
    assert "3 of an earlier run" in run(*line).stderr
    records = map(json.loads, run("reduce", library, "--json").text.splitlines())
    assert [record["place"] for record in records] == ["build", "deploy-0", "deploy-1"]


def test_verify_pairs_skills_by_their_places(library: Path, tmp_path: Path) -> None:
    """A rewrite that says otherwise, and one that is missing, fail; the others are looked at."""
    rewritten = make_library(tmp_path / "rewritten", 2)
    assert run("verify", library, rewritten, "-q").exit_code == 0
    file = rewritten / "deploy-0" / "SKILL.md"
    file.write_text(file.read_text("utf-8").split("\n## ")[0], "utf-8")
    (rewritten / "deploy-1" / "SKILL.md").unlink()
    (rewritten / "deploy-1" / "references" / "more.md").unlink()
    (rewritten / "deploy-1" / "references").rmdir()
    (rewritten / "deploy-1").rmdir()
    result = run("verify", library, rewritten, "--json")
    assert result.exit_code == 6
    assert {line["place"]: line["passed"] for line in map(json.loads, result.text.splitlines())} == {
        "build": True,
        "deploy-0": False,
    }
    assert "There is no rewrite of it" in result.stderr


def test_copies_of_a_reduced_skill_need_the_same_files(library: Path, tmp_path: Path) -> None:
    """Of two skills with one SKILL.md each keeps its own references; of whole copies one is worked on."""
    text = (library / "deploy-0" / "SKILL.md").read_bytes()
    (library / "deploy-1" / "SKILL.md").write_bytes(text)
    (library / "copy" / "references").mkdir(parents=True)
    (library / "copy" / "SKILL.md").write_bytes(text)
    (library / "copy" / "references" / "more.md").write_bytes(b"More of 0.\n")
    out = tmp_path / "out"
    result = run("batch", library, "--reduce", "-o", out, "--jobs=1", "--json", "-q")
    lines = {line["place"]: line["copy_of"] for line in map(json.loads, result.text.splitlines())}
    assert lines == {"build": "", "copy": "", "deploy-0": "copy", "deploy-1": ""}
    assert contents(out / "copy") == contents(out / "deploy-0")
    assert (out / "deploy-1" / "references" / "more.md").read_bytes() == b"More of 1.\n"


def test_batch_follows_the_configuration(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threshold, sections to keep and budgets in percent are those that `compress` would take."""
    config = tmp_path / "own.toml"
    config.write_text('threshold = 0.7\n[keep-sections]\ndeploy-0 = ["Background"]\n', "utf-8")
    out = tmp_path / "out"
    assert run("batch", library, "-o", out, "--jobs=1", "-q", "--config", config).exit_code == 0
    for name in ("deploy-0", "deploy-1"):
        alone = run("compress", library / name, "-q", "--no-calibration", "--config", config).stdout
        assert (out / name / "SKILL.md").read_bytes() == alone
    config.write_text("threshold = 0.7\n", "utf-8")
    again = run("batch", library, "-o", out, "--jobs=1", "--config", config, "--json").text
    assert not any(line["earlier"] for line in map(json.loads, again.splitlines()))
    share = tmp_path / "share"
    assert run("batch", library, "-o", share, "--jobs=1", "-q", "--tokens=80%", "--fail-on=never").exit_code == 0
    alone = run("compress", library / "deploy-1", "-q", "--no-calibration", "--tokens=80%").stdout
    assert (share / "deploy-1" / "SKILL.md").read_bytes() == alone


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compress", "skills/build", "skills/deploy-0"], 2),
        (["compress", "skills", "--dry-run", "--keep", "abcdef"], 2),
        (["compress", "skills", "-o", "out", "--keep-section", "Usage"], 2),
        (["compress", "skills", "-o", "out", "--provider", "openai"], 2),
        (["compress", "skills", "missing", "-o", "out"], 3),
        (["compress", "empty"], 3),
        (["graph", "skills", "-"], 2),
        (["reduce", "skills"], 2),
        (["reduce", "skills", "-o", "out", "--keep-section", "Usage"], 2),
        (["description", "skills/build", "skills/deploy-0"], 2),
        (["description", "skills/build", "skills/deploy-0", "--text"], 2),
        (["description", "skills", "-o", "skills"], 6),
        (["verify", "skills", "skills", "--format", "sarif"], 2),
        (["batch", "skills", "-o", "out", "--core-tokens", "500"], 2),
        (["batch", "skills", "-o", "out", "--reduce", "--tokens", "500"], 2),
        (["batch", "skills", "-o", "out", "--reduce", "--wording", "terse"], 2),
        (["batch", "skills", "-o", "out", "--reduce", "--provider", "ollama"], 2),
        (["batch", "skills", "-o", "out", "--tokens", "120%"], 2),
    ],
)
def test_bad_requests(
    arguments: list[str], code: int, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with what to do, nothing on stdout, nothing on disk changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    before = contents(tmp_path)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, b"")
    assert result.stderr.splitlines()[0].startswith("Error: ")
    assert contents(tmp_path) == before
    assert library.is_dir()


def test_exams_are_made_and_taken_of_each(library: Path, tmp_path: Path) -> None:
    """Exams go to the places of their skills; a library sits them with another one, pair by pair."""
    made = run("exam", "make", library, "-o", tmp_path / "exams", "--provider=embedded")
    assert made.exit_code == 0, made.stderr
    assert sorted(contents(tmp_path / "exams")) == [f"{name}/exam.json" for name in ("build", "deploy-0", "deploy-1")]
    (tmp_path / "file").touch()
    barred = run("exam", "make", library / "build", library / "deploy-0", "-o", tmp_path / "file")
    assert (barred.exit_code, "Traceback" in barred.stderr) == (6, False)
    run("batch", library, "-o", tmp_path / "out", "-q", "--threshold=0.8")
    taken = run("exam", "run", library, tmp_path / "out", "--provider=embedded", "--json")
    assert taken.exit_code == 0, taken.stderr
    assert [json.loads(line)["place"] for line in taken.text.splitlines()] == ["build", "deploy-0", "deploy-1"]
    (tmp_path / "out" / "build" / "SKILL.md").unlink()
    (tmp_path / "out" / "build").rmdir()
    gone = run("exam", "compare", library, tmp_path / "out", "--provider=embedded")
    assert gone.exit_code == 6
    assert "There is no candidate for it" in gone.stderr
    assert run("exam", "run", library, tmp_path / "out", "--exam=exam.json").exit_code == 2
    assert run("exam", "run", library, tmp_path / "out", "--feedback=latest").exit_code == 2


def test_several_are_undone_at_once(library: Path) -> None:
    """All below the folders that are named, each as before the last run; one that changed stops no other."""
    before = contents(library)
    assert run("compress", library, "--apply", "--threshold=0.8", "-q").exit_code == 0
    changed = library / "deploy-1" / "SKILL.md"
    changed.write_text(changed.read_text() + "More.\n")
    result = run("undo", library)
    assert result.exit_code == 6
    assert "was changed since" in result.stderr
    assert contents(library)["deploy-0/SKILL.md"] == before["deploy-0/SKILL.md"]
    changed.write_text(changed.read_text().removesuffix("More.\n"))
    assert run("undo", f"{library}/deploy-*").exit_code == 0
    assert contents(library) == before
    assert run("undo", library).exit_code == 3


def test_a_plan_finds_its_skill(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several that are named; one that was made for none of them is refused."""
    monkeypatch.chdir(tmp_path)
    one = library / "deploy-1"
    made = run("compress", one, "--threshold=0.8", "--save-plan=plan.yaml", "--json", "-q", "--no-calibration")
    piece = next(change["id"] for section in json.loads(made.stdout)["receipt"] for change in section["changes"])
    alone = run("restore", one, piece, "--plan=plan.yaml", "-q")
    assert alone.exit_code == 0, alone.stderr
    for named in (["skills"], ["skills/*"], ["skills/build", "skills/deploy-1"]):
        assert run("restore", *named, piece, "--plan=plan.yaml", "-q") == alone
    refused = run("restore", "skills/build", "skills/deploy-0", piece, "--plan=plan.yaml")
    assert (refused.exit_code, refused.stdout) == (6, b"")
    assert "Of the 2 skills here none is the one that 'plan.yaml' was made for." in refused.stderr


def test_what_moved_comes_back_from_a_library(library: Path, tmp_path: Path) -> None:
    """`restore --all` finds the folder that the plan of `reduce` belongs to."""
    source, out, plan = library / "deploy-0", tmp_path / "out", tmp_path / "plan.yaml"
    shutil.copytree(library / "build", out / "build")
    case = "For case {0} look at `tool-{0}` and note what it says. "
    body = "".join(f"\n## Part {n}\n\n{12 * case.format(n)}\n" for n in range(6))
    (source / "SKILL.md").write_text((source / "SKILL.md").read_text() + body)
    aim = ("--core-tokens=500", "--provider=embedded", "--no-description")
    made = run("reduce", source, "-o", out / "deploy-0", "--save-plan", plan, *aim)
    assert made.exit_code == 0, made.stderr
    back = run("restore", out, "--all", "--plan", plan, "-o", tmp_path / "back")
    assert back.exit_code == 0, back.stderr
    assert contents(tmp_path / "back") == contents(source)
