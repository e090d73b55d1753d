"""distill() from end to end: what every result holds, whatever the skill."""

from __future__ import annotations

from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import SKILLS, parameters, skill_paths
from tests.strategies import sound_skills, soups

from skill_distiller.analysis.reading import Analysis, Reading
from skill_distiller.checks.receipt import Comparison, Functionality
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.language.facts import inventory
from skill_distiller.planning.choose import compress_to_threshold
from skill_distiller.planning.outline import needed_by
from skill_distiller.planning.plan import Mode, apply_plan
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind, Result
from skill_distiller.run.run import Backends, Counting, DistillOptions, Gate
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import TokenCounter, load_counter

THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
HEAD = "---\nname: a\ndescription: Use when b.\n---\n"
UNDONE = {NoteKind.ALREADY_MINIMAL, NoteKind.NOT_WORTH_IT}


def kinds(result: Result) -> set[NoteKind]:
    """The kinds of a result's notes."""
    return {note.kind for note in result.notes}


def check(result: Result) -> None:
    """Everything that holds for every distillation."""
    original, plan = result.original, result.plan
    assert result.input_tokens == result.run.counter.count(original.text)
    assert result.output_tokens == result.run.counter.count(result.text) <= result.input_tokens
    assert result.text.startswith(original.frontmatter.raw)
    assert result.distilled.frontmatter is original.frontmatter
    assert len(plan.decisions) == len(original.blocks)
    at = len(original.frontmatter.raw)
    required = required_blocks(result.reading, result.run.options.threshold, load_worth_model())
    for decision, block in zip(plan.decisions, original.blocks, strict=True):
        if decision.rendering.kind is RenderingKind.FULL:
            at = result.text.find(block.text, at)
            assert at >= 0
            at += len(block.text)
        assert block.index not in required or decision.rendering.kind is not RenderingKind.DROPPED
    again = parse_skill(result.text)
    assert {fact.key for fact in result.evidence.receipt.lost} == inventory(original).keys() - inventory(again).keys()
    assert 0 <= result.functionality.score <= 100
    if not kinds(result) & (UNDONE | {NoteKind.PROTECTED_LOST}):
        assert result.functionality.score >= 100 * result.run.options.threshold - 1e-6
        assert result.reduction >= 0.01
    if kinds(result) & UNDONE:
        assert result.text == original.text
        assert not result.changed
    kept = [decision.rendering.text for decision in plan.decisions]
    assert needed_by(original, result.reading.edges, kept, plan.headings) == []


@pytest.mark.parametrize("path", skill_paths(), ids=lambda path: path.parent.name)
def test_miniature_skills(path: Path) -> None:
    """Every miniature skill is distilled at every threshold without a fault, and never grows with it."""
    skill = read_skill(path)
    results = [distill(skill, DistillOptions(threshold=threshold)) for threshold in THRESHOLDS]
    for result in results:
        check(result)
    # A result that was not worth its changes is the original again.
    tokens = [result.output_tokens for result in results if not kinds(result) & UNDONE]
    assert tokens == sorted(tokens)
    assert results[-1].text == skill.text


@given(sound_skills)
def test_sound_skills(text: str) -> None:
    """Skills built at random keep what every result must hold."""
    check(distill(parse_skill(text), DistillOptions(threshold=0.8)))


@settings(max_examples=40)
@given(soups)
def test_any_markdown(text: str) -> None:
    """Whatever the Markdown, there is a result, no larger, with the frontmatter as it was."""
    result = distill(parse_skill(text), DistillOptions(threshold=0.5))
    assert result.output_tokens <= result.input_tokens == result.run.counter.count(text)
    assert result.text.startswith(result.original.frontmatter.raw)


@given(sound_skills)
def test_higher_thresholds_never_give_less(text: str) -> None:
    """More functionality asked for never gives fewer tokens, before what the gate misses has come back."""
    skill = parse_skill(text)
    reading, counter = Reading(Backends().analyzer.analyze(skill)), load_counter()
    plans = (compress_to_threshold(reading, threshold, counter) for threshold in THRESHOLDS)
    tokens = [counter.count(apply_plan(skill, plan).text) for plan in plans]
    assert tokens == sorted(tokens)


@pytest.mark.corpus
def test_real_skills(corpus_distillations: tuple[Result, ...]) -> None:
    """A sample of real skills, at the default threshold."""
    assert sum(result.changed for result in corpus_distillations) > len(corpus_distillations) / 2
    for result in corpus_distillations:
        check(result)


@pytest.mark.corpus
def test_real_skills_are_the_same_every_time(corpus_distillations: tuple[Result, ...]) -> None:
    """A second run over a skill read again gives the same bytes."""
    for result in corpus_distillations[::4]:
        assert distill(parse_skill(result.original.text)).text == result.text


@pytest.mark.corpus
def test_real_skills_grow_with_the_threshold(corpus_sample: tuple[Skill, ...]) -> None:
    """Over real skills too a higher threshold never gives fewer tokens, and 1.0 gives the original."""
    for skill in corpus_sample[::3]:
        results = [distill(skill, DistillOptions(threshold=threshold)) for threshold in THRESHOLDS]
        tokens = [result.output_tokens for result in results]
        assert tokens == sorted(tokens)
        assert results[-1].text == skill.text


@pytest.mark.parametrize(("text", "expected"), parameters("distill.md"))
def test_results(text: str, expected: str) -> None:
    """With threshold 0.5 these skills become exactly these texts."""
    assert distill(parse_skill(text), DistillOptions(threshold=0.5)).text == expected


@pytest.mark.parametrize(
    "body", ["# Title\n", "# Title\n\nRun `x`.\n\n## Empty\n", "# A\n\n## B\n\n## C\n\nRun `x`.\n"]
)
def test_threshold_one_keeps_headings_without_text(body: str) -> None:
    """Nothing is worth nothing at threshold 1.0: a heading with no text below it stays as well."""
    assert distill(parse_skill(HEAD + body), DistillOptions(threshold=1.0)).text == HEAD + body


def test_a_link_keeps_its_heading() -> None:
    """A heading that kept text links to stays, also where there is no text below it."""
    body = "# A\n\n## Steps\n\n1. Run `x`, see [notes](#notes)\n2. Check `y`\n\n## Notes\n"
    assert "## Notes" in distill(parse_skill(HEAD + body), DistillOptions(threshold=0.5)).text


def test_a_link_keeps_its_definition() -> None:
    """A link definition that kept text uses stays, whatever section it stands in."""
    body = "# A\n\n## Steps\n\n1. Run `x`, see [the notes][n]\n2. Check `y`\n\n## Credits\n\nMade by many.\n\n[n]: https://a.b/c\n"
    result = distill(parse_skill(HEAD + body), DistillOptions(threshold=0.1))
    assert "[the notes][n]" in result.text
    assert "[n]: https://a.b/c" in result.text


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99, 1.0])
def test_tags_stay_in_pairs(threshold: float) -> None:
    """An element's end tag in a block of its own is not dropped while its start tag stays."""
    text = distill(read_skill(SKILLS / "html"), DistillOptions(threshold=threshold)).text
    assert text.count("<details>") == text.count("</details>")


def test_already_minimal() -> None:
    """A skill with nothing to take away comes back as it is, with a note."""
    result = distill(parse_skill(HEAD + "# A\n\n## Steps\n\n1. Run `x`\n2. Check `y`\n"))
    assert kinds(result) == {NoteKind.ALREADY_MINIMAL}
    assert not result.changed
    assert (result.reduction, result.compression_ratio) == (0.0, 1.0)
    assert result.functionality.score == pytest.approx(100)


def test_not_worth_it() -> None:
    """Less than one percent saved leaves the original; the note says what the next smaller result would be."""
    steps = "".join(f"{i}. Run `step{i}` and check `result{i}` in file{i}.txt\n" for i in range(1, 30))
    text = HEAD + f"# A\n\n## Steps\n\n{steps}\nWait at least 3 seconds.\n"
    result = distill(parse_skill(text), DistillOptions(threshold=0.99))
    (note,) = result.notes
    assert (note.kind, result.text) == (NoteKind.NOT_WORTH_IT, text)
    assert note.tokens is not None
    assert note.score is not None
    there = distill(result.original, DistillOptions(mode=Mode.TOKENS, tokens=note.tokens))
    assert (there.output_tokens, floor(10 * there.functionality.score) / 10) == (note.tokens, note.score)
    assert not result.plan.changed


def test_empty_body() -> None:
    """A skill that is all frontmatter has nothing to take away."""
    result = distill(read_skill(SKILLS / "frontmatter-only"))
    assert not result.changed
    assert NoteKind.ALREADY_MINIMAL in kinds(result)


@pytest.mark.parametrize("threshold", [-0.1, 1.01, float("nan"), float("inf")])
def test_threshold_out_of_range(threshold: float) -> None:
    """A threshold that is no share is a usage error."""
    with pytest.raises(UsageError, match="not between 0 and 1"):
        distill(read_skill(SKILLS / "plain"), DistillOptions(threshold=threshold))


def test_a_mode_that_is_a_text_is_refused() -> None:
    """It would be taken for another: who writes no types is told the names."""
    with pytest.raises(UsageError, match="is no Mode") as caught:
        distill(parse_skill("# A\n"), DistillOptions(mode="oneliner"))  # type: ignore[arg-type]
    assert "ONELINER" in caught.value.hint


def test_unknown_encoding() -> None:
    """An encoding that does not exist is a usage error."""
    with pytest.raises(UsageError, match="Unknown encoding"):
        distill(read_skill(SKILLS / "plain"), DistillOptions(counting=Counting("none")))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-frontmatter", "no frontmatter"),
        ("broken-yaml", "frontmatter is not valid YAML"),
        ("unclosed-frontmatter", "frontmatter is unclosed"),
        ("blank-line-first", "frontmatter is not on the first line"),
        ("no-trigger", "no trigger section"),
    ],
)
def test_strict(name: str, message: str) -> None:
    """With `strict` what a skill lacks is an error with a way out; without, a note."""
    skill = read_skill(SKILLS / name)
    with pytest.raises(BadInputError, match=message) as caught:
        distill(skill, DistillOptions(gate=Gate.STRICT))
    assert caught.value.hint
    assert kinds(distill(skill)) & {NoteKind.NO_FRONTMATTER, NoteKind.NO_TRIGGER}


def test_strict_accepts_a_proper_skill() -> None:
    """A skill with frontmatter and a trigger section passes."""
    assert distill(read_skill(SKILLS / "plain"), DistillOptions(gate=Gate.STRICT)).functionality.score > 0


def test_estimated_tokens_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that had to be estimated are noted; an estimate that was asked for is not."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    skill = read_skill(SKILLS / "plain")
    forced, wanted = (distill(skill, DistillOptions(counting=Counting(name))) for name in ("p50k_edit", "estimate"))
    assert NoteKind.ESTIMATED_TOKENS in kinds(forced)
    assert NoteKind.ESTIMATED_TOKENS not in kinds(wanted)
    assert forced.run.counter.mark == wanted.run.counter.mark == "~"


def test_removed_advice_is_noted() -> None:
    """A dropped advisory pattern is named."""
    text = (
        HEAD
        + "# A\n\n## Steps\n\n1. Run `x`\n2. Check `y`\n\n## Tips\n\n> Cache what you can, it is a help to all of us.\n"
    )
    result = distill(parse_skill(text), DistillOptions(threshold=0.3))
    assert [note.detail for note in result.notes if note.kind is NoteKind.ADVISORY_REMOVED] == ["caching-guidance"]


def test_protected_patterns_survive_the_lowest_threshold() -> None:
    """Protected patterns and hard rules are in the result however little is asked for."""
    for name in ("protected-patterns", "hard-rules"):
        result = distill(read_skill(SKILLS / name), DistillOptions(threshold=0.0))
        assert result.functionality.protected_lost == ()
        for decision, verdict in zip(result.plan.decisions, result.reading.verdicts, strict=True):
            assert not (verdict.protected or verdict.hard_rule) or decision.rendering.text


def test_stages_are_observed_in_order() -> None:
    """The observer sees each stage once, with its result."""
    seen: list[str] = []
    result = distill(read_skill(SKILLS / "plain"), observe=lambda stage, _: seen.append(stage))
    assert seen == ["parse", "analyze", "ladders", "frontier", "plan", "judge", "verify"]
    assert result.original.name == "plain"


class _Harsh:
    """A judge who gives no points."""

    method = "harsh"

    def score(self, comparison: Comparison) -> Functionality:
        """No points."""
        assert comparison.reading.skill.name
        return Functionality(0.0, self.method)


class _Plain(RulesAnalyzer):
    """The rules under another name."""

    name = "plain"

    def analyze(self, skill: Skill) -> Analysis:
        """What the rules say."""
        return Analysis(skill, super().analyze(skill).verdicts, self.name)


def test_backends_are_asked() -> None:
    """Whoever is given as analyzer and judge gives the verdicts and the score."""
    result = distill(read_skill(SKILLS / "plain"), backends=Backends(analyzer=_Plain(), judge=_Harsh()))
    assert result.reading.analysis.analyzer == "plain"
    assert (result.functionality.method, result.functionality.score) == ("harsh", 0.0)


@given(soups)
def test_joined_counts_are_exact(text: str) -> None:
    """The original's tokens, added up from its pieces, are those of the whole."""
    result = distill(parse_skill(text), DistillOptions(threshold=1.0))
    counter: TokenCounter = result.run.counter
    assert result.input_tokens == counter.count(text)


def test_a_template_with_fences_in_it_is_left_alone() -> None:
    """Fences as long as the outer one end it for Markdown, but not for its author; a note says so."""
    skill = read_skill(SKILLS / "nested-fence")
    template = skill.text[skill.text.index("```markdown") : skill.text.index("## Afterwards")].rstrip()
    for threshold in THRESHOLDS:
        result = distill(skill, DistillOptions(threshold=threshold))
        assert template in result.text or "Version" not in result.text
        assert [note.detail for note in result.notes if note.kind is NoteKind.NESTED_FENCES] == ["12"]


def test_data_in_the_text_is_named() -> None:
    """Most of the tokens of a skill may be a picture."""
    notes = distill(read_skill(SKILLS / "data-in-text"), DistillOptions(threshold=0.9)).notes
    assert any(note.kind is NoteKind.DATA and int(note.detail) > 300 for note in notes)


def test_before_the_first_heading_there_is_none_to_lose() -> None:
    """The receipt names no heading that is none."""
    text = HEAD + "It is a fine thing that many people like a lot.\n\n# A\n\nRun `make`.\n"
    receipt = distill(parse_skill(text), DistillOptions(threshold=0.3)).evidence.receipt
    assert [section.heading_dropped for section in receipt.sections if not section.level] == [False]


def test_many_equal_paragraphs_are_no_reason_to_refuse() -> None:
    """Where no program can tell which shortened one stands for which, they stay word for word."""
    text = HEAD + "# A\n\n" + "The build runs the tests and copies the files to the server.\n\n" * 100
    result = distill(parse_skill(text))
    assert result.evidence.verification is not None
    assert result.evidence.verification.passed
    assert result.changed
