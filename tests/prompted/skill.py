"""A small skill, and replies about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

TEXT = """---
name: tidy-notes
description: Use when notes are in disorder.
---

# Tidy notes

Notes pile up on every desk, and over the years they have become more and more, as anyone can see who looks around.

## Steps

1. Run `tidy --all`.
2. Read what it says.

## Rules

You MUST never delete a note.

## Examples

A note that said `milk` went to the folder of errands, which is of course the place where one would look for it.

---

```bash
tidy milk.txt
```
"""
# Blocks: 0 background, 1 steps, 2 rule, 3 example, 4 rule (---), 5 code; a model is asked about all but 4.
ASKED = 5
TYPES = ("EXPLANATION", "CORE_INSTRUCTION", "CONSTRAINT", "EXAMPLE", "EXAMPLE")


def labels(types: Sequence[str] = TYPES, confidence: float = 0.9, **said: Mapping[str, object]) -> str:
    """A good reply about the blocks; `said` of them besides, by place (`b0={"known": True}`)."""
    plain = {"confidence": confidence, "repeats": -1, "known": False, "essential": [], "redundant": []}
    entries = [{"index": i, "type": kind, **plain, **said.get(f"b{i}", {})} for i, kind in enumerate(types)]
    return json.dumps({"blocks": entries, "alike": []})


# The background is common knowledge: with this word of the model it may go.
READ = labels(b0={"known": True})


def texts(*rewritten: str, first: int = 0) -> str:
    """A reply to a request for rewritings: a text for each block from `first` on, "" for one that stays."""
    named = [{"blocks": [i], "text": text} for i, text in enumerate(rewritten, first)]
    return told(*(entry for entry in named if entry["text"]))


def numbered(*written: str) -> str:
    """A reply with one text for each thing that was asked about, numbered as they come."""
    return json.dumps({"texts": [{"index": i, "text": text} for i, text in enumerate(written)]})


def told(*entries: Mapping[str, object]) -> str:
    """A reply to a request for rewritings, in the entries of its list."""
    return json.dumps({"texts": list(entries)})


# Nothing is rewritten.
SAME_TEXTS = told()


def scores(
    triggers: float = 100,
    actions: float = 100,
    constraints: float = 90,
    behavior: float = 90,
    missing: Sequence[str] = (),
    doubts: Sequence[object] = (),
) -> str:
    """The answers of a judge."""
    numbers = {"triggers": triggers, "actions": actions, "constraints": constraints, "behavior": behavior}
    return json.dumps({**numbers, "missing": list(missing), "doubts": list(doubts)})
