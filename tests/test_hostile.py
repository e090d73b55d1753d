"""Texts that once crashed the tool or made it run away."""

from __future__ import annotations

from io import BytesIO

import pytest

from skill_distiller.checks.gate import verify
from skill_distiller.errors import TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import SkillFolder
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


_TURNED = (
    pytest.param("- `a/b.md` unless <!-- it fails.\n\n.\n- check please?", id="comment"),
    pytest.param("<pre> always:\n:::note\n:::\nRun it\n", id="markup"),
    pytest.param("<![CDATA[ <name> ,!\n:::note\n:::\n- files\n", id="a section of data"),
    pytest.param("- You must stop 1.;\n```\n ```\n  ##\n", id="fence"),
    pytest.param("Read [it](x.md) before!\n\nIf [r][x] is {{n}}, first;\n\n[x]: https://e.org", id="definition"),
)


@pytest.mark.parametrize("threshold", [0.5, 0.9])
@pytest.mark.parametrize("text", _TURNED)
def test_what_makes_another_text_of_what_stands_behind_it_stays(text: str, threshold: float) -> None:
    """A result whose gate refused it when a block went comes out with that block, and passes."""
    result = distill(parse_skill(text), DistillOptions(threshold=threshold))
    assert result.evidence.verification is not None
    assert result.evidence.verification.passed


def test_what_has_to_stay_for_its_gate_counts_against_a_budget() -> None:
    """The smallest budget that the error names is one that works."""
    text = "Really read [it](x.md) before you go!\n\nIf [r][x] is {{n}}, first;\n\n[x]: https://e.org\n"
    with pytest.raises(TargetError) as error:
        distill(parse_skill(text), DistillOptions(mode=Mode.TOKENS, tokens=12))
    result = distill(parse_skill(text), DistillOptions(mode=Mode.TOKENS, tokens=error.value.smallest))
    assert result.output_tokens <= error.value.smallest


def test_the_end_of_a_container_whose_begin_has_gone() -> None:
    """Of equal bytes one is markup and one is text."""
    text = "<?php only?\n::: you ! ❌\n`````+;\nß <name> step?\r\n::: <b>t</b>"
    assert distill(parse_skill(text), DistillOptions(threshold=0.5)).output_tokens


def test_headings_without_text_are_no_passage() -> None:
    """However long they are: there is nothing to read under them."""
    long = "Words of a heading that has very many words and says a lot about what nobody does " * 2
    rule = (
        "You must never delete a file of the user before the user has said so, and you must always ask the user again."
    )
    text = f"# A\n\n## Part\n\n{rule}\n\n### {long}\n\n### More {long}\n"
    assert reduce_folder(SkillFolder(None, parse_skill(text)), ReduceOptions(share=0.4)).references == ()
