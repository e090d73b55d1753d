"""Three rules that every rendering and every mode keeps: their negations, their conditions and what these govern."""

from __future__ import annotations

import itertools

import pytest

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.errors import TargetError
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.meaning.units import block_units
from skill_distiller.planning.ladders import prepare_ladders, with_proposals
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.worth import load_worth_model
from skill_distiller.rewriting.extract import propose_extracts
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

RULES = (
    "Never commit secrets.",
    "Do not run migrations without a backup.",
    "Use `git push --force` only if the branch is not shared.",
)
_FRONT = "---\nname: a-b\ndescription: Use when the user asks to deploy.\n---\n\n"
_ROOM = "It is, in general, quite a long story why things are the way they are, and it has often been told.\n"
_SHAPES = {
    "paragraph": " ".join(RULES),
    "lines": "\n".join(RULES),
    "list": "".join(f"- {rule}\n" for rule in RULES),
    "steps": "".join(f"{number}. {rule}\n" for number, rule in enumerate(RULES, 1)),
    "quote": "".join(f"> {rule}\n" for rule in RULES),
    "bold": f"**{RULES[0]}** {RULES[1]} *{RULES[2]}*",
    "paragraphs": "\n\n".join(RULES),
    "in a remark": f"{_ROOM.strip()} {' '.join(RULES)} {_ROOM}",
}
_HEADINGS = ("## Rules", "## Edge cases", "## Examples")
SKILLS = [
    pytest.param(f"{_FRONT}# Deploy\n\n{_ROOM}\n{heading}\n\n{shape}\n\n## Why\n\n{_ROOM}", id=f"{heading[3:]}-{name}")
    for heading, (name, shape) in itertools.product(_HEADINGS, _SHAPES.items())
]


def _says(text: str, rule: str) -> bool:
    """Whether a sentence or item of a text says what a rule says."""
    units = [unit for block in parse_skill(text).blocks for unit in block_units(block, 0)]
    return any(not compare_texts(rule, unit.text).failed for unit in units)


def _rules_in(text: str) -> tuple[str, ...]:
    return tuple(rule for rule in RULES if rule in " ".join(text.replace("*", "").replace("> ", "").split()))


@pytest.mark.parametrize("text", SKILLS)
def test_every_rung_keeps_them(text: str) -> None:
    """Each rendering of each block, extracts and bundles too: a block is whole, gone as a whole, or still says it."""
    reading, counter = Reading(TrainedAnalyzer().analyze(parse_skill(text))), load_counter()
    extracts = propose_extracts(reading, counter)
    prepared = with_proposals(reading, prepare_ladders(reading, counter), extracts, counter, load_worth_model())
    for ladder in prepared.ladders:
        rules = _rules_in(ladder.block.text)
        for rung in (*ladder.rungs, *ladder.joint):
            if rules and rung.text:
                assert all(_says(rung.text, rule) for rule in rules)


@pytest.mark.parametrize("text", SKILLS)
def test_every_threshold_and_budget_keeps_them(text: str) -> None:
    """Whatever is asked for: both prohibitions stay; the third rule stays, or goes with what it restricts."""
    options = [DistillOptions(threshold=share) for share in (0.95, 0.8, 0.5, 0.0)]
    options += [DistillOptions(mode=Mode.TOKENS, tokens=tokens) for tokens in (150, 100, 80, 60, 40)]
    for option in options:
        try:
            result = distill(parse_skill(text), option)
        except TargetError:
            continue
        body = result.distilled.body
        assert all(_says(body, rule) for rule in (RULES if "--force" in body else RULES[:2]))
        assert result.evidence.verification
        assert result.evidence.verification.passed


@pytest.mark.parametrize("text", SKILLS)
def test_one_line_never_turns_them_round(text: str) -> None:
    """Three lines may leave a rule out; what they say of one they say with its negation and its condition."""
    lines = distill(parse_skill(text), DistillOptions(mode=Mode.ONELINER)).text
    for words, signs in (
        ("commit secrets", ("Never commit secrets", "¬commit secrets")),
        ("run migrations", ("not run migrations without a backup", "¬run migrations without a backup")),
        ("`git push --force`", ("`git push --force` only if the branch is not shared",)),
    ):
        assert lines.count(words) == sum(lines.count(sign) for sign in signs)
