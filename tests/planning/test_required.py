"""Which blocks have to stay, and from which threshold on they may go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.fixture_file import SKILLS

from skill_distiller.analysis.reading import Analysis, Reading, SectionType, Verdict
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.planning.choose import choose_without_losses, compress_to_threshold
from skill_distiller.planning.frontier import Frontier, Pick
from skill_distiller.planning.instructing import instructing_blocks
from skill_distiller.planning.ladders import Models, prepare_ladders
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.structure.sequences import alike_blocks, index_blocks
from skill_distiller.tokens import load_counter

MODEL = WorthModel((), 1.0, required_importance=0.5, low_confidence=0.3)
SURE, UNSURE = 0.9, 0.2


def _required(threshold: float, verdict: Verdict) -> Reason | None:
    analysis = Analysis(parse_skill("---\nname: a\ndescription: Use when b.\n---\nSome text.\n"), (verdict,), "by hand")
    return required_blocks(Reading(analysis), threshold, MODEL).get(0)


def _verdict(kind: SectionType, importance: float, confidence: float = SURE) -> Verdict:
    return Verdict(kind, importance, confidence)


@pytest.mark.parametrize("kind", SectionType)
def test_only_two_types_are_required(kind: SectionType) -> None:
    """Triggers and core instructions that matter stay; no other type is required for itself."""
    expected = Reason.TYPE if kind in (SectionType.TRIGGER, SectionType.CORE_INSTRUCTION) else None
    assert _required(0.9, _verdict(kind, 0.6)) is expected


def test_what_hardly_matters_is_not_required() -> None:
    """A core instruction of small importance may go."""
    assert _required(0.95, _verdict(SectionType.CORE_INSTRUCTION, 0.4)) is None


def test_the_bar_rises_below_a_threshold_of_eight_tenths() -> None:
    """Down to 0.8 the bar is where it was fitted; at 0.4 it is a fifth higher; the most important block stays at 0."""
    middling, great = _verdict(SectionType.TRIGGER, 0.6), _verdict(SectionType.TRIGGER, 0.95)
    assert [_required(threshold, middling) for threshold in (1.0, 0.8, 0.4)] == [Reason.TYPE, Reason.TYPE, None]
    assert _required(0.0, great) is Reason.TYPE


def test_an_uncertain_type_counts_as_a_required_one() -> None:
    """Below the fitted confidence a block is not dropped on the word of the model, if it matters."""
    assert _required(0.9, _verdict(SectionType.EXAMPLE, 0.6, UNSURE)) is Reason.UNSURE
    assert _required(0.9, _verdict(SectionType.EXAMPLE, 0.4, UNSURE)) is None


def test_without_a_description_every_trigger_is_required() -> None:
    """Nothing else would say when the skill is for the case at hand."""
    analysis = Analysis(parse_skill("Some text.\n"), (_verdict(SectionType.TRIGGER, 0.1),), "by hand")
    assert required_blocks(Reading(analysis), 0.0, MODEL) == {0: Reason.TYPE}


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_patterns_and_hard_rules_are_required_at_every_threshold(threshold: float) -> None:
    """However little they seem to matter."""
    pattern = Verdict(SectionType.EXAMPLE, 0.0, SURE, frozenset({"n-count"}))
    rule = Verdict(SectionType.EXAMPLE, 0.0, SURE, hard_rule=True)
    assert _required(threshold, pattern) is Reason.PATTERN
    assert _required(threshold, rule) is Reason.HARD_RULE


def _required_of(text: str, threshold: float) -> list[Reason | None]:
    skill = parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n{text}")
    verdict = _verdict(SectionType.VERBOSE_DETAIL, 0.1)
    reading = Reading(Analysis(skill, (verdict,) * len(skill.blocks), "by hand"))
    found = required_blocks(reading, threshold, MODEL)
    return [found.get(block.index) for block in skill.blocks]


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_lists_under_a_ban_in_capitals_are_rules(threshold: float) -> None:
    """In a heading or a label: what such a list forbids is lost last, as if each item said NEVER."""
    rule = Reason.HARD_RULE
    assert _required_of("## MUST NOT DO\n\n- Paint the bell\n", threshold) == [rule]
    assert _required_of("## Bells\n\n**NEVER:**\n\n- Paint it\n", threshold)[-1] is rule
    assert _required_of("## BELLS\n\n- Paint it\n", threshold) == [None]


def test_the_command_of_a_numbered_step_is_a_step() -> None:
    """In a fence or in a sentence, and so is its table; beside steps a command may be one of many."""
    told = "Run `bell ring --loud`.\n\nIt is made of bronze.\n\n```bash\nbell stop\n```\n"
    assert _required_of("## 2. Ring\n\n| Bell | Ring |\n|-|-|\n| old | twice |\n", 0.8) == [Reason.STEPS]
    assert _required_of(f"## 2. Ring\n\n{told}", 0.8) == [Reason.STEPS, None, Reason.STEPS]
    assert _required_of(f"## 2. Ring\n\n{told}", 0.7) == [None, None, None]
    assert _required_of(f"## Ringing\n\n{told}", 0.8) == [None, None, None]


@pytest.mark.parametrize("needs", ["## Prerequisites\n\n", "## Voraussetzungen\n\n", "Requires:\n\n"])
def test_what_is_needed_beforehand_stays(needs: str) -> None:
    """Down to 0.8: without the bell there is nothing to ring."""
    assert _required_of(f"{needs}- A bell\n", 0.8)[-1] is Reason.RESTRICTION
    assert _required_of(f"{needs}- A bell\n", 0.7)[-1] is None
    assert _required_of("## Bells\n\n- A bell\n", 0.8) == [None]


def _instructing(text: str, threshold: float, *verdicts: Verdict) -> set[int]:
    skill = parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n{text}")
    analysis = Analysis(skill, verdicts * (len(skill.blocks) // len(verdicts)), "by hand")
    return {*instructing_blocks(Reading(analysis), threshold, MODEL)}


@pytest.mark.parametrize("kind", SectionType)
def test_every_instruction_stays_from_nine_tenths_on(kind: SectionType) -> None:
    """However small its importance; down to 0.85 the bar rises, below it nothing stays for that."""
    instructs = kind not in {"TRIGGER", "EXAMPLE", "EXPLANATION", "VERBOSE_DETAIL"}
    small, middling = _verdict(kind, 0.1), _verdict(kind, 0.6)
    assert bool(_instructing("Some text.\n", 0.9, small)) is instructs
    assert not _instructing("Some text.\n", 0.88, small)
    assert bool(_instructing("Some text.\n", 0.85, middling)) is instructs
    assert not _instructing("Some text.\n", 0.84, middling)


@pytest.mark.parametrize(
    ("text", "kind", "stays"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", SectionType.EXPLANATION, True),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", SectionType.TRIGGER, False),
        ("```sh\nrun it\n```\n", SectionType.CORE_INSTRUCTION, True),
        ("```sh\nrun it\n```\n", SectionType.EXAMPLE, False),
        ("Opens the page. **Call it once for each page.**\n", SectionType.EXPLANATION, True),
        ("Opens the page. Some **call** it twice.\n", SectionType.EXPLANATION, False),
        ("To weigh a parcel, read the scale of the hall.\n", SectionType.EXPLANATION, True),
        ("To weigh a parcel, use this skill.\n", SectionType.EXPLANATION, False),
        ("Um ein Paket zu wiegen, lies die Waage ab.\n", SectionType.EXPLANATION, True),
    ],
)
def test_what_else_an_author_misses_stays(text: str, kind: SectionType, stays: bool) -> None:
    """Tables but those of triggers, code by which something is done, a sentence in bold, a purpose and what to do."""
    assert bool(_instructing(text, 0.9, _verdict(kind, 0.2))) is stays


LAMPS = "".join(f"## Lamp {name}\n\n- Light it.\n\n```text\n{name}\n```\n\n" for name in "xyz")


def test_what_most_of_its_like_keep_stays() -> None:
    """Of three sections of one shape none loses the list, or the code, that the others have."""
    list_, other, code = (_verdict(SectionType(k), 0.1) for k in ("CONSTRAINT", "EXPLANATION", "EXAMPLE"))
    assert _instructing(LAMPS, 0.9, list_, code, list_, code, other, code) == {*range(6)}
    assert _instructing(LAMPS, 0.9, list_, code, other, code, other, code) == {0, 1}


@pytest.mark.parametrize("heading", ["Naming convention", "The last rule", "Regeln", "Report template", "命名规则"])
def test_a_fence_that_is_the_rule_stays(heading: str) -> None:
    """Down to 0.85, however little it seems to matter; not where it shows a program, or is one of several."""
    fence, little = "```\nBELL-001 to BELL-099: bronze\n```\n", _verdict(SectionType.EXAMPLE, 0.1)
    assert _instructing(f"## {heading}\n\n{fence}", 0.85, little) == {0}
    assert not _instructing(f"## {heading}\n\n{fence}", 0.84, little)
    assert not _instructing(f"## Bells\n\n{fence}", 0.9, little)
    assert not _instructing(f"## Example of a {heading}\n\n{fence}\n{fence}", 0.9, little)
    assert not _instructing(f"## {heading}\n\n{fence.replace('```', '```python', 1)}", 0.9, little)


BELLS = ("oak", "elm", "ash", "fir", "yew")
INDEX = "".join(f"### Where is {n}?\n\n→ [Bells](bells.md), {'x' * k}\n\n" for k, n in enumerate(BELLS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"## Find it\n\nAsk.\n\n{INDEX}", [(1, 2, 3, 4, 5)]),
        (
            "## Read\n\n**Oak?**\n\n- [a](a.md)\n\n**Elm?**\n\n- `b.md`\n\n**Ash?**\n\n- [c](#c) on ash\n",
            [(1, 3, 5)],
        ),
        ("## One\n\n[a](a.md)\n\n## Two\n\nRing it.\n\n## Three\n\n[b](b.md)\n\n## Four\n\n[c](c.md)\n", []),
        ("## Read\n\n- [a](https://a.org)\n\nb\n\n- [b](https://b.org)\n\nc\n\n- [c](https://c.org)\n", []),
    ],
)
def test_the_blocks_of_an_index(text: str, expected: list[tuple[int, ...]]) -> None:
    """Sections beside each other that do nothing but point, or lists of one section; no links to elsewhere."""
    skill = parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n{text}")
    assert [*index_blocks(skill)] == expected


ROOMS = ("hall", "attic", "cellar", "kitchen", "yard")
SAMPLES = "".join(f"### {n.title()}\n\n```python\nread({n})\n{n}.show({len(n) * 'x, '})\n```\n\n" for n in ROOMS)


@pytest.mark.parametrize(("text", "find"), [(SAMPLES, alike_blocks), (INDEX, index_blocks)])
def test_no_sample_of_several_goes_alone(text: str, find: Callable[[Skill], tuple[tuple[int, ...], ...]]) -> None:
    """Of samples beside each other, or of an index, all stay or none: a reader of four can't tell there is a fifth."""
    skill = parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n# A\n\nRead.\n\n## Ways\n\n{text}")
    reading = Reading(TrainedAnalyzer().analyze(skill))
    ladders = prepare_ladders(reading, load_counter(), Models().whole())
    (together,) = find(skill)
    alone = set[int]()
    for percent in range(100, 30, -2):
        pick = partial(_cheapest, share=percent / 100)
        one, other = (
            choose_without_losses(reading, ladders, {}, pick, best=False, sets=own).plan(reading)
            for own in ((), (together,))
        )
        alone.add(sum(not one.decisions[i].dropped for i in together))
        assert sum(not other.decisions[i].dropped for i in together) in (0, 5)
    assert {1, 2, 3, 4} & alone  # or nothing is tried


def _cheapest(frontier: Frontier, share: float) -> Pick:
    return frontier.pick(frontier.cheapest(share))


def test_no_block_loses_a_part_where_nearly_all_is_asked_for() -> None:
    """Where most of a skill is asked for a list, a table or a paragraph stays as a whole or goes as a whole."""
    items = "- Oak burns long.\n- Elm burns badly.\n- Ash burns green.\n- Fir spits.\n"
    skill = parse_skill(f"---\nname: a\ndescription: Use when b.\n---\n# A\n\nIt is a stove.\n\n{items}")
    reading = Reading(TrainedAnalyzer().analyze(skill))
    for threshold, trimmed in ((0.9, False), (0.85, False), (0.84, True)):
        seen = dict[str, Any]()
        compress_to_threshold(reading, threshold, load_counter(), seen.__setitem__)
        kinds = {rung.kind for ladder in seen["ladders"] for rung in ladder.rungs}
        assert (RenderingKind.TRIMMED in kinds) is trimmed


HELD = """---
name: a
description: Use when b.
---
The agent is helpful and will never push.

The agent is helpful.

公開には承認が必要です。

## Out of scope

- Pushing.

**Not in scope:** pulling.

```
never mind
```
"""


def test_what_forbids_or_asks_for_approval_stays_as_long_as_most_is_asked_for() -> None:
    """Anywhere in a sentence, in other languages, or under a heading that forbids; in prose, and down to 0.8."""
    skill = parse_skill(HELD)
    verdict = _verdict(SectionType.EXPLANATION, 0.1)
    analysis = Analysis(skill, (verdict,) * len(skill.blocks), "by hand")
    assert required_blocks(Reading(analysis), 0.8, MODEL) == dict.fromkeys((0, 2, 3, 4), Reason.RESTRICTION)
    assert required_blocks(Reading(analysis), 0.79, MODEL) == {}


@pytest.mark.parametrize("threshold", [0.95, 0.9, 0.8])
def test_prohibitions_in_quotes_tables_and_markup_stay(threshold: float) -> None:
    """Whatever frame an author puts around them."""
    text = distill(read_skill(SKILLS / "warnings"), DistillOptions(threshold=threshold)).text
    for words in ("Do not light", "Never touch", "Must not be cleaned", "Never leave", "must not run dry"):
        assert words in text
