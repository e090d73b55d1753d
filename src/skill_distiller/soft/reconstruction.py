"""Examples of the warm-up (how-to articles) and of reconstruction (skill bodies, without copies, some held out)."""

from __future__ import annotations

import csv
import hashlib
import heapq
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.soft.examples import MAX_FILE, Example, Source
from skill_distiller.soft.train_settings import PHASES

DEFAULT_LEAST: Final = 500  # characters of a body (the paper)
DEFAULT_DISTANCE: Final = 2200  # edits between a skill and a test skill, at least (the paper)
_WORDS: Final = re.compile(r"\w+")
_SHINGLE: Final = 5  # words
_SKETCH: Final = 64  # of the smallest hashes of shingles
_ALIKE: Final = 0.8  # share of shingles that two copies have in common
_PARTS: Final = 1_000_000  # into which a hash divides 0-1


@dataclass(frozen=True, slots=True)
class Choice:
    """Which skills become examples: `least` characters, `distance` edits from `keep_away`, a share held out."""

    least: int = DEFAULT_LEAST
    keep_away: tuple[str, ...] = ()
    distance: int = DEFAULT_DISTANCE
    holdout: float = 0.0
    seed: int = 42


class Built(NamedTuple):
    """Examples to train on and held out, and how many were left out, by reason."""

    examples: tuple[Example, ...]
    held_out: tuple[Example, ...]
    dropped: Mapping[str, int]


class FoundSkill(NamedTuple):
    """A skill, where it was found, and the group that is held out as one: the first folder below what was named."""

    skill: Skill
    path: Path
    group: str


def find_skills(places: Iterable[Path], dropped: Counter[str] | None = None) -> Iterator[FoundSkill]:
    """Every skill in or below some places, in order of their paths.

    What can't be read is counted in `dropped`, or raises BadInputError where there is no such count. Raises it too
    for a place that is not there.
    """
    for place in places:
        if not place.exists():
            raise BadInputError(
                f"There is no file or folder {str(place)!r}.", "Name skills, or folders that hold some."
            )
        files = sorted(place.rglob(SKILL_FILE)) if place.is_dir() else [place]
        for file in files:
            parts = file.relative_to(place).parts if place.is_dir() else file.parts[-2:]
            try:
                yield FoundSkill(read_skill(file), file, f"{place.name}/{parts[0]}")
            except BadInputError:
                if dropped is None:
                    raise
                dropped["can't be read"] += 1


def build_reconstruction(skills: Iterable[FoundSkill], choice: Choice, dropped: Counter[str]) -> Built:
    """An example for each skill that is left, in their order; `dropped` counts the others by reason."""
    copies = _Copies()
    kept: list[Example] = []
    held: list[Example] = []
    for found in skills:
        body = found.skill.body
        reason = copies.reason(body) if len(body) >= choice.least else "too short"
        if not reason and any(is_near(body, test, choice.distance) for test in choice.keep_away):
            reason = "near a test skill"
        if reason:
            dropped[reason] += 1
            continue
        source = source_of(found)
        example = Example(source.sha256[:16], PHASES[0], (body,), source=source)
        (held if share_of(f"{choice.seed}/{found.group}") < choice.holdout else kept).append(example)
    return Built(tuple(kept), tuple(held), dict(dropped))


def source_of(found: FoundSkill) -> Source:
    """Where the examples of a skill come from, with the SHA-256 of its body and its license."""
    licence = found.skill.frontmatter.fields.get("license")
    digest = hashlib.sha256(found.skill.body.encode()).hexdigest()
    return Source(found.path.as_posix(), digest, licence if isinstance(licence, str) else "")


def share_of(text: str) -> float:
    """A number from 0 to 1 that hangs on the text alone: decisions made by it do not change with threads or order."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % _PARTS / _PARTS


def is_near(body: str, test: str, distance: int) -> bool:
    """Whether two texts are at most so many edits of a character apart; raises UsageError without rapidfuzz."""
    if abs(len(body) - len(test)) > distance:
        return False
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise UsageError(
            "--keep-away needs rapidfuzz, which is not installed.", "Run `pip install 'skill-distiller[soft]'`."
        ) from None
    return bool(Levenshtein.distance(body, test, score_cutoff=distance) <= distance)


class _Copies:
    """Finds bodies that were there before: the same but for white space, or with nearly the same runs of words."""

    def __init__(self) -> None:
        self._seen = set[str]()
        self._sketches: list[frozenset[int]] = []
        self._with = defaultdict[int, list[int]](list)

    def reason(self, body: str) -> str:
        """Why a body is a copy, "" where it is none and is remembered."""
        plain = " ".join(body.split())
        if plain in self._seen:
            return "a copy"
        sketch = _sketch(_WORDS.findall(plain.lower()))
        shared = Counter(number for value in sketch for number in self._with[value])
        if any(_likeness(sketch, self._sketches[number]) >= _ALIKE for number, _ in shared.most_common(5)):
            return "nearly a copy"
        self._seen.add(plain)
        for value in sketch:
            self._with[value].append(len(self._sketches))
        self._sketches.append(sketch)
        return ""


def _sketch(words: Sequence[str]) -> frozenset[int]:
    runs = {" ".join(words[start : start + _SHINGLE]) for start in range(max(1, len(words) - _SHINGLE + 1))}
    hashes = (int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs)
    return frozenset(heapq.nsmallest(_SKETCH, hashes))


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of runs of words in common, estimated from the smallest hashes of both together."""
    union = heapq.nsmallest(_SKETCH, one | other)
    return sum(value in one and value in other for value in union) / max(1, len(union))


def quantiles(lengths: Sequence[int]) -> dict[str, int]:
    """The 10 %, 50 % and 90 % of some lengths, and the longest."""
    ordered = sorted(lengths) or [0]
    places = {"p10": 0.1, "median": 0.5, "p90": 0.9, "longest": 1.0}
    return {name: ordered[round(share * (len(ordered) - 1))] for name, share in places.items()}


COLUMNS: Final = ("title", "document", "answer")
DEFAULT_COLUMNS: Final = "title=title,document=text,answer=headline"  # of wikihowAll.csv
_FIELD: Final = 10_000_000  # characters of a field at most
_HINT: Final = "Name them like --columns title=title,document=text,answer=headline."


def parse_columns(text: str) -> dict[str, str]:
    """Which column of a file holds what; raises UsageError where one is missing or there is another."""
    pairs = dict(part.strip().partition("=")[::2] for part in text.split(","))
    if pairs.keys() != set(COLUMNS) or not all(pairs.values()):
        raise UsageError(f"--columns {text!r} does not name {', '.join(COLUMNS)}.", _HINT)
    return pairs


def build_warm_up(file: Path, columns: Mapping[str, str], holdout: float, seed: int) -> Built:
    """An example for each article of a CSV or JSONL file that has all three texts and is longer than its answer.

    Only white space is changed. Raises BadInputError for a file that is none, or lacks a column.
    """
    dropped = Counter[str]()
    kept: list[Example] = []
    held: list[Example] = []
    seen = set[str]()
    for row in _rows(file, columns):
        title, document, answer = (_tidy(row[columns[name]]) for name in COLUMNS)
        digest = hashlib.sha256(f"{title}\0{document}".encode()).hexdigest()
        reason = _reason(title, document, answer) or ("a copy" if digest in seen else "")
        if reason:
            dropped[reason] += 1
            continue
        seen.add(digest)
        source = Source(file.name, digest)
        example = Example(digest[:16], PHASES[1], (document,), as_question(title), answer, source=source)
        (held if share_of(f"{seed}/{digest}") < holdout else kept).append(example)
    return Built(tuple(kept), tuple(held), dict(dropped))


def _reason(title: str, document: str, answer: str) -> str:
    if not (title and document and answer):
        return "a text is empty"
    return "the answer is longer than the article" if len(answer) > len(document) else ""


def as_question(title: str) -> str:
    """A title of the form "How to …" as a question, once; any other title as it is.

    >>> as_question("How to Use HTML Tidy")
    'How do I Use HTML Tidy?'
    """
    if title[:7].lower() == "how to ":
        return f"How do I {title[7:].rstrip('?')}?"
    return title


def _tidy(text: str) -> str:
    """A text without trailing spaces, and with one blank line at most between lines."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    tidied: list[str] = []
    for line in lines:
        if line or (tidied and tidied[-1]):
            tidied.append(line)
    return "\n".join(tidied).strip()


def _rows(file: Path, columns: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    try:
        text = read_regular(file, MAX_FILE).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadInputError(f"Can't read {str(file)!r}: {reason_of(error)}.", "Name a CSV or JSONL file.") from None
    rows = _json_rows(file, text) if file.suffix == ".jsonl" else _csv_rows(file, text)
    for number, row in enumerate(rows, 1):
        for column in columns.values():
            if not isinstance(row.get(column), str):
                raise BadInputError(f"{file}, row {number}: there is no text {column!r}.", _HINT)
        yield row


def _csv_rows(file: Path, text: str) -> Iterator[Mapping[str, str]]:
    before = csv.field_size_limit(_FIELD)
    try:
        yield from csv.DictReader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise BadInputError(f"{str(file)!r} is no CSV: {error}.", "Name a CSV or JSONL file.") from None
    finally:
        csv.field_size_limit(before)


def _json_rows(file: Path, text: str) -> Iterator[Mapping[str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict):
                raise BadInputError(f"{file}, line {number}: it is no JSON object.", "Name a CSV or JSONL file.")
            yield value
