"""What of a skill needs what, and that no plan and no gate lets go of it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixture_file import parameters, read_cases
from tests.strategies import sound_skills

from skill_distiller.checks.gate import verify
from skill_distiller.errors import TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions, Gate
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import Edge, Piece, heading_of
from skill_distiller.structure.find_edges import find_edges
from skill_distiller.structure.references import named_files
from skill_distiller.structure.sequences import read_place
from skill_distiller.tokens import load_counter

_HEAD = "---\nname: a\ndescription: Use when b.\n---\n"
_SHOWN = 30  # characters of a piece
_SKILLS = [_HEAD + case.input for case in read_cases("structure.md")]


def _name(skill: Skill, piece: Piece) -> str:
    if piece < 0:
        return f"#{skill.sections[heading_of(piece)].heading}"
    return skill.blocks[piece].text.strip().split("\n")[0][:_SHOWN]


def _described(skill: Skill, edge: Edge) -> str:
    arrow = "<->" if edge.mutual else "->" if edge.hard else "..>"
    why = f" ({edge.why})" if edge.why else ""
    return f"{edge.kind.value}: {_name(skill, edge.source)} {arrow} {_name(skill, edge.target)}{why}\n"


@pytest.mark.parametrize(("text", "expected"), parameters("structure.md"))
def test_edges(text: str, expected: str) -> None:
    """The edges are those of the fixture, in their order."""
    skill = parse_skill(text)
    assert "".join(_described(skill, edge) for edge in find_edges(skill)) == expected


@given(sound_skills)
def test_edges_join_pieces_that_are_there(text: str) -> None:
    """Whatever the text: every edge leads from one piece to another, and none is there twice."""
    skill = parse_skill(text)
    edges = find_edges(skill)
    pieces = {block.index for block in skill.blocks} | {heading_of(section.index) for section in skill.sections}
    assert all({edge.source, edge.target} <= pieces and edge.source != edge.target for edge in edges)
    assert len({edge[:3] for edge in edges}) == len(edges)


@pytest.mark.parametrize(
    "text", ["A new thing", "Step one", "v1.2", "part of it", "e.g. this", "5% of it", "1.5 litres", "Use A. Then go"]
)
def test_no_place_in_a_count(text: str) -> None:
    """Prose that has a number or a letter somewhere is no step."""
    assert read_place(text) is None


@settings(max_examples=30)
@given(st.sampled_from(_SKILLS), st.sampled_from([0.95, 0.9, 0.8, 0.6, 0.3]), st.floats(0.2, 1))
def test_no_plan_breaks_a_hard_edge(text: str, threshold: float, share: float) -> None:
    """At no threshold and within no budget anything is gone that what stayed needs; without a receipt too."""
    skill = parse_skill(text)
    budget = max(1, int(share * load_counter().count(text)))
    for options in (
        DistillOptions(threshold=threshold, gate=Gate.REPORT),
        DistillOptions(mode=Mode.TOKENS, tokens=budget, gate=Gate.REPORT),
    ):
        try:
            result = distill(skill, options)
        except TargetError:
            continue
        checks = {check.name: check for check in verify(skill, result.distilled, files=False).checks}
        assert checks["structure"].passed


FILES = """# A

Read `references/rules.md`, then run `python scripts/check.py --all` on the text that was written, at length.

The rules are in [the rules](references/rules.md). See <https://a.org/docs/guide.md>, ../other/notes.md and report.txt.

```bash
python ${CLAUDE_SKILL_DIR}/scripts/check.py
python make.py > draft.md
```

@assets/logo.svg
"""


_FILLER = "\n\n".join(f"Run `make part{n} --strict` and put {n} of them into out/{n}.json." for n in range(8))


def test_files_that_are_named() -> None:
    """Links, mentions and commands name a file; addresses, files above the folder and what a command writes don't."""
    skill = parse_skill(FILES)
    assert named_files(skill) == {
        "references/rules.md": (0, 1),
        "scripts/check.py": (0, 2),
        "assets/logo.svg": (3,),
    }


@pytest.mark.parametrize(
    ("threshold", "name"), list(product([0.9, 0.5, 0.1], ["references/rules.md", "scripts/check.py"]))
)
def test_the_last_mention_of_a_file_stays(threshold: float, name: str) -> None:
    """However small the skill gets, each of its files is named somewhere."""
    result = distill(parse_skill(_HEAD + FILES), DistillOptions(threshold=threshold, gate=Gate.REPORT))
    assert name in result.text


def test_what_stands_twice_never_goes_in_both_places() -> None:
    """An address that two blocks have stays in one of them, down to a threshold of 0.8."""
    address = "https://example.org/guide.html"
    twice = f"{_HEAD}# A\n\n{_FILLER}\n\nThe guide is at {address}.\n\n## See also\n\n- {address} is nice.\n"
    for threshold in (0.95, 0.9, 0.8):
        assert address in distill(parse_skill(twice), DistillOptions(threshold=threshold)).text


def test_numbered_steps_stay() -> None:
    """Steps in a numbered list, or in a fence, stay down to a threshold of 0.8, whatever they are worth."""
    steps = "1. Look around.\n2. Smile.\n3. Go on.\n"
    steps += f"\n```\n{steps}```\n"
    text = f"{_HEAD}# A\n\n{_FILLER}\n\n## Background\n\nThis is how it came about, long ago.\n\n{steps}"
    for threshold in (0.95, 0.9, 0.8):
        assert steps in distill(parse_skill(text), DistillOptions(threshold=threshold)).text


@pytest.mark.parametrize(
    "blanks", ["<date>\n<who saw it>\n<what they did>", "{date} {name}\n{reason}", "[When]\n[Who]\n[Why]"]
)
def test_a_form_to_fill_in_stays(blanks: str) -> None:
    """Whatever it is worth, down to a threshold of 0.8."""
    text = f"{_HEAD}# A\n\n{_FILLER}\n\n## Notes\n\nA note may look like this.\n\n```markdown\n{blanks}\n```\n"
    for threshold in (0.95, 0.9, 0.8):
        assert blanks in distill(parse_skill(text), DistillOptions(threshold=threshold)).text


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("## Step 1\n\na\n\n## Step 2\n\nb\n\n## Step 3\n\nc\n", "## Step 1\n\na\n\n## Step 3\n\nc\n", "sequence"),
        ("Use the `a`.\n\nOtherwise take `b`.\n", "Otherwise take `b`.\n", "label"),
        ("The table below holds.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "The table below holds.\n", "refers"),
        (
            "# A\n\n```python\nclass Part:\n    x = 1\n```\n\n```python\nPart()\n```\n",
            "# A\n\n```python\nPart()\n```\n",
            "symbol",
        ),
        ("Read references/a.md first.\n\nThen work.\n", "Then work.\n", "file"),
    ],
)
def test_the_gate_misses_what_is_needed(before: str, after: str, found: str) -> None:
    """In anybody's rewrite; a receipt that names the loss does not change it."""
    result = verify(parse_skill(_HEAD + before), parse_skill(_HEAD + after), files=False)
    (check,) = (check for check in result.checks if check.name == "structure")
    assert any(finding.detail.startswith(found) for finding in check.findings)


def test_a_path_with_a_date_in_a_sample_is_no_file_of_the_skill() -> None:
    """It was written one day; in prose, or without a date, it is one."""
    sample = "```\nThe report is in docs/2026-03-02.md, the plan in docs/plan.md.\n```\n"
    assert list(named_files(parse_skill(f"# A\n\n{sample}"))) == ["docs/plan.md"]
    assert list(named_files(parse_skill("# A\n\nRead `docs/2026-03-02.md` first.\n"))) == ["docs/2026-03-02.md"]
