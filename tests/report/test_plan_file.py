"""Plans as files: what is saved comes back, what was edited is obeyed, and what is no plan is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from tests.cli.samples import DEPLOY, HOSTILE, MARKUP, MINIMAL
from tests.strategies import soups, texts

from skill_distiller.cli.plan_file import MAX_PLAN, parse_plan, plan_text, read_plan
from skill_distiller.errors import BadInputError
from skill_distiller.planning.plan import Reason, apply_plan
from skill_distiller.planning.saved_plan import recall_plan
from skill_distiller.report.record import find_needs
from skill_distiller.rewriting.model import Rendering, RenderingKind, Wording
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill, source_digest
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import EdgeKind


def _recalled(plan: str, skill: Skill, distillation: Result) -> str:
    return apply_plan(skill, recall_plan(parse_plan(plan), skill, distillation.run.counter)).text


def _check(text: str, threshold: float) -> None:
    """A plan that was saved gives the same text, and the same decisions with the same tokens and reasons."""
    result = distill(parse_skill(text), DistillOptions(threshold=threshold))
    plan = recall_plan(parse_plan(plan_text(result)), result.original, result.run.counter)
    assert apply_plan(result.original, plan).text == result.text
    assert plan.headings == result.plan.headings
    for own, other in zip(plan.decisions, result.plan.decisions, strict=True):
        assert (own.rendering.kind, own.saved, own.reason) == (other.rendering.kind, other.saved, other.reason)
        assert own.rendering.share == pytest.approx(other.rendering.share, abs=1e-4)


@pytest.mark.parametrize("threshold", [0, 0.3, 0.6, 0.9, 1])
@pytest.mark.parametrize("text", [DEPLOY, DEPLOY.replace("\n", "\r\n"), HOSTILE, MARKUP, MINIMAL])
def test_what_is_saved_comes_back(text: str, threshold: float) -> None:
    """Byte for byte, whatever the text holds."""
    _check(text, threshold)


@given(soups, st.sampled_from([0.0, 0.5, 0.9]))
def test_plans_of_any_markdown_come_back(text: str, threshold: float) -> None:
    """And whatever the Markdown is."""
    _check(text, threshold)


@pytest.mark.corpus
@pytest.mark.parametrize("threshold", [0.2, 0.9])
def test_plans_of_real_skills_come_back(corpus_sample: tuple[Skill, ...], threshold: float) -> None:
    """And of skills that people wrote."""
    for skill in corpus_sample[::2]:
        _check(skill.text, threshold)


@given(texts)
@example("a\nb")
@example("a\n\n\nb\n\n")
@example("  a\n b\n")
@example("a\n \nb \n")
@example("\na\n")
@example("a\tb\n\tc\n")
@example("- a: b\n# c\n...\n---\n")
@example("\ufeffa\n\x85\u2028b\r\n\x1b[0m")
@example("yes")
@example("a \u202eb\u202c \u200dc\u00a0 \U000e0001\n")
@example("\u202e")
@example("2026-01-01")
@example("😀\n😀\n")
def test_every_text_that_stands_in_a_plan_comes_back(text: str) -> None:
    """What a model or a person wrote in place of a block is kept to the byte."""
    result = distill(parse_skill("# A\n\nRun the tests.\n"))
    (decision,) = result.plan.decisions
    decision = replace(decision, rendering=Rendering(RenderingKind.REWRITTEN, text, 1, 0.5), reason=Reason.CHEAPER)
    changed = replace(result, plan=replace(result.plan, decisions=(decision,)))
    plan = recall_plan(parse_plan(plan_text(changed)), result.original, result.run.counter)
    assert plan.decisions[0].rendering.text == text
    assert plan.decisions[0].rendering.share == 0.5


@pytest.fixture
def result() -> Result:
    """A skill of which some blocks went and some were shortened."""
    return distill(parse_skill(DEPLOY), DistillOptions(threshold=0.85, wording=Wording.TERSE))


def _edited(plan: str, heading: str, rendering: str) -> str:
    """The plan with another rendering for the blocks below a heading."""
    fields: dict[str, Any] = yaml.safe_load(plan)
    (section,) = [section for section in fields["sections"] if section["heading"].endswith(f" {heading}")]
    for block in section["blocks"]:
        block["rendering"] = rendering
    return yaml.safe_dump(fields, allow_unicode=True)


def test_a_piece_set_to_full_comes_back_with_its_heading(result: Result) -> None:
    """One word is all there is to edit."""
    assert "## Overview" not in result.text
    text = _recalled(_edited(plan_text(result), "Overview", "full"), result.original, result)
    section = DEPLOY[DEPLOY.index("## Overview") : DEPLOY.index("## Steps")]
    assert text == result.text[: result.text.index("## Steps")] + section + result.text[result.text.index("## Steps") :]


def test_a_piece_set_to_dropped_goes_with_its_heading(result: Result) -> None:
    """Even one that is required, and the last one below a heading takes the heading along."""
    plan = parse_plan(_edited(plan_text(result), "Rules", "dropped"))
    text = apply_plan(result.original, recall_plan(plan, result.original, result.run.counter)).text
    at, end = result.text.index("## Rules"), result.text.index("## Examples")
    assert text == result.text[:at] + result.text[end:]


def test_an_edited_piece_does_not_keep_its_old_reason(result: Result) -> None:
    """What was worth less than its tokens and is full now is so because the plan says so."""
    for heading, rendering in (("Overview", "full"), ("Rules", "dropped")):
        saved = parse_plan(_edited(plan_text(result), heading, rendering))
        plan = recall_plan(saved, result.original, result.run.counter)
        changed = [
            d.reason for d, old in zip(plan.decisions, result.plan.decisions, strict=True) if d.reason != old.reason
        ]
        assert changed == [Reason.PLANNED]


def test_what_is_new_in_the_source_stays(result: Result) -> None:
    """A plan still fits where the pieces that it changes are there; what it does not know is kept in full."""
    new = "## News\n\nNew words that the plan has not seen.\n\n"
    changed = parse_skill(DEPLOY.replace("## Steps", f"{new}## Steps").replace("a release goes out", "it goes out"))
    saved = parse_plan(plan_text(result))
    assert saved.source == source_digest(result.original) != source_digest(changed)
    text = apply_plan(changed, recall_plan(saved, changed, result.run.counter)).text
    assert text == result.text.replace("## Steps", f"{new}## Steps").replace("a release goes out", "it goes out")


def test_a_source_that_lost_what_the_plan_changes_is_refused(result: Result) -> None:
    """The error names the pieces with their places; a piece in full may go and nobody minds."""
    changed = parse_skill(
        DEPLOY.replace("at least 30 seconds", "at least 40 seconds").replace("Our thanks go", "Thanks")
    )
    with pytest.raises(BadInputError, match=r"^The plan changes pieces that this source does not hold: ") as error:
        recall_plan(parse_plan(plan_text(result)), changed, result.run.counter)
    assert "(list, line 20, 1. Run `make build` and wait" in str(error.value)
    assert "(paragraph, line 47, Our thanks go" in str(error.value)
    without_full = parse_skill(DEPLOY.replace("- The login page remembers the language", "- Another thing"))
    assert "Another thing" in _recalled(plan_text(result), without_full, result)


_BLOCK = "sections:\n- blocks:\n  - "
_HEAD = "schema: skill-distiller/plan/1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid YAML"),
        ("[1, 2]", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("a: &a [x]\nb: *a", "not valid YAML"),
        ("a: !!python/object/apply:os.system [echo]", "not valid YAML"),
        ("a: " + "[" * 50 + "]" * 50, "not valid YAML"),
        pytest.param("a: [" + "[]," * 400_000 + "]", "not valid YAML", id="a million brackets"),
        ("a: 1", "it names no schema"),
        ("schema: skill-distiller/plan/2", "its schema is 'skill-distiller/plan/2', not 'skill-distiller/plan/1'"),
        (_HEAD, "`sections` is not a list"),
        (f"{_HEAD}sections: {{}}", "`sections` is not a list"),
        (f"{_HEAD}sections: [1]", "an entry of `sections` is not a mapping"),
        (f"{_HEAD}sections: [{{blocks: 1}}]", "`blocks` is not a list"),
        (f"{_HEAD}sections: [{{blocks: [a]}}]", "an entry of `blocks` is not a mapping"),
        (f"{_HEAD}{_BLOCK}rendering: full", "a block has no `id`"),
        (f"{_HEAD}{_BLOCK}id: 12\n    rendering: full", "a block has no `id`"),
        (f"{_HEAD}{_BLOCK}id: a", "piece [a] has no `rendering`"),
        (f"{_HEAD}{_BLOCK}id: a\n    rendering: fulll", "piece [a] has the rendering 'fulll'"),
        (f"{_HEAD}{_BLOCK}id: a\n    rendering: pruned", "piece [a] is 'pruned' and has no `text`"),
        (f"{_HEAD}{_BLOCK}id: a\n    rendering: full\n  - id: a\n    rendering: dropped", "it names piece [a] twice"),
        (f"{_HEAD}sections:\n- id: a\n  rendering: pruned", "piece [a] has the rendering 'pruned'"),
        (f"{_HEAD}{_BLOCK}id: \"\\e[31m\"\n    rendering: x", r"piece [\x1b[31m] has the rendering"),
        (f"{_HEAD}{_BLOCK}id: a\n    rendering: {'x' * 9000}", "x…"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """In one sentence that says what is wrong with it, whatever it is."""
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError) as error:
        read_plan(str(file))
    assert message in str(error.value)
    assert str(error.value).startswith(f"{str(file)!r} is not a plan: ")
    assert error.value.hint
    assert len(str(error.value)) < len(str(file)) + 200


_KEYS = ("schema", "sections", "blocks", "id", "rendering", "text", "share", "line", "kind", "reason", "excerpt")
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["full", "pruned"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=8),
    max_leaves=20,
)


@given(_VALUES)
def test_any_fields_are_a_plan_or_an_error(sections: object) -> None:
    """Nothing that YAML can hold raises anything else."""
    text = _HEAD + yaml.safe_dump({"sections": sections}).replace("!!float", "")
    try:
        saved = parse_plan(text)
    except BadInputError:
        return
    assert all(0 <= piece.share <= 1 for piece in saved.blocks.values())


@pytest.mark.parametrize(
    ("share", "taken"), [("0.5", 0.5), ("-3", 0.0), (".nan", 0.0), (".inf", 1.0), ("0x" + "f" * 5000, 1.0), ("a", 0.0)]
)
def test_a_share_is_a_share(share: str, taken: float) -> None:
    """Whatever a file says, it is 0-1; what is no number counts for nothing."""
    text = f"{_HEAD}{_BLOCK}id: a\n    rendering: pruned\n    text: b\n    share: {share}\n    line: 0x{'f' * 5000}\n"
    assert parse_plan(text).blocks["a"].share == taken


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text, and one that is too large."""
    file = tmp_path / "plan.yaml"
    for content, message in (
        (None, "Can't read the plan"),
        (b"\xff", "is not UTF-8 text"),
        (b"#" * (MAX_PLAN + 1), "is larger"),
    ):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(BadInputError, match=message):
            read_plan(str(file))
    with pytest.raises(BadInputError, match="Can't read the plan"):
        read_plan(str(tmp_path))
    with pytest.raises(BadInputError, match="Can't read the plan"):
        read_plan(str(tmp_path / "a\0b"))


def test_the_document_describes_every_field_and_rendering(result: Result) -> None:
    """docs/plan.md names each field that a plan has, and no row of its tables is anything else."""
    document = (Path(__file__).resolve().parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
    fields: dict[str, Any] = yaml.safe_load(plan_text(result))
    (section,) = [section for section in fields["sections"] if section["heading"] == "## Steps"]
    names = {*fields, *section, *section["blocks"][0], "tokens", "stands_with", "needed_by"}
    rows = re.findall(r"^\| ((?:`\w+`(?:, | or )?)+) \|", document, re.MULTILINE)
    assert names - {"heading", "blocks"} == set(re.findall(r"\w+(?=`)", " ".join(rows)))
    assert [kind for kind in RenderingKind if f"`{kind}`" not in document] == []


NEEDS = "---\nname: a\ndescription: Use b.\n---\n# A\n\nUse the table below.\n\n| a | b |\n|---|---|\n| `x` | 1 |\n"


def test_a_plan_names_what_needs_a_piece() -> None:
    """The table is needed by the sentence that points to it; in the plan it says so, and the plan is read again."""
    result = distill(parse_skill(NEEDS), DistillOptions(threshold=1))
    (need,) = find_needs(result)
    assert (need.piece.line, need.by.line, need.kind) == (9, 7, EdgeKind.REFERS)
    fields: dict[str, Any] = yaml.safe_load(plan_text(result))
    pointer, table = fields["sections"][-1]["blocks"]
    assert table["needed_by"] == [pointer["id"]] == [need.by.id]
    assert "needed_by" not in pointer
    assert parse_plan(plan_text(result)).blocks.keys() == {pointer["id"], table["id"]}
