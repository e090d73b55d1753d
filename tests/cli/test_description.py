"""The command `description`: one field changes, requests still lead to the skill, and bad input is refused."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.cli.command import Result, run
from tests.fixture_file import SKILLS, Case, read_cases

from skill_distiller.routing.oracle import Candidate, lexical_router
from skill_distiller.skill.frontmatter import split_frontmatter
from skill_distiller.skill.model import split_lines
from skill_distiller.skill.parse import parse_skill

BREAD = """---
# how to bake
name: bread
description: "Bakes sourdough bread from a starter. Use this skill when the user wants to bake loaves, shape buns, feed a starter, score crusts, or plan a bakery week. Do not use for cakes, tarts, or sweets."
license: MIT
---

# Bread

Bake sourdough loaves with a living starter.

## Feed the starter

Feed the starter with flour and water each morning.

## Shape buns

Shape the buns with wet hands.

## Score the crust

Score the crust with a blade before it goes into the oven.
"""  # noqa: E501
CAKES = "---\nname: cakes\ndescription: Bakes layer cakes with cream. Use for birthdays, and tarts.\n---\n\n# Cakes\n"
SCHEMA = json.loads(
    resources.files("skill_distiller.report").joinpath("description.schema.json").read_text(encoding="utf-8")
)
OFFLINE = ("--provider", "embedded")


@pytest.fixture
def bread(tmp_path: Path) -> Path:
    """A skill folder with one other skill beside it."""
    for name, text in (("bread", BREAD), ("cakes", CAKES)):
        (tmp_path / "lib" / name).mkdir(parents=True)
        (tmp_path / "lib" / name / "SKILL.md").write_text(text, encoding="utf-8")
    return tmp_path / "lib" / "bread"


def describe(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """Run the command without a language model."""
    return run("description", *arguments, *OFFLINE, stdin=stdin)


def _record(*arguments: str | Path, stdin: bytes = b"") -> dict[str, object]:
    result = describe(*arguments, "--json", "-q", stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    record = json.loads(result.text)
    Draft202012Validator(SCHEMA).validate(record)
    assert isinstance(record, dict)
    return record


def test_only_the_description_changes(bread: Path) -> None:
    """What routes stays, the exclusion stays, all other bytes stay; the report names the router for what it is."""
    result = describe(bread)
    assert result.exit_code == 0
    before, after = BREAD.splitlines(), result.text.splitlines()
    assert [a for a, b in zip(before, after, strict=True) if a != b] == [before[3]]
    assert len(after[3]) < len(before[3])
    assert "Do not use for cakes, tarts, or sweets." in after[3]
    assert after[3].startswith('description: "Bakes sourdough bread from a starter. Use ')
    assert "plan a bakery week" not in after[3]
    assert "lexical router" in result.stderr
    assert "routing preserved" not in result.stderr
    assert "own words" in result.stderr
    assert "Pinned: capability (1), exclusion (1)" in result.stderr  # no name is counted as a plural that it has not


def test_the_record(bread: Path) -> None:
    """It fits its schema, accounts for every clause and query, and holds the product."""
    record = _record(bread)
    assert record["schema"] == "skill-distiller/description/1"
    assert record["text"] == describe(bread, "-q").text
    clauses = record["clauses"]
    assert isinstance(clauses, list)
    assert {clause["pin"] for clause in clauses} == {"capability", "exclusion", None}
    assert not all(clause["kept"] for clause in clauses)
    queries = record["queries"]
    assert isinstance(queries, list)
    assert {query["split"] for query in queries} == {"driving", "held out"}
    assert all(query["after"] > 0 for query in queries if query["before"] > 0)
    pool = record["pool"]
    assert isinstance(pool, list)
    assert pool[0]["name"] == "cakes"


def test_the_same_seed_gives_the_same_bytes(bread: Path) -> None:
    """And the seed is the user's to choose."""
    assert describe(bread, "--json", "-q").stdout == describe(bread, "--json", "-q").stdout
    assert _record(bread, "--seed", "7")["oracle"] != _record(bread)["oracle"]


def test_real_queries_drive_the_search(bread: Path, tmp_path: Path) -> None:
    """Those of a file; those that the skill ships; what they need is kept."""
    file = tmp_path / "queries.json"
    queries = [
        "plan a bakery week for me",
        "a plan for my bakery this week",
        {"query": "sweets", "should_trigger": False},
    ]
    file.write_text(json.dumps(queries), encoding="utf-8")
    record = _record(bread, "--queries", file)
    assert "plan a bakery week" in str(record["description"])
    (bread / "evals").mkdir()
    (bread / "evals" / "evals.json").write_text(
        json.dumps({"evals": [{"prompt": q} for q in queries[:2]]}), encoding="utf-8"
    )
    again = _record(bread)
    assert "plan a bakery week" in str(again["description"])
    assert {query["source"] for query in again["queries"]} == {"file"}  # type: ignore[attr-defined]


def test_phrases_stay_on_request(bread: Path) -> None:
    """Whatever the router says."""
    assert "plan a bakery week" in describe(bread, "--keep-phrase", "bakery WEEK", "--text", "-q").text


def test_a_smaller_margin_saves_more(bread: Path) -> None:
    """And 1 keeps every lead."""
    texts = [describe(bread, "--margin", margin, "--text", "-q").text for margin in ("0", "0.8", "1")]
    assert len(texts[0]) <= len(texts[1]) <= len(texts[2])


@pytest.mark.parametrize("form", ["--text", "--diff", "--dry-run"])
def test_forms_of_the_product(bread: Path, form: str) -> None:
    """The description alone, a diff, or nothing."""
    result = describe(bread, form, "-q")
    assert result.exit_code == 0
    if form == "--text":
        assert result.text.startswith("Bakes sourdough bread")
        assert result.text.count("\n") == 1
    elif form == "--diff":
        assert [line[:1] for line in result.text.splitlines() if line[1:12] == "description"] == ["-", "+"]
    else:
        assert result.stdout == b""


def test_it_is_written_where_it_was_asked_for(bread: Path, tmp_path: Path) -> None:
    """Never over the input, nor over another file without --force."""
    out = tmp_path / "out.md"
    assert describe(bread, "-o", out).exit_code == 0
    assert out.read_text(encoding="utf-8") == describe(bread, "-q").text
    assert describe(bread, "-o", out).exit_code == 6
    assert describe(bread, "-o", out, "--force").exit_code == 0
    refused = describe(bread, "-o", bread / "SKILL.md", "--force")
    assert (refused.exit_code, refused.stdout) == (6, b"")
    assert (bread / "SKILL.md").read_text(encoding="utf-8") == BREAD


def test_a_missing_description_is_written_from_the_body() -> None:
    """In the skill's own words, in a frontmatter of its own; not where that is not wanted."""
    body = "# Chairs\n\nMend broken chairs with glue and clamps.\n\n## Glue a leg\n\nGlue it.\n"
    record = _record("-", stdin=body.encode())
    assert (record["status"], record["generated"], record["original"]) == ("generated", True, "")
    assert record["description"] == "Mend broken chairs with glue and clamps. Use for Glue a leg."
    assert str(record["text"]).endswith("---\n\n" + body)
    assert parse_skill(str(record["text"])).description == record["description"]
    never = describe("-", "--generate", "never", stdin=body.encode())
    assert (never.exit_code, never.text) == (0, body)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--margin", "2"), 2, "share from 0 to 1"),
        (("--text", "--json"), 2, "exclude each other"),
        (("--queries", "nowhere.json"), 3, "Can't read"),
        (("--library", "nowhere"), 3, "Can't read the library"),
    ],
)
def test_bad_options(bread: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    """One sentence, nothing on stdout."""
    result = describe(bread, *arguments)
    assert (result.exit_code, result.stdout) == (code, b"")
    assert message in result.stderr


def test_a_file_without_queries(bread: Path, tmp_path: Path) -> None:
    """It says what to write."""
    file = tmp_path / "q.json"
    file.write_text("{}", encoding="utf-8")
    result = describe(bread, "--queries", file)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "should_trigger" in result.stderr


@pytest.mark.parametrize("name", ["broken-yaml", "unclosed-frontmatter", "yaml-alias", "blank-line-first"])
def test_a_frontmatter_with_a_fault_is_left_alone(name: str) -> None:
    """With a note, and an error where --strict asks for one."""
    text = (SKILLS / name / "SKILL.md").read_bytes()
    result = describe(SKILLS / name)
    assert (result.exit_code, result.stdout) == (0, text)
    assert "mend it first" in result.stderr
    assert describe(SKILLS / name, "--strict").exit_code == 3


@pytest.mark.parametrize("case", read_cases("hostile_descriptions.md"), ids=lambda case: case.title.replace(" ", "-"))
def test_hostile_descriptions(case: Case, tmp_path: Path) -> None:
    """Whatever it says: within the limit, of its own words, and all else stays."""
    raw = json.loads(case.input)
    text = f"---\nname: x\ndescription: {raw}\nlicense: MIT\n---\n\n# X\n\nPaints walls of a house.\n\n## Paint it\n"
    folder = tmp_path / "lib" / "x"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_bytes(text.encode("utf-8"))
    (tmp_path / "lib" / "cakes").mkdir()
    (tmp_path / "lib" / "cakes" / "SKILL.md").write_text(CAKES, encoding="utf-8")
    before = parse_skill(text)
    result = describe(folder)
    assert result.exit_code == 0
    assert "\x1b" not in result.stderr
    after = parse_skill(result.text)
    assert after.body == before.body
    assert after.frontmatter.fields.get("license") == before.frontmatter.fields.get("license")
    if before.frontmatter.fields:
        assert len(after.description) <= 1024
        told = re.findall(r"\w+", after.description)[:-1]  # the last may be cut
        own = {*re.findall(r"\w+", before.description), "or", "and"}
        assert set(told) <= own or case.expected == "generated\n"
    lines = split_lines(result.text)
    assert split_frontmatter(lines)[0].state is before.frontmatter.state


def _library(tmp_path: Path) -> Path:
    """Six skills that take more than a small window has room for."""
    folder = tmp_path / "library"
    trades = {"bread": "loaves", "walls": "colors", "boats": "moorings", "chairs": "legs", "letters": "stamps"}
    for name, thing in trades.items():
        (folder / name).mkdir(parents=True)
        text = (
            f"---\nname: {name}\ndescription: Cares for {name} and {thing}. Use when the user wants to mend {thing}, "
            f"clean {name}, buy new {name}, sell old {name}, or store {thing}. Not for gardens.\n---\n\n# {name}\n\n"
            f"Cares for {name}.\n\n## Mend {thing}\n\nMend them.\n\n## Clean {name}\n\nClean them.\n"
        )
        (folder / name / "SKILL.md").write_text(text, encoding="utf-8")
    (folder / "hidden").mkdir()
    manual = "---\nname: hidden\ndescription: Only by hand.\ndisable-model-invocation: true\n---\n\n# Hidden\n"
    (folder / "hidden" / "SKILL.md").write_text(manual, encoding="utf-8")
    return folder


def _fit(folder: Path, *arguments: str | Path) -> Result:
    return run("description", "--library", folder, "--client", "claude-code", "--fit", *arguments)


def test_a_library_is_fitted_into_a_list(tmp_path: Path) -> None:
    """The list has room, exclusions stay, what is pinned stays, and the changed skills are written apart."""
    folder = _library(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("SKILL.md")}
    result = _fit(folder, "--window", "17000", "--json", "--pinned", "boats", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.text)
    assert (record["schema"], record["limit"], record["fits"]) == ("skill-distiller/listing/1", 680, True)
    assert record["characters"]["after"] <= 680 < record["characters"]["before"]
    assert sum(one["characters"]["after"] for one in record["skills"]) == record["characters"]["after"]
    skills = {one["skill"]: one for one in record["skills"]}
    assert (skills["boats"]["action"], skills["hidden"]["action"]) == ("pinned", "manual")
    assert skills["hidden"]["characters"] == {"before": 0, "after": 0}
    assert skills["boats"]["characters"]["before"] == skills["boats"]["characters"]["after"]
    short = [one for one in skills.values() if one["action"] == "shorten"]
    assert short
    assert {path: path.read_bytes() for path in folder.rglob("SKILL.md")} == before
    written = {path.parent.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("SKILL.md")}
    assert sorted(written) == sorted(one["skill"] for one in short)
    for one in short:
        assert parse_skill(written[one["skill"]]).description == one["description"]
        assert (
            parse_skill(written[one["skill"]]).body
            == parse_skill(before[folder / one["skill"] / "SKILL.md"].decode()).body
        )


def test_a_library_that_fits_is_left_alone(tmp_path: Path) -> None:
    """Nothing becomes shorter without need; a client without a list has room for all."""
    folder = _library(tmp_path)
    result = _fit(folder)
    assert result.exit_code == 0
    assert "5 keep" in result.text
    spec = run("description", "--library", folder, "--client", "spec", "--fit")
    assert (spec.exit_code, "no limit" in spec.text) == (0, True)


def test_names_alone_that_do_not_fit(tmp_path: Path) -> None:
    """The exit code says so, and the table what is left."""
    result = _fit(_library(tmp_path), "--window", "500")
    assert result.exit_code == 5
    assert "5 name only" in result.text
    assert "does not fit" in result.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "--library", "y", "--fit", "--client", "spec"), "not about one skill"),
        (("--fit", "--client", "spec"), "needs one --library"),
        (("--library", "y", "--fit", "--client", "nobody"), "no client"),
        (("x", "--client", "spec"), "need --fit"),
        ((), "no skill to describe"),
    ],
)
def test_what_does_not_go_with_fitting(arguments: tuple[str, ...], message: str) -> None:
    """One sentence, exit code 2, nothing on stdout."""
    result = run("description", *arguments)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert message in result.stderr


def test_a_name_that_no_skill_has(tmp_path: Path) -> None:
    """A pin that pins nothing is an error."""
    result = _fit(_library(tmp_path), "--pinned", "nobody")
    assert (result.exit_code, result.stdout) == (2, b"")


def test_the_document_names_every_field() -> None:
    """Of the record, in its table."""
    page = (SKILLS.parents[1] / "docs" / "description.md").read_text(encoding="utf-8")
    assert [name for name in SCHEMA["properties"] if f"`{name}`" not in page] == []


def test_a_model_that_says_nothing_of_use(bread: Path) -> None:
    """Made-up replies end in the original or a part of it, and the record names the model."""
    result = run("description", bread, "--provider", "scripted", "--no-cache", "--json", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    record = json.loads(result.text)
    Draft202012Validator(SCHEMA).validate(record)
    assert record["oracle"]["router"] == "scripted/made-up"
    assert record["provider"]["calls"] > 0
    assert "Do not use for cakes, tarts, or sweets." in record["description"]


_NEIGHBORS = {
    "bookkeeping": (
        "Files grants and forecasts. Use when the user wants ledgers filed, audits checked, tenders filed, or taxes "
        "compared.",
        [
            "draft forecasts of audits",
            "compare forecasts with tenders",
            "draft tenders for grants",
            "file audits for grants",
        ],
    ),
    "controlling": (
        "Reconciles budgets. Use when the user wants taxes drafted, loans filed, audits checked, forecasts checked, "
        "grants filed, pensions drafted, or ledgers compared.",
        ["file grants of loans", "compare budgets with forecasts", "file grants for taxes", "draft ledgers for audits"],
    ),
}


def test_a_new_description_takes_no_request_of_a_neighbor(tmp_path: Path) -> None:
    """Of several skills each may win no request that leads to one before it; alone it becomes shorter."""
    for name, (text, asked) in _NEIGHBORS.items():
        (tmp_path / "lib" / name / "evals").mkdir(parents=True)
        skill = f"---\nname: {name}\ndescription: {text}\n---\n\n# {name.title()}\n\nText.\n"
        (tmp_path / "lib" / name / "SKILL.md").write_text(skill, encoding="utf-8")
        (tmp_path / "lib" / name / "evals" / "evals.json").write_text(json.dumps(asked), encoding="utf-8")
    out = tmp_path / "out"
    assert describe(tmp_path / "lib", "-o", out, "--generate", "never").exit_code == 0
    old = [Candidate(name, text) for name, (text, _) in _NEIGHBORS.items()]
    new = [
        Candidate(n, parse_skill((out / n / "SKILL.md").read_text(encoding="utf-8")).description) for n in _NEIGHBORS
    ]
    router = lexical_router(old)
    for own, (_, asked) in enumerate(_NEIGHBORS.values()):
        before = router.margins(new[own], [old[1 - own]], asked, 0)
        after = router.margins(new[own], [new[1 - own]], asked, 0)
        assert [margin > 0 for margin in after] == [margin > 0 for margin in before]
    alone = describe(tmp_path / "lib" / "controlling", "--text", "--generate", "never").text.strip()
    assert len(alone) < len(new[1].description)
