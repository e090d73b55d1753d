"""A receipt declares losses: those pass, and no others."""

from __future__ import annotations

import gc
import json
import weakref

import pytest
from tests.cli.samples import DEPLOY, HOSTILE

from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import RECORD_SCHEMAS, Declared, Level, declared_by, declared_in
from skill_distiller.errors import BadInputError
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import make_record
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.parse import parse_skill

_LOW = DistillOptions(threshold=0.3)


def test_what_a_run_took_out_passes_with_its_receipt_only() -> None:
    """The same text fails without the receipt, and every failure is then a declared loss."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    candidate = parse_skill(distillation.text)
    without = verify(distillation.original, candidate)
    assert {check.name for check in without.failed} == {"headings", "meaning", "code"}
    declared = verify(distillation.original, candidate, declared=declared_by(distillation.evidence.receipt))
    assert declared.passed
    for before, after in zip(without.checks, declared.checks, strict=True):
        assert before.count(Level.FAILURE) == after.count(Level.DECLARED)


def test_what_was_only_tried_goes_without_the_collector() -> None:
    """A command runs without it, and may try a dozen results of a large file."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    declared = declared_by(distillation.evidence.receipt)
    candidate = parse_skill(distillation.text + "\nSomething new is said.\n")
    alive = weakref.ref(candidate)
    collecting = gc.isenabled()
    gc.disable()
    try:
        assert not verify(distillation.original, candidate, declared=declared).passed
        candidate.forget()
        del candidate
        assert alive() is None
    finally:
        if collecting:
            gc.enable()


def test_the_record_declares_what_the_receipt_does() -> None:
    """Read back from JSON it is the same."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    declared = declared_by(distillation.evidence.receipt, distillation.functionality.protected_lost)
    assert declared_in(json.loads(json.dumps(to_json(make_record(distillation)))), distillation.original) == declared
    assert declared != Declared()


def test_records_of_the_first_version_are_read() -> None:
    """A receipt that was kept from an earlier version of the tool declares what it did."""
    original = parse_skill(DEPLOY)
    record = to_json(make_record(distill(original, _LOW)))
    assert record["schema"] == RECORD_SCHEMAS[-1]
    for schema in RECORD_SCHEMAS:
        assert declared_in({**record, "schema": schema}, original) == declared_in(record, original) != Declared()


@pytest.mark.parametrize("schema", ["skill-distiller/compress/4", "skill-distiller/verify/2", "x" * 1000])
def test_a_record_of_another_kind_is_not_read(schema: str) -> None:
    """A later version may mean something else; the message names the versions that can be read."""
    record = to_json(make_record(distill(parse_skill(DEPLOY), _LOW)))
    with pytest.raises(BadInputError, match="does not know") as caught:
        declared_in({**record, "schema": schema}, parse_skill(DEPLOY))
    assert len(str(caught.value)) < 200
    assert "skill-distiller/compress/1, skill-distiller/compress/2, skill-distiller/compress/3" in (
        caught.value.hint or ""
    )


def test_a_receipt_of_another_skill_is_refused() -> None:
    """Or of another version of this one: what it says of blocks that are not there says nothing."""
    record = to_json(make_record(distill(parse_skill(DEPLOY), _LOW)))
    for other in (parse_skill(HOSTILE), parse_skill(DEPLOY.replace("make ship", "make sail"))):
        with pytest.raises(BadInputError, match="of another skill, or of another version"):
            declared_in(record, other)


def test_a_loss_that_the_receipt_does_not_name_fails() -> None:
    """One more fact taken out by hand is found."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    cut = parse_skill(distillation.text.replace("`make ship --env=prod`", "it"))
    found = verify(distillation.original, cut, declared=declared_by(distillation.evidence.receipt))
    (finding,) = found.failures
    assert "`make ship --env=prod`" in finding.text
    assert finding.detail == "fact"


def _levels(before: str, after: str, declared: Declared) -> list[tuple[str, str]]:
    found = verify(parse_skill(before), parse_skill(after), declared=declared)
    return [
        (check.name, item.level.value) for check in found.checks for item in check.findings if check.name != "format"
    ]


_RULE = "You really should never commit secrets.\n"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("# A\n\nRun it.\n", "declared", id="gone, as it says"),
        pytest.param(f"# A\n\n{_RULE}", "failure", id="what it doesn't name is gone"),
        pytest.param("# A\n\nYou should commit secrets.\n\nRun it.\n", "failure", id="turned round under its name"),
    ],
)
def test_a_block_that_went(after: str, expected: str) -> None:
    """A receipt that names it as gone is believed of this block, of no other, and of nothing in its place."""
    found = _levels(
        f"# A\n\n{_RULE}\nRun it.\n", after, Declared(removed=frozenset({_RULE}), blocks=frozenset({_RULE}))
    )
    assert found
    assert {level for _, level in found} == {expected}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("You should never commit any secret.\n", "declared", id="in other words"),
        pytest.param("You should commit secrets.\n", "failure", id="turned round"),
        pytest.param("You may never commit secrets.\n", "failure", id="with another strength"),
    ],
)
def test_a_block_in_other_words(after: str, expected: str) -> None:
    """A receipt can declare that nobody could prove it; never that what was forbidden is asked for."""
    found = _levels(_RULE, after, Declared(reworded=frozenset({_RULE}), blocks=frozenset({_RULE})))
    assert found
    assert {level for _, level in found} == {expected}


def test_a_heading_that_went() -> None:
    """Of this level and text; of one in other words nothing can be declared."""
    declared = Declared(headings=frozenset({(2, "Never push")}))
    for after, expected in (("One.\n", "declared"), ("## Push\n\nOne.\n", "failure")):
        found = dict(_levels("## Never push\n\nOne.\n", after, declared))
        assert found["headings"] == expected


def test_a_pattern_that_went() -> None:
    """By its name; the sentence that holds it has to be declared too."""
    rule = "Save a checkpoint first.\n"
    declared = Declared(removed=frozenset({rule}), blocks=frozenset({rule}), patterns=frozenset({"checkpoint-state"}))
    expected = [("meaning", "declared"), ("patterns", "declared")]
    assert _levels(f"{rule}\nDo the work.\n", "Do the work.\n", declared) == expected


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"receipt": {}, "functionality": {}},
        {"receipt": [1], "functionality": {"protected_lost": []}},
        {"receipt": [], "functionality": {"protected_lost": [1]}},
        {
            "receipt": [{"changes": [{"rendering": "dropped", "before": 1, "after": ""}], "heading_removed": False}],
            "functionality": {"protected_lost": []},
        },
        {
            "receipt": [{"changes": [], "lost_facts": [], "heading_removed": True, "level": "1", "heading": "a"}],
            "functionality": {"protected_lost": []},
        },
    ],
)
def test_what_is_no_record(record: object) -> None:
    """One sentence, never a traceback."""
    with pytest.raises(BadInputError, match="not a record"):
        declared_in(record, parse_skill(DEPLOY))
    if isinstance(record, dict):
        with pytest.raises(BadInputError, match="not a record"):
            declared_in({"schema": RECORD_SCHEMAS[0], **record}, parse_skill(DEPLOY))


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        (
            "Bakes bread. Kneads dough, heats the oven, measures the flour, and turns loaves into toast.",
            "Bakes bread. Kneads dough.",
            True,
        ),
        (
            "Bakes bread. Never kneads dough that rose twice, heats the oven, measures the flour, or toasts loaves.",
            "Bakes bread. Kneads dough.",
            False,
        ),
        ("Bakes bread, rolls, buns, bagels and much else.", "Bakes bread. Fries eggs.", False),
    ],
    ids=["a list is cut short", "what forbids is cut off", "something is new"],
)
def test_a_declared_description_may_lose_items_and_say_nothing_else(before: str, after: str, passes: bool) -> None:
    """What is left of a sentence is not new, however much went; a sentence that limits something is whole or gone."""
    old, new = (parse_skill(f"---\nname: b\ndescription: {text}\n---\n\n# B\n") for text in (before, after))
    assert verify(old, new, declared=Declared(description=new.description)).passed is passes
