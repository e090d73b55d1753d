"""Real skills: only the description changes, what was valid stays valid, and nothing is invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from skill_distiller.routing.generate import extract_description, invented
from skill_distiller.routing.lexical import Weights
from skill_distiller.routing.oracle import Candidate, LexicalRouter, Oracle
from skill_distiller.routing.pinned import excludes
from skill_distiller.routing.queries import Query, QuerySplit, Source, queries_from_body
from skill_distiller.routing.shorten import MOST_CHARACTERS, Search, Status, cut_at_word, shorten, shorten_openings
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.run.describe_skill import (
    DescriptionOptions,
    Generate,
    Note,
    describe_skill,
    read_siblings,
    reading_of,
)
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

TEXT = "Mends chairs with glue. Use for wobbly legs, torn seats, and lost screws."
CHAIRS = Candidate("chairs", TEXT)
DRIVING = ["mends chairs with glue", "chairs and glue", "glue for chairs", "mends chairs"]
RIVAL = Candidate("tables", "Sells lost things and screws.")


def _search(counter: TokenCounter, driving: list[str], held_out: list[str], text: str = TEXT) -> Search:
    router = LexicalRouter(Weights((CHAIRS.text, RIVAL.text)))
    oracle = Oracle(router, CHAIRS._replace(description=text), [RIVAL], 1)
    split = QuerySplit(*(tuple(Query(q, Source.FILE) for q in own) for own in (driving, held_out)))
    return Search(split_clauses(text), {}, oracle, split, counter)


def test_an_opening_stays_where_the_sentence_goes_on() -> None:
    """With another verb of its subject, behind a comma too."""
    for text in (
        "Use when a user wants to sit, asks for a seat.",
        "Use when the user wants to sit or asks for a seat.",
    ):
        assert shorten_openings(text, lambda _: True) == text
    assert shorten_openings("Use when a user wants to sit.", lambda _: True) == "Use to sit."
    asked = "Use this skill when the user asks about chairs"
    assert shorten_openings(f"{asked} and stools.", lambda _: True) == "Use for chairs and stools."
    assert (
        shorten_openings(f"{asked}, mentions stools.", lambda _: True)
        == asked.replace("this skill ", "") + ", mentions stools."
    )


def test_a_clause_comes_back_for_a_held_out_query(counter: TokenCounter) -> None:
    """The one that helps, and the status says so; without the query it is gone."""
    without = shorten(_search(counter, DRIVING, []))
    assert (without.status, "seats" in without.text) == (Status.SHORTENED, False)
    found = shorten(_search(counter, DRIVING, ["torn seats"]))
    assert found.status is Status.RESTORED
    assert [found.clauses.text_of(found.clauses.all[index]) for index in found.restored] == ["torn seats"]
    assert all(one.kept for one in found.measured)


def test_where_few_queries_are_routed_the_clauses_are_queries_too(counter: TokenCounter) -> None:
    """One request shows too little of what a skill is for."""
    assert "torn seats" in shorten(_search(counter, DRIVING[:2], [])).text


def test_where_nothing_is_routed_nothing_changes(counter: TokenCounter) -> None:
    """What the original does not do can't be shown to be kept."""
    found = shorten(_search(counter, ["quantum physics"], []))
    assert (found.status, found.text) == (Status.UNMEASURED, TEXT)


def test_what_is_over_the_limit_is_cut(counter: TokenCounter) -> None:
    """Whole clauses go first; at a word where one clause alone is too long."""
    long = TEXT + " " + "Covers " + ", ".join(f"part number {n} of a chair" for n in range(58)) + "."
    found = shorten(_search(counter, ["quantum physics"], [], long))
    assert (found.cut, len(found.text) <= MOST_CHARACTERS) == (True, True)
    assert found.text.startswith("Mends chairs with glue.")
    assert cut_at_word("word " * 400).endswith("word")
    assert cut_at_word("x" * 2000) == "x" * MOST_CHARACTERS


def test_invented_facts_are_found() -> None:
    """Names and numbers that neither name nor body holds."""
    skill = parse_skill("---\nname: chairs\n---\n\n# Chairs\n\nGlue legs with `glue-x` for 20 minutes.\n")
    assert invented("Glues legs with `glue-x`, 20 minutes", skill) == []
    assert invented("Glues legs with `glue-y` for 30 minutes", skill)


def test_a_library_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    """Files that are none, broken frontmatters and binary files are passed over, or have no description."""
    for name, content in (
        ("good", b"---\nname: g\ndescription: Good.\n---\n"),
        ("bad", b"---\nname: [\n---\n"),
        ("bin", b"\xff\x00"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "SKILL.md").write_bytes(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder" / "SKILL.md").mkdir(parents=True)
    assert read_siblings(tmp_path) == (Candidate("bad", ""), Candidate("bin", ""), Candidate("g", "Good."))


@pytest.mark.corpus
def test_real_skills(corpus_sample: tuple[Skill, ...], counter: TokenCounter) -> None:
    """Body and other fields stay, exclusions stay, no text is longer, and the same seed gives the same text."""
    library = [Candidate(skill.name, skill.description) for skill in corpus_sample]
    for skill in corpus_sample:
        result = describe_skill(skill, library, DescriptionOptions(), counter)
        again = describe_skill(skill, library, DescriptionOptions(), counter)
        assert result.skill.text == again.skill.text
        assert result.skill.body == skill.body
        described = result.described
        if Note.FRONTMATTER in result.notes:
            assert result.skill.text == skill.text
            continue
        others = {key: value for key, value in skill.frontmatter.fields.items() if key != "description"}
        assert {key: result.skill.frontmatter.fields[key] for key in others} == others
        assert result.skill.description == described.text
        assert len(described.text) <= MOST_CHARACTERS
        if not result.generated:
            assert result.tokens[1] <= result.tokens[0]
            limits = [
                described.clauses.text_of(c) for c in described.clauses.all if excludes(described.clauses.text_of(c))
            ]
            assert all(text in described.text for text in limits)
            assert described.effort.calls <= len(described.clauses.all) ** 2 + 3 * len(described.clauses.all)


@pytest.mark.corpus
def test_the_valid_stays_valid(corpus_sample: tuple[Skill, ...], counter: TokenCounter, tmp_path: Path) -> None:
    """Under the reference validator."""
    validate = pytest.importorskip("skills_ref").validate
    for skill in corpus_sample:
        folder = tmp_path / skill.name
        if not skill.name or "/" in skill.name or folder.exists():
            continue
        folder.mkdir()
        file = folder / "SKILL.md"
        file.write_bytes(skill.text.encode())
        if not validate(folder):
            for generate in (Generate.NEVER, Generate.ALWAYS):
                result = describe_skill(skill, (), DescriptionOptions(generate=generate), counter)
                file.write_bytes(result.skill.text.encode())
                assert validate(folder) == [], skill.path


@pytest.mark.corpus
def test_written_descriptions(corpus_sample: tuple[Skill, ...], counter: TokenCounter) -> None:
    """Of the skill's own words, within the limit, and queries from its body are many enough to try."""
    for skill in corpus_sample:
        reading = reading_of(skill)
        text = extract_description(reading, counter)
        assert invented(text, skill) == []
        assert len(text) <= MOST_CHARACTERS
        assert len(queries_from_body(reading)) <= 60
