"""The pure parts of the benchmarks, on inputs small enough to check by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lab.benchmarks import exams, fidelity, modes, speed
from lab.benchmarks.evidence import ours_within
from lab.common import timing
from lab.common.curve import Point, best_point, interpolated_saving
from lab.common.exam import SkillExam, evidence_share
from lab.common.shared import Entry, Shared, open_shared
from lab.common.tables import percent, table

from skill_distiller.exams import baselines
from skill_distiller.exams.model import Criterion
from skill_distiller.run.distill import distill
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

TEXT = """---
name: toy
description: Use when a toy is built.
---
# Toy

Build the toy.

## Steps

1. Run `make toy`.
2. Check the toy by hand.

### Examples

Here is a toy that somebody built a long time ago.

It had wheels.

## Limits

Never paint the toy.

## Details

The toy can be described in many words, and here they are, one after the other, until the line ends.
"""
Baseline = Callable[[Skill, int, baselines.Count], str]


def count_words(text: str) -> int:
    """A counter that can be checked by eye."""
    return len(text.split())


@pytest.fixture(name="skill")
def _skill() -> Skill:
    return parse_skill(TEXT)


def with_seed(skill: Skill, budget: int, count: baselines.Count) -> str:
    """Random blocks with one seed."""
    return baselines.random_blocks(skill, budget, count, seed=7)


def sentences(skill: Skill, budget: int, count: baselines.Count) -> str:
    """Random sentences with one seed."""
    return baselines.random_sentences(skill, budget, count, seed=7)


@pytest.mark.parametrize("baseline", [baselines.truncate, with_seed, sentences, baselines.drop_by_heading])
@pytest.mark.parametrize("budget", [0, 1, 10, 25, 40, 1000])
def test_a_baseline_never_takes_more_than_its_budget(skill: Skill, baseline: Baseline, budget: int) -> None:
    """Whatever the budget, the body left over fits, and its lines are lines of the original."""
    body = baseline(skill, budget, count_words)
    assert count_words(body) <= budget
    assert set(body.splitlines()) <= set(skill.body.splitlines())


@pytest.mark.parametrize("baseline", [baselines.truncate, with_seed, baselines.drop_by_heading])
def test_a_baseline_with_room_keeps_everything(skill: Skill, baseline: Baseline) -> None:
    """A budget of the whole body leaves the whole body."""
    assert baseline(skill, count_words(skill.body), count_words) == skill.body


def test_truncation_cuts_after_the_last_line_that_fits(skill: Skill) -> None:
    """Seven words hold the title, the first paragraph and the next heading."""
    assert baselines.truncate(skill, 7, count_words) == "# Toy\n\nBuild the toy.\n\n## Steps\n\n"


def test_random_blocks_are_the_same_for_the_same_seed(skill: Skill) -> None:
    """A seed gives one result; among ten seeds there are several results."""
    results = [baselines.random_blocks(skill, 20, count_words, seed) for seed in range(10)]
    assert results == [baselines.random_blocks(skill, 20, count_words, seed) for seed in range(10)]
    assert len(set(results)) > 1


def test_expendable_headings_go_first_then_the_longest_tail(skill: Skill) -> None:
    """`Examples` goes before anything else, then the long `Details` at the end."""
    whole = count_words(skill.body)
    fewer = baselines.drop_by_heading(skill, whole - 15, count_words)
    assert "Examples" not in fewer
    assert "Details" in fewer
    fewest = baselines.drop_by_heading(skill, whole - 30, count_words)
    assert "one after the other" not in fewest
    assert "Run `make toy`" in fewest


def test_ours_keeps_the_frontmatter_and_the_budget_where_it_can(skill: Skill) -> None:
    """At a budget of everything the skill is unchanged; at none, what must stay stays."""
    counter = load_counter()
    assert ours_within(skill, counter.count(skill.body), counter).text == skill.text
    least = ours_within(skill, 0, counter)
    assert least.text.startswith(skill.frontmatter.raw)
    assert "Never paint the toy." in least.text
    middle = (counter.count(least.body) + counter.count(skill.body)) // 2
    assert counter.count(ours_within(skill, middle, counter).body) <= middle


CURVE = (
    Point(1.0, 0.00, 0.0, 1.00),
    Point(0.9, 0.06, 0.0, 0.97),
    Point(0.8, 0.10, 0.0, 0.94),
    Point(0.7, 0.12, 0.0, 0.96),
    Point(0.6, 0.20, 0.0, 0.92),
)


def test_s95_is_the_largest_saving_that_holds_the_floor() -> None:
    """A dip below the floor does not hide a later point that holds it."""
    assert best_point(CURVE) == CURVE[3]


def test_the_crossing_lies_on_the_line_to_the_next_point() -> None:
    """From .96 at 12 % to .92 at 20 % the floor .95 is crossed after a quarter of the way."""
    assert interpolated_saving(CURVE) == pytest.approx(0.14)


def test_a_curve_that_never_leaves_the_floor_ends_at_its_last_point() -> None:
    """There is nothing to interpolate to."""
    assert interpolated_saving(CURVE[:2]) == 0.06


def test_a_curve_below_the_floor_has_no_s95() -> None:
    """No number is made up."""
    assert best_point(CURVE[4:]) is None
    assert interpolated_saving(CURVE[4:]) is None


def test_evidence_is_a_share_of_all_criteria(skill: Skill) -> None:
    """Two exams of one and two criteria: two of three kept."""

    def holding(*quotes: str) -> Criterion:
        return Criterion("c", "The response says it.", quotes)

    one = SkillExam(skill, (holding("make toy", "by hand"),))
    two = SkillExam(skill, (holding("wheels"), holding("wheels", "wings")))
    assert evidence_share([one, two], [TEXT, TEXT]) == pytest.approx(2 / 3)
    assert evidence_share([one, two], [TEXT, ""]) == pytest.approx(1 / 3)
    assert evidence_share([], []) == 0


def test_fidelity_says_no_where_a_promise_is_broken() -> None:
    """A run is true; with another text in place of its result every promise is broken."""
    run = distill(parse_skill(TEXT))
    assert fidelity.check_fidelity(run) == fidelity.Fidelity(True, True, True, (), ())
    broken = fidelity.check_fidelity(replace(run, distilled=parse_skill("# Nothing\n")))
    assert (broken.frontmatter, broken.full_blocks, broken.tokens, broken.receipt) == (False,) * 4
    assert "make toy" in broken.unreported


def test_every_mode_of_a_skill_is_run_and_told(tmp_path: Path, skill: Skill) -> None:
    """A small skill has no fault in any mode; one that is made up is in the report."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "SKILL.md").write_text(skill.text, encoding="utf-8")
    outcomes = modes.run_all(Entry("toy", folder / "SKILL.md", "en", 100))
    assert [outcome.mode for outcome in outcomes] == [
        *("threshold 0.95", "threshold 0.9", "threshold 0.8", "threshold 0.5"),
        *("2000 tokens", "1000 tokens", "500 tokens", "300 tokens", "oneliner"),
    ]
    assert not any(outcome.fault or outcome.impossible for outcome in outcomes)
    assert "Without a fault: 9 of 9." in modes.report(outcomes)
    broken = (*outcomes[:-1], replace(outcomes[-1], fault="not three lines"))
    assert "Without a fault: 8 of 9." in modes.report(broken)
    assert "- toy, oneliner: not three lines" in modes.report(broken)


def test_the_growing_skill_grows_and_repeats_nothing() -> None:
    """Ten times the units are ten times the sections, each with a text of its own."""
    small, large = parse_skill(speed.make_skill(1)), parse_skill(speed.make_skill(10))
    assert len(large.sections) - 2 == 10 * (len(small.sections) - 2)
    assert len({section.text for section in large.sections}) == len(large.sections)


def test_tasks_take_turns_after_a_warm_up() -> None:
    """Two rounds and a warm-up: each task runs three times, one after the other."""
    calls: list[str] = []
    medians = timing.alternate([lambda: calls.append("a"), lambda: calls.append("b")], rounds=2)
    assert calls == ["a", "b"] * 3
    assert len(medians) == 2


def test_what_was_read_is_forgotten_between_rounds() -> None:
    """There are caches of texts, and emptying them is all that happens."""
    before = distill(parse_skill(TEXT)).text
    assert timing.forget_texts() > 0
    assert distill(parse_skill(TEXT)).text == before


@pytest.mark.parametrize(("tokens", "size"), [(499, "< 500"), (500, "500-3k"), (8000, "3k-8k"), (8001, "> 8k")])
def test_size_groups_are_those_of_the_corpus(tokens: int, size: str) -> None:
    """The limits as the corpus states them."""
    assert Entry("a", Path("a"), "en", tokens).size == size


def test_missing_material_is_one_sentence_and_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout, what is missing on stderr."""
    with pytest.raises(SystemExit) as caught:
        open_shared(["--shared", str(tmp_path)], "A benchmark.")
    said = capsys.readouterr()
    assert caught.value.code == 3
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "corpus/index.jsonl" in said.err


def test_numbers_are_written_as_markdown() -> None:
    """One decimal for percent; the first column left, the rest right."""
    assert percent(0.0749) == "7.5 %"
    assert table(["a", "b"], [["x", "1"]]).splitlines()[1] == "|---|---:|"


@pytest.mark.corpus
def test_exams_are_compared_at_equal_tokens_and_gates_cost_tokens(corpus: Path) -> None:
    """On two skills: no baseline has more tokens than ours, and what the exam itself gates keeps all of it."""
    shared = Shared(corpus.parent)
    rows = exams.measure(shared, exams.makers([0.8], [0.2]), every=40, draws=2)
    assert [set(row.shares) for row in rows] == [{exams.OURS, *baselines.BASELINES}] * 4
    assert [row.reach for row in rows if row.way == "reduce 0.2"] == [1.0, 1.0]
    assert "`compress 0.8`, the " in exams.report(rows)
    gates = {gate.way: gate for gate in exams.measure_gates(shared, [0.8], every=80)}
    assert gates["no gate"].used <= gates["the exam itself"].used
    assert (gates["the exam itself"].kept, gates["the exam itself"].passed) == (1.0, True)
    assert "| 0.8, the exam itself |" in exams.report_gates(list(gates.values()))
