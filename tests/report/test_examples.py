"""A skill with five examples, from its text to the lines of the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import StringIO
from itertools import pairwise

import pytest
from rich.console import Console
from tests.fixture_file import FIXTURES
from tests.report.test_record import VALIDATOR

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode, apply_plan
from skill_distiller.planning.required import bring_back
from skill_distiller.report.console import print_report
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import make_record, record_sections
from skill_distiller.rewriting.example_bundles import ExampleRenderer, abstractive_bundle
from skill_distiller.rewriting.example_sets import ExampleSelection, find_sets
from skill_distiller.rewriting.model import Proposals, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Backends, DistillOptions, Gate
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, load_counter

FIVE = (FIXTURES / "five_examples.md").read_text(encoding="utf-8")
_NEW_WORDS = """\
- When asked "Give me the sales of each month of 2024" → `build_report`, `table` sales, `group_by` month, `format` table
- When asked "Draw the sales by region for the last quarter" → `group_by` region, `from` 2024-10-01, `format` chart
- When asked "Who were our ten best customers last year?" → `group_by` customer, `limit` 10, `to` 2024-12-31
- When asked "How does 2024 compare with 2023?" → `group_by` year; "Mail the returns of May to finance@example.org" → \
`table` returns, `format` csv, `mail_to` finance@example.org
"""


@dataclass(frozen=True)
class InNewWords:
    """A renderer that offers the lines of a model."""

    text: str

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """The lines, said to be worth what the examples are."""
        (examples,) = find_sets(reading)
        bundle = abstractive_bundle(reading, examples, self.text)
        return Proposals(bundles=(replace(bundle, share=0.99),)) if bundle else Proposals(refused=1)


@pytest.fixture(scope="module")
def five() -> Result:
    """The skill within a budget that the whole set does not fit."""
    return distill(
        parse_skill(FIVE),
        DistillOptions(mode=Mode.TOKENS, tokens=460),
        Backends(models=Models(renderers=(ExampleRenderer(),))),
    )


def report(distillation: Result, *, verbose: bool = True) -> list[str]:
    """The lines of the report."""
    out = StringIO()
    print_report(make_record(distillation), Console(file=out, width=200), verbose=verbose)
    return out.getvalue().splitlines()


def selections(distillation: Result) -> list[ExampleSelection]:
    """What became of the sets of examples of which any was written as a line."""
    return [section.examples for section in record_sections(distillation) if section.examples]


def test_the_bundle_is_taken(five: Result) -> None:
    """Some examples stand in full, each of the others as one line, and nothing else of them is left."""
    (selection,) = selections(five)
    assert selection.total == 5
    assert 1 <= len(selection.selected) <= 2
    lines = five.text.partition("### One-liners:\n\n")[2].split("\n\n")[0].splitlines()
    assert len(lines) == len(selection.one_liners) == 5 - len(selection.selected)
    for i, name in enumerate(selection.names):
        assert (f"### Example {i + 1}: {name}\n" in five.text) == (i in selection.selected)
        assert any(line.startswith(f"- {name}: ") for line in lines) == (i in selection.one_liners)
    assert five.text.index("One-liners:") < five.text.index("## Rules")


def test_the_report_says_so(five: Result) -> None:
    """With --verbose the section and the analysis of its examples are in the report, in the words of the reference."""
    (selection,) = selections(five)
    full, short = len(selection.selected), len(selection.one_liners)
    lines = report(five)
    at = next(i for i, line in enumerate(lines) if line.startswith("## Examples: EXAMPLE ("))
    assert lines[at].endswith("→ RECOMP")
    assert lines[at + 1] == (f"└─ Examples: 5 → {full} full + {short} one-liners (coverage: {selection.coverage:.2f})")
    start = lines.index("RECOMP example analysis:")
    assert lines[start + 1] == "Original examples: 5"
    assert lines[start + 2].startswith(f"Full (selected): {list(selection.selected)} (")
    assert lines[start + 3].startswith(f"One-liners: {list(selection.one_liners)} (")
    assert lines[start + 4 : start + 6] == [
        f"Coverage: {selection.coverage:.2f} (full + one-liners)",
        "Mode: extractive",
    ]
    assert "Removed: nothing" in lines
    assert not any("()" in line for line in lines)
    assert "RECOMP example analysis:" not in report(five, verbose=False)


def test_selected_examples_are_no_changes(five: Result) -> None:
    """What stands in full is not in the receipt."""
    (examples,) = find_sets(five.reading)
    (selection,) = selections(five)
    changed = {change.block.index for change in five.evidence.receipt.changes}
    last = examples.blocks[-1]
    for i, example in enumerate(examples.examples):
        assert changed & set(example.blocks) - {last} == (
            set() if i in selection.selected else set(example.blocks) - {last}
        )


def test_no_label_is_left_alone(five: Result) -> None:
    """Lines that are refused go as a whole: what comes back of an example is all of it, not its heading and labels."""
    backends = Backends(models=Models(renderers=(InNewWords(_NEW_WORDS),)))
    refused = distill(five.original, DistillOptions(mode=Mode.TOKENS, tokens=460), backends)
    assert refused.tokens.candidate > 0.75 * 460  # the room of the lines is used for examples
    for text in (five.text, refused.text):
        lines = [line for line in text.splitlines() if line]
        below = {following for line, following in pairwise(lines) if line == "**Call:**"}
        assert below == {"```json"}


def test_a_label_brings_its_example_back(five: Result) -> None:
    """A label of an example that is a line comes back with all of it; what stands above the lines is left as it is."""
    skill, plan, counter = five.original, five.plan, load_counter()
    label = next(d.block for d in plan.decisions if d.dropped and "Call" in skill.blocks[d.block].text)
    text = apply_plan(skill, bring_back(skill, plan, (label,), counter)).text
    assert skill.text[skill.text.index("### Example 1") : skill.text.index("### Example 2")] in text
    (examples,) = find_sets(five.reading)
    assert bring_back(skill, plan, examples.blocks[-1:], counter) == plan


def test_the_record_has_the_numbers(five: Result) -> None:
    """The JSON record holds them, in the shape of its schema."""
    record = to_json(make_record(five))
    VALIDATOR.validate(record)
    sections = record["sections"]
    assert isinstance(sections, list)
    (section,) = [section for section in sections if section["examples"]]
    assert (section["heading"], section["outcome"]) == ("Examples", "RECOMP")
    assert section["examples"]["total"] == 5
    assert section["examples"]["mode"] == "extractive"


def test_lines_in_new_words_are_named(five: Result) -> None:
    """A set that stands as a model's lines alone is reported as abstractive."""
    backends = Backends(models=Models(renderers=(InNewWords(_NEW_WORDS),)))
    distillation = distill(five.original, DistillOptions(mode=Mode.TOKENS, tokens=460, gate=Gate.REPORT), backends)
    assert any(d.rendering.kind is RenderingKind.ONE_LINERS for d in distillation.plan.decisions)
    (selection,) = selections(distillation)
    assert f"└─ Examples: 5 → 4 (abstractive, coverage: {selection.coverage:.2f})" in report(distillation)
    assert "Mode: abstractive" in report(distillation)


def test_refused_lines_are_counted(five: Result) -> None:
    """Lines that bring in a fact are not offered, and the record counts them."""
    backends = Backends(models=Models(renderers=(InNewWords(f"{_NEW_WORDS.rstrip()} --force\n"),)))
    distillation = distill(five.original, DistillOptions(mode=Mode.TOKENS, tokens=460), backends)
    assert not selections(distillation)
    assert to_json(make_record(distillation))["refused_renderings"] == 1
