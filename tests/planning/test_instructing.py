"""What stays where nearly all of a skill is asked for, as its author would miss it."""

from __future__ import annotations

import pytest

from skill_distiller.analysis.reading import Analysis, Reading, SectionType, Verdict
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.instructing import instructing_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.sequences import way_blocks
from skill_distiller.tokens import load_counter

MODEL = WorthModel((), 1.0, required_importance=0.5, low_confidence=0.3)
LITTLE = Verdict(SectionType.VERBOSE_DETAIL, 0.1, 0.9)
HEAD = "---\nname: a\ndescription: Use when bells `ring`.\n---\n"


def _kept(text: str, threshold: float) -> set[int]:
    skill = parse_skill(HEAD + text)
    analysis = Analysis(skill, (LITTLE,) * len(skill.blocks), "by hand")
    return {*instructing_blocks(Reading(analysis), threshold, MODEL)}


REST = "\n## Bells\n\nThey are cast with `tin`.\n"


@pytest.mark.parametrize(
    ("opening", "stays"),
    [
        ("Cast a bell that rings, then store it with `vault add`.", True),
        ("This is where bells are cast with `vault add --deep`.", True),
        ("**Note:** Tell the ringer that `mute` works better.", True),
        ("Cast a bell with `tin`.", False),
        ("Cast a bell that can `ring`.", False),
        ("These bells are called `mute`.", False),
    ],
)
def test_what_an_opening_alone_names_stays(opening: str, stays: bool) -> None:
    """A command, or a name in an order, that neither the description nor the rest has; down to 0.85."""
    assert _kept(f"# Bells\n\n{opening}\n{REST}", 0.85) == ({0} if stays else set())
    assert not _kept(f"# Bells\n\n{opening}\n{REST}", 0.84)
    assert not _kept(f"# Bells\n{REST}\n{opening.replace('`', '')}\n", 0.85)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("**Ringing:** between two hymns, at most one short peal.", True),
        ("The hall is old. Write no more than two lines on it.", True),
        ("The hall is old and seats at most two hundred.", False),
        ("Write of bells. Pitch matters less than tone.", False),
    ],
)
def test_a_limit_in_an_instruction_stays(text: str, stays: bool) -> None:
    """In a sentence that orders something or behind a label in bold, down to 0.85; not what is so anyway."""
    assert bool(_kept(f"## Bells\n\n{text}\n", 0.85)) is stays
    assert not _kept(f"## Bells\n\n{text}\n", 0.84)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('## When to use\n\n```dot\na -> b [label="yes"];\n```\n', {0}),
        ('## How it works\n\n```dot\na -> b [label="yes"];\n```\n', set()),
        ("## Peals\n\nIt is old.\n\nResponse includes the pitch:\n```json\n{}\n```\n```json\n[]\n```\n", {1, 2}),
        ("## Peals\n\nIt is old.\n\nA peal has a pitch:\n```json\n{}\n```\n```json\n[]\n```\n", set()),
        ("## Common Workflows\n\n### Peal\n\n```python\nring()\n```\n\n### Mute\n\n```python\nmute()\n```\n", {0, 1}),
        ("## Example workflow\n\n```python\nring()\n```\n\n```python\nmute()\n```\n", set()),
        ("## Workflow\n\nSample calls:\n\n```python\nring()\n```\n\n### Example\n\n```python\nmute()\n```\n", set()),
    ],
)
def test_diagrams_results_and_workflows_stay(text: str, kept: set[int]) -> None:
    """At 0.9: what decides when to use a skill, what a request gives back, and how the work is done; no examples."""
    assert _kept(text, 0.9) == kept
    assert not _kept(text, 0.89)


WAYS = "### {}\n\nIt is old.\n\n".format
PAIR = WAYS("Rope") + WAYS("Motor")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"## Peals\n\nBells ring in three ways:\n\n{PAIR}## More\n\nNothing.\n", [(0, 1, 2)]),
        (f"## Peals\n\nThey have the following power sources.\n\n{PAIR}", [(0, 1, 2)]),
        (f"## Glocken\n\nEs gibt zwei Wege, sie zu läuten:\n\n{PAIR}", [(0, 1, 2)]),
        (f"## Power Sources\n\nThey ring.\n\n{PAIR}", [(1, 2)]),
        ("## Peals\n\nBells have two modes:\n\n**Loud**\n\nAll ring.\n\n**Quiet**\n\nOne rings.\n", [(0, 1, 2, 3)]),
        (f"## Peals\n\nThey ring in many halls.\n\n{PAIR}", []),
        (f"## Peals\n\nThree ways lead there. Take any.\n\n{PAIR}", []),
        (f"## Power Sources\n\nThey ring.\n\n{WAYS('Rope')}", []),
    ],
)
def test_the_blocks_of_ways(text: str, expected: list[tuple[int, ...]]) -> None:
    """Sections or labels that a sentence or a heading says are ways of one thing, with the sentence."""
    assert [*way_blocks(parse_skill(HEAD + text))] == expected


@pytest.mark.parametrize("threshold", [0.95, 0.9, 0.87, 0.85])
def test_no_way_of_several_stays_alone(threshold: float) -> None:
    """All stay or none, with the sentence: a reader of one takes it for the only one."""
    ways = "".join(
        f"### {name}\n\n{told}\n\n"
        for name, told in (
            ("Rope", "A rope has hung there since the hall was built, as some remember, and is said to be of hemp."),
            ("Motor", "You must run `ring --motor` before noon."),
            ("Wind", "Wind is a thing that many like."),
        )
    )
    rules = "".join(f"Run `bell --weigh {number}` and write the result to `{number}.txt`.\n\n" for number in range(30))
    skill = parse_skill(f"{HEAD}# A\n\n{rules}## Peals\n\nBells ring in three ways:\n\n{ways}")
    ruling = Verdict(SectionType.CORE_INSTRUCTION, 0.9, 0.9)
    verdicts = (*[ruling] * 30, LITTLE, LITTLE, ruling, LITTLE)
    plan = compress_to_threshold(Reading(Analysis(skill, verdicts, "by hand")), threshold, load_counter())
    assert not any(decision.dropped for decision in plan.decisions[30:])
