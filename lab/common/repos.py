"""Which repository a skill of the corpus is from: what is measured on one was fitted on others."""

from __future__ import annotations

import json
from pathlib import Path


def load_repos(shared: Path) -> dict[str, str]:
    """The repository that each skill of the corpus is from."""
    rows = map(json.loads, (shared / "corpus" / "index.jsonl").read_text("utf-8").splitlines())
    return {row["id"]: row["repo"] for row in rows}
