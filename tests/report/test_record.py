"""The JSON record, its schema and its documentation say the same."""

from __future__ import annotations

import json
import pickle
import re
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from tests.cli.command import run
from tests.cli.samples import DEPLOY, HOSTILE, MARKUP, MINIMAL, NO_FRONTMATTER, NO_TRIGGER

from skill_distiller.analysis.reading import TYPE_NAMES, SectionType
from skill_distiller.checks.gate import CHECKS
from skill_distiller.checks.model import FindingKind, Level
from skill_distiller.language.fact import FactKind
from skill_distiller.meaning.verdicts import Verdict
from skill_distiller.planning.plan import Mode, Reason
from skill_distiller.report.json_record import RECORD_SCHEMA as SCHEMA_NAME
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import COUNTED_NAMES, make_record
from skill_distiller.rewriting.model import OutcomeKind, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import NoteKind
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import BlockKind
from skill_distiller.skill.parse import parse_skill

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
RECORD_SCHEMA: dict[str, Any] = json.loads(
    resources.files("skill_distiller.report").joinpath("record.schema.json").read_text(encoding="utf-8")
)
VERIFY_SCHEMA: dict[str, Any] = json.loads(
    resources.files("skill_distiller.report").joinpath("verify.schema.json").read_text(encoding="utf-8")
)
_TEXTS = {
    "deploy": DEPLOY,
    "crlf": DEPLOY.replace("\n", "\r\n"),
    "hostile": HOSTILE,
    "markup": MARKUP,
    "minimal": MINIMAL,
    "no-frontmatter": NO_FRONTMATTER,
    "no-trigger": NO_TRIGGER,
    "frontmatter-alone": "---\nname: a\ndescription: Use when b.\n---\n",
    "before-the-first-heading": "Run `a`.\n\n---\n\nThanks to all of you, and good night.\n",
}


def _closed(schema: object) -> Any:
    """A schema in which every object may have the described fields and no other."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed


VALIDATOR = Draft202012Validator(_closed(RECORD_SCHEMA))


def _record(text: str, threshold: float) -> dict[str, object]:
    return to_json(make_record(distill(parse_skill(text), DistillOptions(threshold=threshold))))


def test_the_schema_is_a_schema() -> None:
    """It is valid JSON Schema 2020-12 and names the version that the records name."""
    Draft202012Validator.check_schema(RECORD_SCHEMA)
    assert RECORD_SCHEMA["properties"]["schema"]["const"] == SCHEMA_NAME == "skill-distiller/compress/3"


@pytest.mark.parametrize("threshold", [0, 0.5, 0.9, 1])
@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_real_records_are_valid(text: str, threshold: float) -> None:
    """What the tool makes is valid, has every described field and none that is not described."""
    VALIDATOR.validate(json.loads(json.dumps(_record(text, threshold))))


@pytest.mark.parametrize("option", ["--encoding=estimate", "--dry-run", "--verbose", "--threshold=0.3"])
def test_what_the_command_prints_is_valid(option: str, skill_file: Path) -> None:
    """Whatever the options, stdout of `--json` is one valid record in UTF-8 with a final newline."""
    result = run("compress", skill_file, "--json", option)
    assert result.exit_code == 0
    assert result.text.endswith("}\n")
    VALIDATOR.validate(json.loads(result.text))


def test_records_of_real_skills_are_valid(corpus_distillations: tuple[Any, ...]) -> None:
    """So are the records of skills that people wrote."""
    for distillation in corpus_distillations:
        VALIDATOR.validate(json.loads(json.dumps(to_json(make_record(distillation)))))


@pytest.mark.parametrize(
    ("field", "value"),
    [("schema", "skill-distiller/compress/1"), ("reduction", 1.1), ("text", None), ("removed", {"poems": 1})],
)
def test_the_schema_can_say_no(field: str, value: object) -> None:
    """A wrong value, a missing field and one that is not described are all found."""
    record = _record(DEPLOY, 0.9)
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**record, field: value})
    with pytest.raises(ValidationError):
        VALIDATOR.validate({key: kept for key, kept in record.items() if key != field})
    with pytest.raises(ValidationError, match="surprise"):
        VALIDATOR.validate({**record, "surprise": 1})


def test_every_field_is_always_there() -> None:
    """What the schema describes of a record is what it requires."""
    for described in (RECORD_SCHEMA, *(RECORD_SCHEMA["properties"][name] for name in ("functionality", "token_level"))):
        assert set(described["required"]) == set(described["properties"])


def test_a_record_of_the_first_version_can_still_be_read_as_one() -> None:
    """No field that version 1 required has gone, at any depth that a reader of it looks into."""
    record = _record(DEPLOY, 0.5)
    assert record.keys() >= {
        "schema", "version", "skill", "mode", "threshold", "target_tokens", "analyzer", "token_scorer", "provider",
        "encoding", "tokens_exact", "input_tokens", "output_tokens", "reduction", "functionality", "calibration",
        "classification_confidence", "changed", "removed", "notes", "sections", "receipt", "verification", "one_liner",
        "refused_renderings", "text",
    }  # fmt: skip
    functionality, sections = record["functionality"], record["sections"]
    assert isinstance(functionality, dict)
    assert isinstance(sections, list)
    assert functionality.keys() >= {"score", "method", "interval", "calibrated", "protected_found", "protected_lost"}
    assert sections[0].keys() >= {
        "heading", "level", "line", "type", "importance", "confidence", "outcome", "tokens_before", "tokens_after",
        "examples",
    }  # fmt: skip


def test_the_figures_of_a_record_add_up() -> None:
    """Blocks that went are as many by type as by section, and no type is both gone and whole."""
    record = make_record(distill(parse_skill(DEPLOY), DistillOptions(threshold=0.5)))
    assert sum(record.removed.values()) == sum(section.blocks.removed for section in record.sections) > 0
    assert not set(record.removed) & set(record.kept)
    for section in record.sections:
        assert section.blocks.removed + section.blocks.shortened <= section.blocks.total
        assert (section.outcome is OutcomeKind.REMOVED) == (section.blocks.removed == section.blocks.total)
    assert record.result.input_tokens - record.result.output_tokens >= sum(
        section.tokens.original - section.tokens.candidate for section in record.sections
    )


def test_a_record_can_be_sent_to_another_process() -> None:
    """What is printed from it there is the same."""
    for mode in (Mode.THRESHOLD, Mode.ONELINER):
        record = make_record(distill(parse_skill(DEPLOY), DistillOptions(mode=mode)))
        assert to_json(pickle.loads(pickle.dumps(record))) == to_json(record)


def test_a_field_of_a_later_version_does_not_break_a_reader() -> None:
    """Fields may be added within a version, so the shipped schema allows what it does not know."""
    Draft202012Validator(RECORD_SCHEMA).validate({**_record(DEPLOY, 0.9), "added_later": 1})


def _fields(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_fields, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*map(_fields, schema.values()))


def test_the_document_describes_every_field() -> None:
    """Each field of the schema stands in docs/json.md, and every row of its tables is a field."""
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    assert set(rows) == _fields(RECORD_SCHEMA) | _fields(VERIFY_SCHEMA)


@pytest.mark.parametrize(
    "values",
    [
        SectionType,
        BlockKind,
        Reason,
        NoteKind,
        FactKind,
        OutcomeKind,
        [k for k in RenderingKind if k is not RenderingKind.FULL],
        FindingKind,
        [check.name for check in CHECKS],
        Level,
        Verdict,
    ],
    ids=["type", "kind", "reason", "note", "fact", "outcome", "rendering", "finding", "check", "level", "verdict"],
)
def test_the_document_names_every_value(values: list[str]) -> None:
    """What a field may say is listed, word for word."""
    used = [v for v in values if v not in _NEVER_IN_A_RECORD]
    assert [value for value in used if f"`{value}`" not in DOCUMENT] == []


# Reasons to keep a block as it is: a record lists the blocks that changed.
_NEVER_IN_A_RECORD = set(Reason) - {Reason.CHEAPER, Reason.PARTLY, Reason.NOT_WORTH, Reason.PLANNED}


def test_the_schema_knows_every_closed_value() -> None:
    """Types, kinds of blocks and the names under `removed` are closed sets: the code's own."""
    definitions = RECORD_SCHEMA["$defs"]
    assert set(definitions["type"]["enum"]) == set(SectionType)
    assert set(definitions["change"]["properties"]["kind"]["enum"]) == set(BlockKind)
    assert definitions["finding"]["properties"]["level"]["enum"] == list(Level)
    assert VERIFY_SCHEMA["properties"]["accounted"]["propertyNames"]["enum"] == list(Verdict)
    names = {plural for _, plural in COUNTED_NAMES.values()}
    assert set(RECORD_SCHEMA["properties"]["removed"]["propertyNames"]["enum"]) == names
    assert set(RECORD_SCHEMA["properties"]["kept"]["items"]["enum"]) == {plural for _, plural in TYPE_NAMES.values()}


def test_the_example_in_the_document_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of docs/json.md on the skill of docs/json.md prints the record of docs/json.md."""
    fences = re.findall(r"^(`{3,})(\w+)\n(.*?)^\1$", DOCUMENT, re.MULTILINE | re.DOTALL)
    (skill,) = [body for _, language, body in fences if language == "markdown"]
    (command,) = [body for _, language, body in fences if language == "sh"]
    (expected,) = [body for _, language, body in fences if language == "json"]
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "tidy-imports"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(skill.encode())
    program, *arguments = shlex.split(command)
    assert program == "skill-distiller"
    record, shown = json.loads(run(*arguments).stdout), json.loads(expected)
    assert {**record, "version": ""} == {**shown, "version": ""}
