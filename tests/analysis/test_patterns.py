"""Protected and advisory patterns and hard rules, each from both sides."""

from __future__ import annotations

import pytest

from skill_distiller.analysis.patterns import ADVISORY, HARD_RULE, PROTECTED, find_patterns, join_patterns

HOLD = {
    "task-creation": (
        "Use TaskCreate now.", "Create a task for each step.", "create tasks per file",
        "Make a to-do list with all steps", "Write the todo items before you start", "Call TodoWrite first.",
        "Task creation references",
        "Create tasks so that the list survives compaction.", "Creating a task list", "create your to-do items",
    ),
    "n-count": (
        "Observe until N=3.", "with N≥3 observations", "the N-count rises", "N >= 5 runs", "at N = 1",
        "N-counting helps", "N-Count tracking",
    ),
    "checkpoint-state": (
        "Write a checkpoint.", "Checkpoints are kept.", "the state file", "Save the current state", "resume from there",
        "state recovery", "Restore your state.",
    ),
    "before-after": ("BEFORE / AFTER", "BEFORE: a\nAFTER: b", "BEFORE/AFTER counts", "AFTER b comes what was BEFORE"),
    "parallel-decision": (
        "Run them in parallel.", "parallel or serial", "one at a time", "concurrently", "Parallelize it.", "serially",
        "Parallel/serial decision", "serial or parallel", "serial/parallel", "Parallel execution",
    ),
    "performance-hint": ("for better performance", "it is faster", "speeds up the run", "latency matters", "slower"),
    "caching-guidance": ("cache the result", "Caching helps.", "memoize it", "cached pages"),
}  # fmt: skip
LACK = {
    "task-creation": ("The task is done.", "Create a file for each task.", "multitasking", "the task list"),
    "n-count": ("n=3 is small", "MIN=3", "the number N", "N is large", "a.N=3", "N-counter"),
    "checkpoint-state": ("The state of Ohio", "stateless", "summarize the resume", "uncheckpointable"),
    "before-after": ("before and after", "BEFORE it starts", "AFTER it ends", "Before / After", "BEFOREHAND AFTER"),
    "parallel-decision": ("a parallelogram", "run it once", "one time", "serial number", "a parallel universe"),
    "performance-hint": ("perform it", "a fast run", "speedy", "inefficient"),
    "caching-guidance": ("a cachet", "catch it", "cash", "memorize it"),
}  # fmt: skip


def _names(text: str) -> frozenset[str]:
    found = find_patterns(text)
    return found.protected | found.advisory


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, held in HOLD.items() for text in held])
def test_pattern_is_found(name: str, text: str) -> None:
    """A text that holds the pattern is recognized."""
    assert name in _names(text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, lacking in LACK.items() for text in lacking])
def test_pattern_is_not_seen_where_it_is_not(name: str, text: str) -> None:
    """A text with the same words in another sense is left alone."""
    assert name not in _names(text)


def test_every_pattern_is_tested_from_both_sides() -> None:
    """No pattern goes without texts that hold it and texts that lack it."""
    assert {pattern.name for pattern in (*PROTECTED, *ADVISORY)} == set(HOLD) == set(LACK)


def test_hints_let_every_match_through() -> None:
    """The quick look by hints never hides a match of the expression."""
    for pattern in (*PROTECTED, *ADVISORY):
        for text in HOLD[pattern.name]:
            assert pattern.expression.search(text)
            assert pattern.found_in(text, text.lower())


@pytest.mark.parametrize(
    "text",
    [
        "You MUST stop.",
        "NEVER push.",
        "DO NOT push.",
        "Do NOT push.",
        "It is NOT done.",
        "ALWAYS ask.",
        "CRITICAL: ask",
        "Never push.",
        "- Do not push.",
        "Ask first. Don't guess.",
    ],
)
def test_hard_rule_is_found(text: str) -> None:
    """A rule in capitals, or a prohibition that opens a sentence, is a hard rule."""
    assert find_patterns(text).hard_rule
    assert HARD_RULE.found_in(text, text)


@pytest.mark.parametrize("text", ["You must stop.", "It never stops.", "MUSTARD", "NOTE: read it", "NOTHING", "always"])
def test_weaker_words_are_no_hard_rule(text: str) -> None:
    """Words in lower case or longer words in capitals are no hard rule."""
    assert not find_patterns(text).hard_rule


def test_join_patterns() -> None:
    """Together texts hold what any of them holds, and no pattern is made of two texts."""
    found = join_patterns(["Keep a checkpoint.", "Cache it.", "NEVER push."])
    assert found == (frozenset({"checkpoint-state"}), frozenset({"caching-guidance"}), True)
    assert join_patterns([]) == (frozenset(), frozenset(), False)
    assert "before-after" not in join_patterns(["BEFORE", "AFTER"]).protected
