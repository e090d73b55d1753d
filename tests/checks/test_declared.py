"""A receipt declares losses: those pass, and no others."""

from __future__ import annotations

import json

import pytest
from tests.cli.samples import DEPLOY

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
    assert {check.name for check in without.failed} == {"headings", "facts", "negations", "fences"}
    declared = verify(distillation.original, candidate, declared=declared_by(distillation.evidence.receipt))
    assert declared.passed
    for before, after in zip(without.checks, declared.checks, strict=True):
        assert before.count(Level.FAILURE) == after.count(Level.DECLARED)


def test_the_record_declares_what_the_receipt_does() -> None:
    """Read back from JSON it is the same."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    declared = declared_by(distillation.evidence.receipt, distillation.functionality.protected_lost)
    assert declared_in(json.loads(json.dumps(to_json(make_record(distillation))))) == declared
    assert declared != Declared()


def test_records_of_the_first_version_are_read() -> None:
    """A receipt that was kept from an earlier version of the tool declares what it did."""
    record = to_json(make_record(distill(parse_skill(DEPLOY), _LOW)))
    assert record["schema"] == RECORD_SCHEMAS[-1]
    for schema in RECORD_SCHEMAS:
        assert declared_in({**record, "schema": schema}) == declared_in(record) != Declared()


@pytest.mark.parametrize("schema", ["skill-distiller/compress/3", "skill-distiller/verify/1", "x" * 1000])
def test_a_record_of_another_kind_is_not_read(schema: str) -> None:
    """A later version may mean something else; the message names the versions that can be read."""
    record = to_json(make_record(distill(parse_skill(DEPLOY), _LOW)))
    with pytest.raises(BadInputError, match="does not know") as caught:
        declared_in({**record, "schema": schema})
    assert len(str(caught.value)) < 200
    assert "skill-distiller/compress/1 and skill-distiller/compress/2" in (caught.value.hint or "")


def test_a_loss_that_the_receipt_does_not_name_fails() -> None:
    """One more fact taken out by hand is found."""
    distillation = distill(parse_skill(DEPLOY), _LOW)
    cut = parse_skill(distillation.text.replace("`make ship --env=prod`", "it"))
    found = verify(distillation.original, cut, declared=declared_by(distillation.evidence.receipt))
    assert [finding.text for finding in found.failures] == ["`make ship --env=prod`"]


def test_a_reversal_is_never_declared() -> None:
    """Whatever a receipt names, what was forbidden may not be asked for."""
    original = parse_skill("You really should never commit secrets.\n")
    candidate = parse_skill("You should commit secrets.\n")
    declared = Declared(facts=frozenset({"never commit secrets"}))
    assert not verify(original, candidate, declared=declared).passed


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
            "receipt": [{"changes": [], "lost_facts": [{"key": 1}], "heading_removed": False}],
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
        declared_in(record)
    if isinstance(record, dict):
        with pytest.raises(BadInputError, match="not a record"):
            declared_in({"schema": RECORD_SCHEMAS[0], **record})


def test_a_block_in_other_words_is_compared_again() -> None:
    """A receipt that says so is believed only where the fact check finds every condition in the new text."""
    before = "If you are not sure about the target, ask the user before you run `make ship`.\n"
    for after, passed in (
        ("If not sure about target, ask user before you run `make ship`.\n", True),
        ("If sure about target, run `make ship`, don't ask user.\n", False),
    ):
        original, candidate = parse_skill(f"# Ship\n\n{before}"), parse_skill(f"# Ship\n\n{after}")
        declared = Declared(reworded=frozenset({(before, after)}))
        found = verify(original, candidate, declared=declared)
        assert [check.name for check in found.failed if check.name == "negations"] == ([] if passed else ["negations"])
        elsewhere = verify(original, parse_skill("# Ship\n\nRun `make ship`.\n"), declared=declared)
        assert "negations" in {check.name for check in elsewhere.failed}
