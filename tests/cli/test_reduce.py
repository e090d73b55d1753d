"""The command `reduce` as users run it: a folder in, a folder out, nothing lost, nothing half written."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.cli.command import run
from tests.disclosure.test_disclose import HEAD, expanded
from tests.skill.folders import snapshot

from skill_distiller.disclosure.split import MARK

BODY = """# Widgets

Make widgets with `scripts/print.py` and `assets/a.png`.

## When to use

Use this when the user asks for a widget.

## Rules

Never ship a red widget.

## Troubleshooting

@gateway timeouts retries

## Field reference

See the [image](assets/a.png).

@width height color
"""


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    """A skill folder of which two sections can move, with other files and an empty folder."""
    root = tmp_path / "widgets"
    (root / "scripts").mkdir(parents=True)
    (root / "assets").mkdir()
    (root / "empty").mkdir()
    (root / "SKILL.md").write_text(expanded(BODY), encoding="utf-8", newline="")
    (root / "scripts" / "print.py").write_bytes(b"print()\r\n")
    (root / "scripts" / "print.py").chmod(0o755)
    (root / "assets" / "a.png").write_bytes(b"\x89PNG\x00\xff")
    return root


def test_a_folder_comes_out_and_its_original_comes_back(skill: Path, tmp_path: Path) -> None:
    """New files in references, all others as they were; the plan gives every byte back; a second run changes none."""
    before, out, plan = snapshot(skill), tmp_path / "out", tmp_path / "plan.json"
    result = run("reduce", skill, "--threshold=0", "-o", out, "--save-plan", plan)
    assert (result.exit_code, result.stdout) == (0, b"")
    after = snapshot(out)
    new = sorted(after.keys() - before.keys() - {"references"})
    assert new == ["references/field-reference.md", "references/troubleshooting.md"]
    assert {name: after[name] for name in before if name != "SKILL.md"} == {
        name: value for name, value in before.items() if name != "SKILL.md"
    }
    assert snapshot(skill) == before
    assert b"](../assets/a.png)" in after["references/field-reference.md"][1]  # type: ignore[operator]
    assert "none dropped" in result.stderr
    assert "12 checks passed" in result.stderr
    back = tmp_path / "back"
    assert run("restore", out, "--all", "--plan", plan, "-o", back).exit_code == 0
    assert snapshot(back) == before
    again = run("reduce", out, "-o", tmp_path / "again")
    assert "was reduced before" in again.stderr
    assert snapshot(tmp_path / "again") == after


def test_verify_proves_the_split(skill: Path, tmp_path: Path) -> None:
    """Without a record the pointers are to be looked at, with it nothing is; a changed file fails."""
    out, record = tmp_path / "out" / "widgets", tmp_path / "record.json"
    out.parent.mkdir()
    record.write_bytes(run("reduce", skill, "--threshold=0", "-o", out, "--json").stdout)
    plain = run("verify", skill, out)
    assert plain.exit_code == 0
    assert "4 differences to look at" in plain.text
    assert run("verify", skill, out, "--receipt", record, "--strict").exit_code == 0
    (out / "scripts" / "print.py").write_bytes(b"print(1)\r\n")
    assert run("verify", skill, out, "--quiet").exit_code == 6
    sarif = json.loads(run("verify", skill, out, "--format=sarif").text)
    assert "changed" in json.dumps(sarif)
    other = json.loads(record.read_text("utf-8")) | {"source_sha256": "0"}
    record.write_text(json.dumps(other), encoding="utf-8")
    assert run("verify", skill, out, "--receipt", record).exit_code == 3


def test_the_record(skill: Path) -> None:
    """Four figures, the files with their pointers, where each piece went, what is conserved."""
    result = run("reduce", skill, "--json", "--threshold=0")
    assert result.exit_code == 0
    record = json.loads(result.text)
    schema = json.loads(resources.files("skill_distiller.report").joinpath("reduce.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(record)
    assert record.keys() == schema["properties"].keys() == set(schema["required"])
    figures = record["figures"]
    assert set(figures) == {"disk", "listing", "activation", "path"}
    assert figures["activation"]["after"] < figures["activation"]["before"]
    assert figures["activation"]["after"] < figures["path"]["after"] < figures["path"]["before"]
    assert figures["listing"]["after"] == figures["listing"]["before"]
    assert [file["path"] for file in record["new_files"]] == [
        "references/troubleshooting.md",
        "references/field-reference.md",
    ]
    assert {move["to"] for move in record["receipt"]} == {file["path"] for file in record["new_files"]}
    conservation = record["conservation"]
    assert all(conservation[name]["kept"] == conservation[name]["of"] for name in ("lines", "facts", "files"))
    assert "lays down a hard rule" in {pin["reason"] for pin in record["pinned"]}
    assert record["verification"]["passed"] is True


def test_compact_takes_a_model_and_one_skill(skill: Path, tmp_path: Path) -> None:
    """Nothing is written without one; with several skills it has no meaning."""
    result = run("reduce", skill, "--compact", "-o", tmp_path / "out")
    assert (result.exit_code, result.text, (tmp_path / "out").exists()) == (2, "", False)
    assert "takes a language model" in result.stderr
    several = run("reduce", skill, skill, "--compact", "-o", tmp_path / "out")
    assert (several.exit_code, (tmp_path / "out").exists()) == (2, False)


def test_references_that_nothing_leads_to_are_told_and_named(skill: Path, tmp_path: Path) -> None:
    """A note says so; --annotate names them at the end, which verify knows from the record and restore takes out."""
    (skill / "references").mkdir()
    (skill / "references" / "old.md").write_text("# Old ways\n\nDo it by hand.\n", encoding="utf-8")
    assert "nothing leads to 1 reference of the folder: references/old.md" in run("reduce", skill, "--dry-run").stderr
    out, plan, record = tmp_path / "out" / "widgets", tmp_path / "plan.json", tmp_path / "record.json"
    out.parent.mkdir()
    for share in ("1", "0"):  # with nothing that moves, and with something
        arguments = ("--annotate", f"--threshold={share}", "-o", out, "--save-plan", plan, "--force", "--json")
        result = run("reduce", skill, *arguments)
        assert result.exit_code == 0
        record.write_bytes(result.stdout)
        core = (out / "SKILL.md").read_text(encoding="utf-8")
        assert core.endswith("\n\n## Other references\n\n- `references/old.md`: Old ways\n")
        assert run("verify", skill, out, "--receipt", record, "--strict").exit_code == 0
        assert run("restore", out, "--all", "--plan", plan, "-o", tmp_path / f"back{share}").exit_code == 0
        assert snapshot(tmp_path / f"back{share}") == snapshot(skill)


def test_looking_writes_nothing(skill: Path, tmp_path: Path) -> None:
    """A dry run and a diff leave the disk alone; the diff is over all files and can be applied."""
    before = snapshot(tmp_path)
    assert run("reduce", skill, "--dry-run", "-o", tmp_path / "out", "-v").exit_code == 0
    diff = run("reduce", skill, "--diff", "--threshold=0").text
    assert snapshot(tmp_path) == before
    assert re.findall(r"^\+\+\+ (\S+)", diff, re.MULTILINE) == [
        "b/SKILL.md",
        "b/references/troubleshooting.md",
        "b/references/field-reference.md",
    ]
    assert f"+{MARK}" in diff


def test_pieces_to_keep_and_budgets(skill: Path, tmp_path: Path) -> None:
    """A section can be kept, by its heading or id; a budget is met, or refused with one that can be."""
    kept = json.loads(run("reduce", skill, "--json", "--keep-section=Troubleshooting", "--threshold=0").text)
    assert [file["path"] for file in kept["new_files"]] == ["references/field-reference.md"]
    piece = kept["new_files"][0]["passages"][0]["from"][0]
    assert not json.loads(run("reduce", skill, "--json", f"--keep={piece}", "--threshold=1").text)["changed"]
    budget = kept["figures"]["activation"]["after"]
    met = json.loads(run("reduce", skill, "--json", f"--core-tokens={budget}").text)
    assert met["figures"]["activation"]["after"] <= budget
    refused = run("reduce", skill, "-o", tmp_path / "out", "--core-tokens=20")
    assert (refused.exit_code, refused.stdout) == (5, b"")
    assert re.search(r"--core-tokens=\d+ or more", refused.stderr)
    assert not (tmp_path / "out").exists()


def test_a_file_or_stdin_is_a_folder_of_one_file(skill: Path, tmp_path: Path) -> None:
    """A SKILL.md means its folder; text from stdin becomes one."""
    assert run("reduce", skill / "SKILL.md", "-o", tmp_path / "one", "-q").exit_code == 0
    assert (tmp_path / "one" / "assets" / "a.png").exists()
    text = expanded("# Widgets\n\nMake it.\n\n## Troubleshooting\n\n@gateway timeouts retries\n")
    assert run("reduce", "-", "--threshold=0", "-o", tmp_path / "two", "-q", stdin=text.encode()).exit_code == 0
    assert sorted(snapshot(tmp_path / "two")) == ["SKILL.md", "references", "references/troubleshooting.md"]


def test_an_existing_folder_is_moved_aside_with_force(skill: Path, tmp_path: Path) -> None:
    """Without --force it is refused; with it nothing is deleted, and the report says where the old one is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    assert run("reduce", skill, "--threshold=0", "-o", out).exit_code == 6
    result = run("reduce", skill, "--threshold=0", "-o", out, "--force")
    assert result.exit_code == 0
    (aside,) = re.findall(r"that was there is now (\S+)", result.stderr)
    assert (Path(aside) / "mine.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{skill}"], 2),
        (["{skill}", "-o", "-"], 2),
        (["{skill}", "-o", "{skill}"], 6),
        (["{skill}", "-o", "{skill}/out"], 6),
        (["{skill}", "-o", "{skill}/.."], 6),
        (["{skill}", "-o", "{tmp}/nowhere/out"], 2),
        (["{tmp}/none", "-o", "{tmp}/out"], 3),
        (["{skill}", "-o", "{tmp}/out", "--threshold=2"], 2),
        (["{skill}", "-o", "{tmp}/out", "--load-rate=-1"], 2),
        (["{skill}", "-o", "{tmp}/out", "--core-tokens=0"], 2),
        (["{skill}", "-o", "{tmp}/out", "--core-tokens=900", "--threshold=0.5"], 2),
        (["{skill}", "-o", "{tmp}/out", "--json", "--diff"], 2),
        (["{skill}", "-o", "{tmp}/out", "--keep=zzzzzz"], 2),
        (["{skill}", "-o", "{tmp}/out", "--save-plan={tmp}/out/plan.json"], 2),
        (["{skill}", "-o", "{tmp}/out", "--save-plan={skill}/plan.json"], 6),
    ],
)
def test_bad_input(arguments: list[str], code: int, skill: Path, tmp_path: Path) -> None:
    """One sentence and what to do, the documented code, nothing on stdout, nothing on disk."""
    before = snapshot(tmp_path)
    result = run("reduce", *(argument.format(skill=skill, tmp=tmp_path) for argument in arguments))
    assert (result.exit_code, result.stdout) == (code, b"")
    assert "Traceback" not in result.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links of Unix")
def test_hostile_folders(skill: Path, tmp_path: Path) -> None:
    """A link inside stays one; one that leads out, and a pipe, end the run with nothing written."""
    (skill / "assets" / "b.png").symlink_to("a.png")
    assert run("reduce", skill, "--threshold=0", "-o", tmp_path / "one", "-q").exit_code == 0
    assert (tmp_path / "one" / "assets" / "b.png").readlink() == Path("a.png")
    (skill / "out.png").symlink_to(tmp_path)
    assert run("reduce", skill, "--threshold=0", "-o", tmp_path / "two", "-q").exit_code == 6
    (skill / "out.png").unlink()
    os.mkfifo(skill / "pipe")
    assert run("reduce", skill, "--threshold=0", "-o", tmp_path / "two", "-q").exit_code == 3
    assert not (tmp_path / "two").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs links of Unix")
def test_a_reference_folder_that_is_a_link_is_left_alone(skill: Path, tmp_path: Path) -> None:
    """New files never go through a link."""
    (skill / "references").symlink_to("assets")
    record = json.loads(run("reduce", skill, "--json", "--threshold=0").text)
    assert {file["path"].split("/")[0] for file in record["new_files"]} == {"reference"}


def test_a_skill_that_stays_as_it_is(tmp_path: Path) -> None:
    """The folder is written all the same, and the report says why nothing moved."""
    root = tmp_path / "widgets"
    root.mkdir()
    (root / "SKILL.md").write_text(HEAD + "# Widgets\n\nMake it.\n", encoding="utf-8")
    result = run("reduce", root, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "Nothing moved" in result.stderr
    assert snapshot(tmp_path / "out") == snapshot(root)
    assert run("reduce", root, "-o", tmp_path / "two", "--save-plan", tmp_path / "p.json").exit_code == 6


def test_restore_all_needs_its_own_plan(skill: Path, tmp_path: Path) -> None:
    """Another file is refused, and a folder that was changed since."""
    out, plan = tmp_path / "out", tmp_path / "plan.json"
    run("reduce", skill, "--threshold=0", "-o", out, "--save-plan", plan)
    assert run("restore", out, "--all", "--plan", plan).exit_code == 2
    assert run("restore", out, "abc", "--all", "--plan", plan, "-o", tmp_path / "x").exit_code == 2
    assert run("restore", skill, "--all", "--plan", plan, "-o", tmp_path / "x").exit_code == 3
    assert run("restore", out, "--all", "--plan", out / "SKILL.md", "-o", tmp_path / "x").exit_code == 3
    with (out / "references" / "troubleshooting.md").open("ab") as file:
        file.write(b"More.\n")
    assert run("restore", out, "--all", "--plan", plan, "-o", tmp_path / "x").exit_code == 3
    assert not (tmp_path / "x").exists()


def test_compress_points_to_reduce(skill: Path) -> None:
    """One file can't hold what moves."""
    result = run("compress", skill, "--to-references")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert f"skill-distiller reduce {skill} -o OUT" in result.stderr


LONG = """Makes widgets of iron, copper and glass. Use when the user asks for a widget, wants an iron widget bent,
  needs a copper widget or asks about the gateway of widgets. Supports troubleshooting of timeouts and retries in the
  gateway of widgets, the field reference with width, height and color, long explanations of the history of widget
  making in all the countries of the world, and much more besides. Never for gadgets."""


def test_the_description_is_the_first_stage(skill: Path, tmp_path: Path) -> None:
    """It gets shorter with what moves, limits stay, the plan gives it back; --no-description leaves it alone."""
    text = (skill / "SKILL.md").read_text("utf-8").replace("Makes widgets. Use when the user asks for one.", LONG)
    (skill / "SKILL.md").write_text(text, encoding="utf-8")
    requests = tmp_path / "requests.json"
    asked = [
        "bend an iron widget",
        "a copper widget",
        "glass widget please",
        "copper",
        "iron widgets",
        "widget of glass",
    ]
    requests.write_text(json.dumps(asked), encoding="utf-8")
    out, plan, receipt = tmp_path / "out" / "widgets", tmp_path / "plan.json", tmp_path / "record.json"
    out.parent.mkdir()
    given = ("reduce", skill, "--threshold=0", "--queries", requests)
    result = run(*given, "-o", out, "--save-plan", plan, "--json")
    assert result.exit_code == 0
    receipt.write_bytes(result.stdout)
    assert run("verify", skill, out, "--receipt", receipt, "--strict").exit_code == 0
    assert run("verify", skill, out).exit_code == 6  # nobody declared that clauses went
    record = json.loads(result.text)
    found = record["description"]
    assert len(found["description"]) < len(found["original"])
    assert "Never for gadgets." in found["description"]
    assert record["figures"]["listing"]["after"] < record["figures"]["listing"]["before"]
    assert found["description"] in run(*given, "--diff").text
    assert run("restore", out, "--all", "--plan", plan, "-o", tmp_path / "back").exit_code == 0
    assert snapshot(tmp_path / "back") == snapshot(skill)
    core, record["description"]["description"] = out / "SKILL.md", "Makes widgets. Use for gadgets."
    core.write_text(core.read_text("utf-8").replace(found["description"], "Makes widgets. Use for gadgets."), "utf-8")
    receipt.write_text(json.dumps(record), encoding="utf-8")
    assert run("verify", skill, out, "--receipt", receipt).exit_code == 6  # a record can't declare another meaning
    alone = json.loads(run("reduce", skill, "--threshold=0", "--no-description", "--json").text)
    assert alone["description"] is None
    assert alone["figures"]["listing"]["after"] == alone["figures"]["listing"]["before"]
    kept = json.loads(run(*given, "--json", "--keep-section=Troubleshooting", "--keep-section=Field reference").text)
    assert not kept["changed"]
    assert kept["description"]["description"] == found["original"]
    assert run(*given, "--no-description", "--dry-run").exit_code == 2


def test_late_rules_are_said_near_the_top(tmp_path: Path) -> None:
    """A note counts rules behind the first 5,000 tokens; --pin repeats them, and the plan takes them out."""
    root, out, plan = tmp_path / "widgets", tmp_path / "out" / "widgets", tmp_path / "plan.json"
    record = tmp_path / "record.json"
    root.mkdir()
    out.parent.mkdir()
    steps = "".join(f"Never bend widget number {i} by hand in the shop.\n\n" for i in range(600))
    body = f"# Widgets\n\nMake widgets.\n\n## Rules\n\n{steps}Always ask before you melt a widget.\n\n- It must stay.\n"
    (root / "SKILL.md").write_text(HEAD + body, encoding="utf-8")
    assert "stand behind the first 5,000 tokens" in run("reduce", root, "--dry-run").stderr
    result = run("reduce", root, "--pin", "-o", out, "--save-plan", plan, "--json")
    assert result.exit_code == 0
    record.write_bytes(result.stdout)
    core = (out / "SKILL.md").read_text("utf-8")
    digest = core.split("Make widgets.\n\n")[1].split("\n\n## Rules")[0]
    assert digest in json.loads(record.read_text("utf-8"))["added"]
    assert digest.startswith("Never bend widget number")
    assert "It must" not in digest
    assert len(digest.split()) < 50
    assert run("verify", root, out, "--receipt", record, "--strict").exit_code == 0
    assert run("restore", out, "--all", "--plan", plan, "-o", tmp_path / "back").exit_code == 0
    assert snapshot(tmp_path / "back") == snapshot(root)


def test_a_model_is_named_and_proved(skill: Path, tmp_path: Path) -> None:
    """Made-up replies end in a folder that passes its proof and can be undone; the record says who had a part."""
    out, plan = tmp_path / "out" / "widgets", tmp_path / "plan.json"
    out.parent.mkdir()
    given = ("reduce", skill, "--provider=scripted", "--threshold=0", "--no-description")
    result = run(*given, "-o", out, "--save-plan", plan, "--json")
    if result.exit_code == 6:  # every block was called a core rule: there is no plan to save
        result = run(*given, "-o", out, "--json")
    assert result.exit_code == 0
    record = json.loads(result.text)
    assert record["model"] == "scripted/made-up"
    assert record["verification"]["passed"] is True
    assert all(share["kept"] == share["of"] for name, share in record["conservation"].items() if name != "moved_blocks")
    if plan.exists():
        assert run("restore", out, "--all", "--plan", plan, "-o", tmp_path / "back").exit_code == 0
        assert snapshot(tmp_path / "back") == snapshot(skill)
    assert run(*given, "--max-calls=0", "--dry-run").exit_code in (2, 4)


def test_what_a_skill_lacks_is_said_in_words(tmp_path: Path) -> None:
    """As `compress` says it, not by the name of its kind."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "SKILL.md").write_text("# Plain\n\nRun `make` and read what it prints.\n")
    result = run("reduce", tmp_path / "plain", "--dry-run", "--provider=embedded")
    assert "Note: frontmatter: missing. " in result.stderr
    assert "Note: no trigger section. " in result.stderr
    assert "1 tokens" not in result.stderr


def test_single_pieces_come_back(skill: Path, tmp_path: Path) -> None:
    """One section back in SKILL.md, its pointer and file gone, the rest as it was; the new plan gives the original."""
    before, out, plan = snapshot(skill), tmp_path / "out", tmp_path / "plan.json"
    record = json.loads(run("reduce", skill, "--threshold=0", "-o", out, "--save-plan", plan, "--json").text)
    piece = next(own["id"] for own in record["receipt"] if own["to"] == "references/troubleshooting.md")
    some, left = tmp_path / "some", tmp_path / "left.json"
    result = run("restore", out, piece, "--plan", plan, "-o", some, "--save-plan", left)
    assert (result.exit_code, result.stdout) == (0, b"")
    assert "1 block came back into SKILL.md" in result.stderr
    core = (some / "SKILL.md").read_text("utf-8")
    assert "references/field-reference.md" in core
    assert "troubleshooting.md" not in core
    assert "The `gateway` has a `timeouts` number 3" in core
    assert not (some / "references" / "troubleshooting.md").exists()
    assert run("verify", skill, some).exit_code == 0
    back = tmp_path / "back"
    assert run("restore", some, "--all", "--plan", left, "-o", back).exit_code == 0
    assert snapshot(back) == before
    assert run("restore", some, "--section", "Field reference", "--plan", left, "-o", tmp_path / "whole").exit_code == 0
    assert snapshot(tmp_path / "whole") == before


def test_pieces_that_did_not_move_are_refused(skill: Path, tmp_path: Path) -> None:
    """A piece that stayed, an id that is none, no place to write to, and a folder that was changed since."""
    out, plan, new = tmp_path / "out", tmp_path / "plan.json", tmp_path / "new"
    record = json.loads(run("reduce", skill, "--threshold=0", "-o", out, "--save-plan", plan, "--json").text)
    moved, stays = record["receipt"][0]["id"], record["pinned"][0]["id"]
    assert run("restore", out, moved, "--plan", plan).exit_code == 2
    assert "None of these pieces had moved" in run("restore", out, stays, "--plan", plan, "-o", new).stderr
    assert run("restore", out, "zzzzzz", "--plan", plan, "-o", new).exit_code == 2
    (out / "SKILL.md").write_text("# Other\n", encoding="utf-8")
    assert run("restore", out, moved, "--plan", plan, "-o", new).exit_code == 3
    assert not new.exists()


def test_the_report_names_each_file_once(skill: Path) -> None:
    """The files with the sections that they come from; all pointers only where they are asked for."""
    short = run("reduce", skill, "--threshold=0", "--dry-run").stderr
    assert "2 new files, named in SKILL.md where the text stood:" in short
    assert "from Troubleshooting" in short
    long = run("reduce", skill, "--threshold=0", "--dry-run", "-v").stderr
    assert "## Troubleshooting  (line" in long
    assert "Stays, whatever else moves:" in long
