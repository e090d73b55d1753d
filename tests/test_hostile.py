"""Texts that once crashed the tool or made it run away."""

from __future__ import annotations

from io import BytesIO

import pytest

from skill_distiller.checks.gate import verify
from skill_distiller.run.distill import distill
from skill_distiller.skill.model import FrontmatterState
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_stream


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:\n\n" * 2000, id="a chain of introductions"),
        pytest.param("**Foo**\n\n" * 2000, id="a chain of bold labels"),
        pytest.param("**a**" + " " * 30_000 + "x\n\n- b\n", id="blanks behind a label"),
        pytest.param("please x " + "1. " * 10_000, id="numbers in a line"),
        pytest.param("<div>\n<" + "a" * 30_000 + "\n", id="a long tag"),
        pytest.param("x /" + "a" * 30_000 + "#\n", id="a long path"),
        pytest.param("<!--" * 7_000, id="comments that never end"),
        pytest.param("1 " * 100_000, id="numbers"),
        pytest.param("| a | b |\n|---|---|\n" + "| = | x |\n" * 25_000, id="rows"),
        pytest.param("```\n" + "".join(f"cat a/b{i}.md\n" for i in range(40_000)) + "```\n", id="files named in code"),
        pytest.param("\n\n".join(f"## {i}\n\n- **x** MUST `{i}`" for i in range(1000)), id="many sections"),
    ],
)
def test_hostile_text_is_distilled(text: str) -> None:
    """Each crashed or took minutes: what runs away again is seen by a run that does not end."""
    assert distill(parse_skill(text)).output_tokens


def test_a_number_out_of_range_is_not_valid_yaml() -> None:
    """A sexagesimal number too large for a float makes the frontmatter broken, not the tool."""
    skill = parse_skill("---\na: 1" + ":5" * 30_000 + ".5\n---\n# A\n")
    assert skill.frontmatter.state is FrontmatterState.BROKEN


def test_a_limit_larger_than_memory() -> None:
    """A limit is a limit, not a buffer."""
    assert read_stream(BytesIO(b"# A\n"), 10**20).text == "# A\n"


@pytest.mark.parametrize("blank", ["\u00a0", "\u0085", "\f", "\u3000"], ids=ascii)
def test_indented_code_of_odd_blanks(blank: str) -> None:
    """It is no fence, open or closed."""
    skill = parse_skill(f"# A\n\nRun it.\n\n    {blank}\n\nEnd.\n")
    assert verify(skill, distill(skill).distilled).passed
