"""Training examples: one JSON object a line, written by the builders, read strictly, with file and line in messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from skill_distiller.errors import BadInputError, reason_of
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.soft.train_settings import PHASES

VERSION: Final = 1
MAX_FILE: Final = 8 << 30  # bytes of a file of examples
_MAX_LINE: Final = 8_000_000  # characters
_RECONSTRUCTION: Final = PHASES[0]
_HINT: Final = "docs/soft.md has the format; `skill-distiller soft data` writes it."


@dataclass(frozen=True, slots=True)
class Source:
    """Where an example comes from."""

    path: str = ""
    sha256: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a tool-using trace; the last one has the answer as its action's input and no observation."""

    thought: str
    action: str
    observation: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One example: the bodies of its skills, and for all phases but reconstruction a query and its answer.

    A trace (`steps`) is kept whole in a file and becomes one example a step where it is read.
    """

    id: str
    phase: str
    skills: tuple[str, ...]
    query: str = ""
    answer: str = ""
    system: str | None = None
    steps: tuple[TraceStep, ...] = ()
    source: Source = field(default_factory=Source)


def to_line(example: Example) -> str:
    """The example as one line of JSON, without its end."""
    values = {"v": VERSION, **asdict(example)}
    return json.dumps({k: v for k, v in values.items() if v or k == "v"}, ensure_ascii=False)


def write_lines(examples: Iterable[Example]) -> bytes:
    """Examples as the content of a file."""
    return "".join(f"{to_line(example)}\n" for example in examples).encode()


def read_examples(path: Path, phase: str) -> tuple[Example, ...]:
    """The examples of a phase in a file, traces unfolded.

    Raises BadInputError, with the line, for unknown fields, empty texts, ids that come twice and other phases.
    """
    try:
        text = read_regular(path, MAX_FILE).decode("utf-8")
    except (OSError, ValueError) as error:
        raise BadInputError(f"Can't read {str(path)!r}: {reason_of(error)}.", _HINT) from None
    found: list[Example] = []
    seen = set[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            example = parse_line(line)
        except ValueError as error:
            raise BadInputError(f"{path}, line {number}: {error}.", _HINT) from None
        wrong = "is of the phase " + example.phase if example.phase != phase else "comes twice"
        if example.phase != phase or example.id in seen:
            raise BadInputError(f"{path}, line {number}: the example {example.id!r} {wrong}.", _HINT)
        seen.add(example.id)
        found += unfold(example)
    if not found:
        raise BadInputError(f"{str(path)!r} holds no examples.", _HINT)
    return tuple(found)


def parse_line(line: str) -> Example:
    """The example on a line; raises ValueError with what is wrong with it, without a full stop."""
    if len(line) > _MAX_LINE:
        raise ValueError(f"it is longer than {_MAX_LINE:,} characters")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    known = {"v", *Example.__dataclass_fields__}
    if not isinstance(value, dict) or value.get("v") != VERSION:
        raise ValueError(f"it is no example of version {VERSION}")
    if unknown := sorted(value.keys() - known):
        raise ValueError(f"it has an unknown field {unknown[0]!r}")
    if value.get("phase") not in PHASES:
        raise ValueError("its phase is none")
    example = Example(
        _text(value, "id"),
        value["phase"],
        tuple(_texts(value.get("skills"), "skills")),
        str(value.get("query", "")),
        str(value.get("answer", "")),
        value.get("system"),
        tuple(_step(step) for step in _list(value.get("steps", []), "steps")),
        Source(**_strings(value.get("source", {}), Source)),
    )
    _check(example)
    return example


def _check(example: Example) -> None:
    if not example.skills:
        raise ValueError("it has no skills")
    if example.system is not None and not isinstance(example.system, str):
        raise ValueError("its system text is none")
    asks = bool(example.query or example.answer or example.steps or example.system)
    if example.phase == _RECONSTRUCTION and (asks or len(example.skills) != 1):
        raise ValueError("a reconstruction has one skill and nothing else")
    if example.phase != _RECONSTRUCTION and not (example.query.strip() and (example.answer.strip() or example.steps)):
        raise ValueError("it has no query, or no answer")


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"its {name} is empty or no text")
    return text


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"its {name} are no list")
    return value


def _texts(value: object, name: str) -> Iterator[str]:
    for item in _list(value, name):
        if not isinstance(item, str) or not item.strip():
            raise ValueError(f"one of its {name} is empty or no text")
        yield item


def _strings(value: object, kind: type) -> dict[str, str]:
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    if not isinstance(value, dict) or value.keys() - names or not all(isinstance(v, str) for v in value.values()):
        raise ValueError(f"a {kind.__name__.lower()} of it has other fields than {', '.join(names)}")
    return value


def _step(value: object) -> TraceStep:
    fields = _strings(value, TraceStep)
    if not fields.get("action", "").strip():
        raise ValueError("a step of it has no action")
    return TraceStep(fields.get("thought", ""), fields["action"], fields.get("observation", ""))


def unfold(example: Example) -> tuple[Example, ...]:
    """One example for each step of a trace, what was done before in the user's turn; any other example as it is."""
    if not example.steps:
        return (example,)
    found = []
    for number, step in enumerate(example.steps):
        query = scratchpad(example.query, example.steps[:number])
        said = f"Thought: {step.thought}\nAction: {step.action}"
        found.append(
            Example(f"{example.id}#{number}", example.phase, example.skills, query, said, example.system, (),
                    example.source)
        )  # fmt: skip
    return tuple(found)


def scratchpad(query: str, steps: Sequence[TraceStep]) -> str:
    """The user's turn of a trace after some steps: the query, then what was thought, done and seen."""
    told = (f"Thought: {s.thought}\nAction: {s.action}\nObservation: {s.observation}" for s in steps)
    return "\n\n".join((query, *told))
