"""Where the frontmatter ends and what it holds."""

from __future__ import annotations

import pytest
from tests.fixture_file import SKILLS

from skill_distiller.skill.model import FrontmatterState, render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill

State = FrontmatterState


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("plain", State.OK),
        ("dashes-in-value", State.OK),
        ("description-block", State.OK),
        ("byte-order-mark", State.OK),
        ("crlf", State.OK),
        ("lone-cr", State.OK),
        ("mixed-line-ends", State.OK),
        ("frontmatter-only", State.OK),
        ("no-frontmatter", State.MISSING),
        ("byte-order-mark-heading", State.MISSING),
        ("unclosed-frontmatter", State.UNCLOSED),
        ("blank-line-first", State.NOT_FIRST),
        ("broken-yaml", State.BROKEN),
        ("yaml-alias", State.BROKEN),
        ("rule-at-top", State.BROKEN),
    ],
)
def test_state(name: str, state: FrontmatterState) -> None:
    """Each way to get the frontmatter wrong has a name; only a sound one has fields."""
    frontmatter = read_skill(SKILLS / name).frontmatter
    found = frontmatter.state
    assert found is state
    assert bool(frontmatter.fields) == (state is State.OK)
    assert bool(frontmatter.raw) == (state is not State.MISSING)


def test_only_a_line_of_its_own_closes_it() -> None:
    """Dashes inside a value, quoted or in a block, do not end the frontmatter."""
    text = '---\nname: a\ndescription: "a --- b"\nnote: |\n  ---x\n  --- y\n---\n\nbody\n'
    skill = parse_skill(text)
    assert skill.frontmatter.fields["description"] == "a --- b"
    assert skill.body == "body\n"


def test_raw_is_verbatim() -> None:
    """Comments, odd spacing and blank lines below the closing line are kept as they are."""
    raw = "---\nname:   a   # why\n\n'description' : >-\n   folded\n   text\n--- \n\n\n"
    skill = parse_skill(raw + "# A\n")
    assert skill.frontmatter.raw == raw
    assert skill.description == "folded text"


def test_three_dots_close_it_too() -> None:
    """YAML's end of a document ends the frontmatter."""
    assert parse_skill("---\nname: a\n...\nbody\n").body == "body\n"


@pytest.mark.parametrize(
    "source", ["- a\n- b\n", "text\n", "3\n", "a: b: c\n", "a: 2024-99-99\n", "a: !!python/none\n", "\t\n"]
)
def test_what_is_no_mapping_is_broken(source: str) -> None:
    """YAML that is a list, a text, no YAML at all or an impossible date has no fields, and raises nothing."""
    frontmatter = parse_skill(f"---\n{source}---\nbody\n").frontmatter
    assert (frontmatter.state, frontmatter.fields) == (State.BROKEN, {})


def test_unclosed_frontmatter_ends_with_its_last_yaml_line() -> None:
    """Without a closing line the YAML lines at the top count as frontmatter, the rest as body."""
    skill = read_skill(SKILLS / "unclosed-frontmatter")
    assert skill.frontmatter.raw.endswith("it never ends.\n\n")
    assert skill.sections[1].heading == "Notes"


def test_rules_below_blank_lines_are_no_frontmatter() -> None:
    """Two rules with prose between them, below a blank line, stay in the body."""
    skill = parse_skill("\n---\n\nplain words\n\n---\n\nmore\n")
    assert skill.frontmatter.raw == ""
    assert len(skill.blocks) == 4


def _bomb(levels: int) -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(_bomb(12), id="alias bomb"),
        pytest.param("a: &a [*a]\n", id="alias of itself"),
        pytest.param("a: &a {b: c}\nd:\n  <<: *a\n", id="merge key"),
        pytest.param("a: " + "[" * 10000 + "]" * 10000 + "\n", id="deep flow"),
        pytest.param("a: " + "{b: " * 9000 + "}" * 9000 + "\n", id="deep mappings"),
        pytest.param("".join(f"{' ' * i}a:\n" for i in range(300)), id="deep block"),
        pytest.param("a: " + "x" * 100_000 + "\n", id="100 kB value"),
        pytest.param("".join(f"key{i}: value\n" for i in range(8000)), id="100 kB of keys"),
        pytest.param("- " * 20000 + "a\n", id="deep lists"),
    ],
)
def test_hostile_yaml_is_survived(source: str) -> None:
    """Bombs, depth and size end in a skill that still comes back."""
    text = f"---\n{source}---\nbody\n"
    skill = parse_skill(text)
    same, state = render_skill(skill) == text, skill.frontmatter.state
    assert same
    if "&" in source or len(source) > 64 * 1024:
        assert state is State.BROKEN


def test_lone_rule_at_the_top_is_no_frontmatter() -> None:
    """A single rule on the first line, with prose below, is a rule."""
    frontmatter = parse_skill("---\n\n# A\n\ntext\n").frontmatter
    assert (frontmatter.raw, frontmatter.state) == ("", State.MISSING)
