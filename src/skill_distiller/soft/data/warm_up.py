"""Examples of the warm-up: how-to articles, whose titles are questions and whose summaries are answers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.soft.data.examples import MAX_FILE, Example, Source
from skill_distiller.soft.data.reconstruction import Built, share_of
from skill_distiller.soft.train_settings import PHASES

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
