"""What of a block may go without the rest, in order of what it is worth."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import sound_skills, texts

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.trims import find_trims
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.rewriting.model import RenderingKind, Wording, apply_edits
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

NICE = "- It is good to be nice to the people that you work with while the work that has to be done is being done\n"
KIND = "- It is nice to be good to the people that you work with when the work that had to be done has been done\n"
LIST = f"- Run `make check --strict` before 17:00\n{NICE}{KIND}- Deploy with `make ship --region eu-1`\n"


def _reading(text: str) -> Reading:
    return Reading(RulesAnalyzer().analyze(parse_skill(text)))


def _trimmed(text: str) -> list[str]:
    """What is left of the first block that has trims, trim by trim."""
    reading = _reading(text)
    for block, trims in find_trims(reading, load_worth_model()).items():
        return [apply_edits(reading.skill.blocks[block].text, trim.deletions) for trim in trims]
    return []


def test_what_says_little_goes_first() -> None:
    """Of a list the items that anybody would know; the commands with their numbers stay longest."""
    first, second, *_ = _trimmed(f"# Ship\n\n{LIST}")
    assert first in (LIST.replace(NICE, ""), LIST.replace(KIND, ""))
    assert second == LIST.replace(NICE, "").replace(KIND, "")


@pytest.mark.parametrize(
    "kept", ["It is nice to be good to the people that have Form B", "To be good and nice to people, take it as it is"]
)
def test_what_leads_to_a_section_or_says_how_stays(kept: str) -> None:
    """An item that names a section is the way to it; a purpose with what is to be done for it is no mere talk."""
    ship = "\n\n## Form B: a loan\n\nWrite it."
    plain = _trimmed(f"# Ship\n\n- {kept.replace('Form', 'form').replace('take', 'taking')}\n{LIST}{ship}\n")
    assert any(text.startswith("- Run") for text in plain)
    left = _trimmed(f"# Ship\n\n- {kept}\n{LIST}{ship}\n")
    assert left
    assert all(text.startswith(f"- {kept}") for text in left)


def test_a_title_stays_over_something() -> None:
    """Of what is nested in a step, or under a title in bold, one item stays as long as the title does."""
    nested = f"   {NICE}   {KIND}"
    for title in ("1. **Manners**", "1. Mind your manners", "- **Manners**"):
        other = title.replace("1", "2")
        left = _trimmed(f"# Ship\n\n{title}\n{nested}{other}\n   - Run `make check --strict` before 17:00\n")
        assert left
        assert all(NICE in text or KIND in text for text in left if text.startswith(title))


@pytest.mark.parametrize(
    "text",
    [
        f"# The 4 rules\n\n{LIST}",
        f"# Ship\n\nThere are 4 rules.\n\n{LIST}",
        f"# Ship\n\n{LIST.replace('be nice', '<b>be nice</b>')}",
        f"# Ship\n\nSee the list below.\n\n{LIST}",
        "# Ship\n\n1. Knead the dough\n2. Bake it\n",
        "# Ship\n\nRun it once.\n",
        f"# Ship\n\n**ALWAYS before:**\n\n{LIST}",
        f"# Hard rules for all\n\n{LIST}",
        f"# Salvaguardas\n\n{LIST}",
        f"# Ship\n\n<ship-rules>\n\n{LIST}\n</ship-rules>\n",
        "# Ship\n\n- [It is good to be nice to people](#nice)\n- [It is nice to be good to people](#good)\n",
        "# Ship\n\n**Need any help?** It is good to be nice to the people that you work with.\n",
        "# Ship\n\n- **Python SDK**: it is good to be nice\n- **Rust SDK**: it is nice to be good to people\n",
        "# Ship\n\n- Fade in: it is good to be nice\n- Fade out: it is nice to be good to the people\n",
        "# Ship\n\nIf it is there, it is good to be nice to people. It is nice to be good.\n",
        "# Ship\n\n| Where | Says |\n|---|---|\n| macOS | It is good |\n| Linux | It is nice |\n| Windows | It is |\n",
        "# Ship\n\n| Slide | Says |\n|---|---|\n| 1-2 | It is good |\n| 3-4 | It is nice |\n| 5-9 | It is so |\n",
        "# Ship\n\nRequires:\n\n- It is good to be nice\n- It is nice to be good\n",
        "# 2. Choose\n\n| Box | Says |\n|---|---|\n| red | It is good |\n| blue | It is nice |\n",
        "# Ship\n\nFind it in the table.\n\n| Box | Says |\n|---|---|\n| red | It is good |\n| blue | It is nice |\n",
    ],
    ids=[
        *("counted by the heading", "counted above", "with tags", "pointed to", "numbered", "one sentence"),
        *(
            "under a rule",
            "under a heading of rules",
            "under a heading of rules in Portuguese",
            "between tags of rules",
            "table of contents",
            "a label and its content",
            "variants",
            "variants in plain",
            "under a condition",
            "platforms",
            "spans of numbers",
            "what is needed beforehand",
            "a table of a step",
            "a table that is named",
        ),
    ],
)
def test_some_blocks_stay_whole(text: str) -> None:
    """Nobody counts three rules of four, nor looks for the list below and finds half of it."""
    assert _trimmed(text) == []


def test_a_trim_is_chosen_and_told() -> None:
    """It is a part that stands for the whole, and `keep` and `marks` know none."""
    reading = _reading(f"---\nname: a\ndescription: Ship it.\n---\n# Ship\n\n{LIST}\nNever ship on a Friday.\n")
    kinds = {}
    for wording in (Wording.KEEP, Wording.MARKS, Wording.DETAIL):
        plan = compress_to_threshold(reading, 0.6, load_counter(), models=Models(wording=wording))
        kinds[wording] = {d.rendering.kind: d.reason for d in plan.decisions}
    assert kinds[Wording.DETAIL][RenderingKind.TRIMMED] is Reason.PARTLY
    assert all(RenderingKind.TRIMMED not in kinds[wording] for wording in (Wording.KEEP, Wording.MARKS))


def test_half_of_a_list_stays() -> None:
    """Who finds two items of six takes them for all there are."""
    items = [f"- It is good to be nice to people number {word}\n" for word in "one two three four five six".split()]
    left = _trimmed(f"# Ship\n\n{''.join(items)}")
    assert left
    assert all(text.count("- It") >= len(items) / 2 for text in left)


def test_of_two_items_none_goes_alone() -> None:
    """What is said of the one is said beside the other: sentences of an item may go."""
    assert _trimmed(f"# Ship\n\n- Run `make check --strict` before 17:00\n{NICE}") == []
    assert _trimmed(f"# Ship\n\n- Run `make check --strict` before 17:00\n{NICE}{KIND}")


def test_a_row_stays_that_explains_what_required_text_uses() -> None:
    """The table says what `FormTask` is, and a rule needs to know."""
    rows = {name: f"| {name} | `{name}Task` | It is good to be nice |\n" for name in ("Form", "Data", "Label", "App")}
    table = "# Types\n\n| Type | Value | Says |\n|---|---|---|\n" + "".join(rows.values())
    left = _trimmed(f"{table}\n# Ship\n\nNever complete a FormTask without an action.\n")
    assert left
    assert all(rows["Form"] in text for text in left)
    assert any(rows["Form"] not in text for text in _trimmed(table))


@given(texts | sound_skills)
def test_each_trim_takes_more_and_none_takes_all(text: str) -> None:
    """Shorter and worth less each time; a line of the block that stays stands in it as it was."""
    reading = _reading(text)
    for index, trims in find_trims(reading, load_worth_model()).items():
        whole = reading.skill.blocks[index].text
        left = [apply_edits(whole, trim.deletions) for trim in trims]
        assert all(0 < len(less.strip()) < len(more) for more, less in pairwise([whole, *left]))
        assert all(0 <= less.share <= more.share <= 1 for more, less in pairwise(trims))
