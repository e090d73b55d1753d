"""The user's own patterns: what they find, what they can't be, and what they keep."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import texts

from skill_distiller.analysis.patterns import (
    BUILT_IN,
    LONGEST,
    PatternError,
    PatternSet,
    SearchTime,
    find_patterns,
    join_patterns,
    own_pattern,
)
from skill_distiller.analysis.reading import PROTECTED_IMPORTANCE, Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.receipt import EmbeddedJudge, compare
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Plan, Reason, apply_plan
from skill_distiller.rewriting.ladder import keeps_everything
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill

_FOUND = [
    ("JIRA-", "see JIRA-1"),
    ("JIRA-", "see jira-1"),
    ("duty officer", "ask the Duty\n  officer."),
    ("duty  officer", "ask the duty officer"),
    ("#1", "a#1."),
    ("部署", "请部署到那里"),
    ("デプロイ", "これをデプロイする"),
    ("v2", "(v2)"),
    (r"re:\bOPS-\d+\b", "first\nthen OPS-12\r\n"),
    (r"re:^Owner:", "a\nOwner: me"),
    (r"re:done$", "it is done\nnow"),
    (r"re:done$", "it is done\r\nnow"),
    (r"re:(?i)owner", "OWNER"),
    (r"re:OPS-\d", "x" * 9000 + "OPS-7"),
    (r"re:OPS-\d", "x" * 3998 + "OPS-7" + "x" * 9000),
]
_NOT_FOUND = [
    ("JIRA-", "aJIRA-1"),
    ("duty officer", "duty officers"),
    ("duty officer", "off-duty, officer"),
    ("v2", "v21"),
    (r"re:OPS-\d", "ops-1"),
    (r"re:a b", "a\nb"),
    (r"re:\AOwner", "a\n Owner"),
]
_BAD = [
    ("", "is empty"),
    (" \n", "is empty"),
    ("re:", "is empty"),
    ("x" * (LONGEST + 1), f"longer than {LONGEST}"),
    ("re:" + "x" * (LONGEST + 1), f"longer than {LONGEST}"),
    ("re:(", "is not a Python regular expression"),
    ("re:[[a]", "is not a Python regular expression"),
    ("re:(?R)", "is not a Python regular expression"),
    ("re:" + "(" * 150 + ")" * 150, "matches an empty line"),
    ("re:x*", "matches an empty line"),
    ("re:^", "matches an empty line"),
    ("re:((a{999}){999}){999}", "repeats something more than"),
    ("re:a{100000}", "repeats something more than"),
]


@pytest.mark.parametrize(("source", "text"), _FOUND)
def test_what_a_source_finds(source: str, text: str) -> None:
    """Phrases in any case, over line breaks and in scripts without spaces; expressions on each line."""
    assert own_pattern("a", [source]).found_in(text)
    assert own_pattern("a", ["nothing of this", source, "re:nor this"]).found_in(text)


@pytest.mark.parametrize(("source", "text"), _NOT_FOUND)
def test_what_a_source_does_not_find(source: str, text: str) -> None:
    """A part of a word is not the word, and an expression is taken as it is written."""
    assert not own_pattern("a", [source]).found_in(text)


@pytest.mark.parametrize(("source", "why"), _BAD)
def test_what_is_no_source(source: str, why: str) -> None:
    """What is empty, too long, no expression, or would match everything, is refused with the reason."""
    with pytest.raises(PatternError, match=why):
        own_pattern("a", [source])


@pytest.mark.parametrize("source", [r"re:(a|aa)+$", r"re:(.*a){12}b"])
def test_a_catastrophic_expression_ends(source: str) -> None:
    """It is given up, with the place where it stands: the run never hangs."""
    pattern = own_pattern("slow", [source], "'file': patterns.protected.slow")
    with pytest.raises(UsageError, match=r"^'file': patterns\.protected\.slow: the expression "):
        pattern.found_in("a" * 40 + "!" + "a " * 2000 + "!")


def test_the_expressions_of_a_file_have_a_budget() -> None:
    """Each may be quick enough, and all of them together not: the slowest is named. Every run has all of it."""
    budget = SearchTime(0.2)
    slow = own_pattern("slow", [r"re:(a|aa)+$"], "'file': patterns.protected.slow", budget)
    quick = own_pattern("quick", ["re:b"], "'file': patterns.protected.quick", budget)
    patterns = PatternSet((quick, slow))
    text = "a" * 25 + "!\n"
    assert patterns.find(text) == BUILT_IN.find(text)
    with pytest.raises(UsageError, match=r"slow: the expression .* takes too long: .* 0\.2 seconds in a run"):
        all(patterns.find(text) for _ in range(100_000))
    patterns.begin_run()
    assert patterns.find("b").protected == {"quick"}


@given(st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), min_size=1, max_size=4), texts, texts)
def test_a_phrase_is_found_wherever_it_stands(words: list[str], before: str, after: str) -> None:
    """Whatever stands around it, however it is spaced and cased."""
    pattern = own_pattern("a", [" ".join(words)])
    for joint in (" ", "\n", "  \r\n\t"):
        assert pattern.found_in(f"{before} {joint.join(words).upper()} {after}")


@given(texts)
def test_without_patterns_of_ones_own_nothing_is_different(text: str) -> None:
    """A set without own patterns finds what the reference's find."""
    skill = parse_skill(text)
    assert BUILT_IN.find(text) == find_patterns(text)
    assert BUILT_IN.find_all(skill) == join_patterns([block.text for block in skill.blocks])


_TICKETS = PatternSet(
    (own_pattern("ticket-ids", ["JIRA-", r"re:\bOPS-\d+\b"]),), (own_pattern("thanks", ["grateful"]),)
)
_SKILL = parse_skill(
    "---\nname: a\ndescription: Use when b.\n---\n# A\n\n## Steps\n\nRun `a --all` and wait for its end.\n\n"
    "NEVER run `b` twice, whatever it says.\n\n## History\n\n"
    "Long ago it was all written down in JIRA-7 by somebody who is no longer here.\n\n"
    "## Thanks\n\nWe are grateful to everybody who has ever had a hand in all of this, and to those who had none.\n"
)


def test_a_protected_block_is_boosted_and_kept_at_every_threshold() -> None:
    """Importance of at least 0.85, required, and in the result even where next to nothing is asked for."""
    analysis = with_patterns(RulesAnalyzer().analyze(_SKILL), _TICKETS)
    (history,) = [v for v, block in zip(analysis.verdicts, _SKILL.blocks, strict=True) if "JIRA" in block.text]
    assert history.protected == {"ticket-ids"}
    assert not history.advisory
    assert history.importance >= PROTECTED_IMPORTANCE
    assert "JIRA-7" not in distill(_SKILL, DistillOptions(threshold=0.3)).text
    result = distill(_SKILL, DistillOptions(threshold=0.3, patterns=_TICKETS))
    assert "JIRA-7" in result.text
    assert result.functionality.protected_found == ("ticket-ids",)
    assert result.functionality.protected_lost == ()


def test_an_advisory_pattern_may_go_with_a_warning_and_no_penalty() -> None:
    """The note names it, and nothing is taken off the score."""
    result = distill(_SKILL, DistillOptions(threshold=0.3, patterns=_TICKETS))
    assert "grateful" not in result.text
    assert [(n.kind, n.detail) for n in result.notes] == [(NoteKind.ADVISORY_REMOVED, "thanks")]
    plain = PatternSet(_TICKETS.protected)
    assert (
        result.functionality.score == distill(_SKILL, DistillOptions(threshold=0.3, patterns=plain)).functionality.score
    )


def test_a_lost_pattern_costs_ten_points() -> None:
    """Whoever makes the plan: a result without the pattern is found out, and pays for it."""
    analysis = with_patterns(RulesAnalyzer().analyze(_SKILL), _TICKETS)
    kept = distill(_SKILL, DistillOptions(threshold=1.0))
    gone = tuple(
        replace(d, rendering=Rendering(RenderingKind.DROPPED, "", 0, 0.0), reason=Reason.NOT_WORTH) if i == 2 else d
        for i, d in enumerate(kept.plan.decisions)
    )
    plan = Plan(gone, kept.plan.headings, kept.plan.heading_tokens)
    with_own = compare(Reading(analysis), plan, apply_plan(_SKILL, plan))
    without = compare(Reading(RulesAnalyzer().analyze(_SKILL)), plan, apply_plan(_SKILL, plan))
    assert with_own.protected_found == with_own.protected_lost == {"ticket-ids"}
    assert with_own.advisory_lost == frozenset()
    alone = replace(with_own, protected_lost=frozenset())
    judge = EmbeddedJudge()
    assert judge.score(with_own).score == pytest.approx(judge.score(alone).score - 10)
    assert without.protected_found == frozenset()


def test_a_shorter_text_has_to_hold_the_pattern() -> None:
    """A rendering without it is refused, one that still has it is not."""
    skill = parse_skill("# A\n\nThe duty officer decides the case.\n")
    patterns = PatternSet((own_pattern("duty", ["duty officer"]),))
    analysis = with_patterns(RulesAnalyzer().analyze(skill), patterns)
    for text, keeps in (("Duty officer decides case.\n", True), ("Officer decides case.\n", False)):
        assert keeps_everything(Reading(analysis), 0, Rendering(RenderingKind.PRUNED, text, 5, 0.9)) is keeps


@pytest.mark.parametrize("between", ["", "\n### What they do\n"])
def test_a_pattern_in_a_heading_keeps_the_heading_and_the_first_block(between: str) -> None:
    """The block may be shortened all the same; that the pattern stands above it is not the block's affair."""
    watch = "They keep the night watch, awake at night."
    text = f"# A\n\nRun `a`.\n\n## Duty officer\n{between}\n{watch}\n\nIt is a long story.\n"
    patterns = PatternSet((own_pattern("duty", ["duty officer"]),))
    result = distill(parse_skill(text), DistillOptions(threshold=0.1, patterns=patterns))
    assert "## Duty officer\n" in result.text
    assert "awake at night" in result.text
    assert result.functionality.protected_lost == ()
    analysis = result.reading
    assert [bool(verdict.protected) for verdict in analysis.verdicts] == [False, True, False]
    assert keeps_everything(
        analysis, 1, Rendering(RenderingKind.PRUNED, "They keep night watch, awake at night.\n", 5, 0.9)
    )


def test_an_empty_section_hands_nothing_on_to_the_next() -> None:
    """A heading without anything under it protects no block of the section after it."""
    skill = parse_skill("# A\n\n## Duty officer\n\n## Other\n\nSome words.\n")
    patterns = PatternSet((own_pattern("duty", ["duty officer"]),))
    assert [v.protected for v in with_patterns(RulesAnalyzer().analyze(skill), patterns).verdicts] == [frozenset()]


def test_code_below_is_protected_with_what_introduces_it() -> None:
    """As with the patterns of the reference."""
    skill = parse_skill("# A\n\nFor the duty officer:\n\n```sh\npage me\n```\n")
    patterns = PatternSet((own_pattern("duty", ["duty officer"]),))
    verdicts = with_patterns(RulesAnalyzer().analyze(skill), patterns).verdicts
    assert [v.protected for v in verdicts] == [{"duty"}, {"duty"}]


def test_what_a_pattern_prints_is_what_results_depend_on() -> None:
    """Two runs print the same, and patterns that differ anywhere differ: a batch knows its results again by that."""
    long = ["a" * 250, "re:" + "b" * 250]
    assert repr(own_pattern("own", long)) == repr(own_pattern("own", long, "elsewhere.toml", SearchTime()))
    for others in ([f"{long[0]}c", long[1]], [long[0], f"{long[1]}c"], long[:1]):
        assert repr(own_pattern("own", long)) != repr(own_pattern("own", others))
