"""The material the benchmarks run on: a folder with `corpus/` and `exam/`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from skill_distiller.skill.model import SKILL_FILE

DEFAULT_SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
MISSING_EXIT_CODE: Final = 3
SIZES: Final = (("< 500", 500), ("500-3k", 3000), ("3k-8k", 8001))
LARGEST: Final = "> 8k"
_NEEDED: Final = ("corpus/index.jsonl", "exam")


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill of the corpus; `approx_tokens` is bytes // 4, as its index has it."""

    id: str
    path: Path
    language: str
    approx_tokens: int

    @property
    def size(self) -> str:
        """The size group, in approximate tokens."""
        return next((name for name, limit in SIZES if self.approx_tokens < limit), LARGEST)


@dataclass(frozen=True, slots=True)
class Shared:
    """Where the material stands."""

    root: Path

    @property
    def corpus(self) -> Path:
        """The folder of skills."""
        return self.root / "corpus"

    @property
    def exam(self) -> Path:
        """The folder of exams, one JSON file a skill."""
        return self.root / "exam"

    def entries(self) -> tuple[Entry, ...]:
        """Every skill of the corpus, in the order of its index."""
        rows = [json.loads(line) for line in (self.corpus / "index.jsonl").read_text("utf-8").splitlines() if line]
        return tuple(
            Entry(row["id"], self.corpus / row["id"] / SKILL_FILE, row["language"], row["approx_tokens"])
            for row in rows
        )

    def fingerprint(self) -> str:
        """The first 12 hex digits of the SHA-256 over every SKILL.md, in the order of the index."""
        digest = hashlib.sha256()
        for entry in self.entries():
            digest.update(entry.path.read_bytes())
        return digest.hexdigest()[:12]


def shared_parser(purpose: str) -> argparse.ArgumentParser:
    """A parser with the option that names the material."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument(
        "--shared",
        type=Path,
        default=DEFAULT_SHARED,
        help="folder that holds corpus/ and exam/ (default: shared/ beside the checkout)",
    )
    return parser


def open_shared(arguments: Sequence[str] | None, purpose: str) -> Shared:
    """The material named on the command line; one sentence on stderr and exit 3 where it is missing."""
    return shared_at(shared_parser(purpose).parse_args(arguments).shared)


def shared_at(root: Path) -> Shared:
    """The material in a folder; one sentence on stderr and exit 3 where it is missing."""
    missing = [name for name in _NEEDED if not (root / name).exists()]
    if missing:
        sys.stderr.write(f"The benchmarks need {missing[0]} under {str(root)!r}: point --shared at it.\n")
        raise SystemExit(MISSING_EXIT_CODE)
    return Shared(root)
