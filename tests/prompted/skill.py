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


def labels(types: Sequence[str] = TYPES, confidence: float = 0.9) -> str:
    """A good reply about the blocks."""
    entries = [{"index": i, "type": kind, "confidence": confidence} for i, kind in enumerate(types)]
    return json.dumps({"blocks": entries})


def phrases(*sections: Mapping[str, object]) -> str:
    """A reply about phrases; sections are numbered as they come."""
    empty = {"essential": [], "redundant": [], "compression_potential": 0.1}
    return json.dumps({"sections": [{"index": i, **empty, **section} for i, section in enumerate(sections)]})


NO_PHRASES = phrases({}, {})


def texts(*rewritten: str) -> str:
    """A reply to a request for rewritings; pieces are numbered as they come."""
    return json.dumps({"texts": [{"index": i, "text": text} for i, text in enumerate(rewritten)]})


# The pieces that a model is asked to rewrite, given back as they are: nothing is offered.
SAME_TEXTS = texts(*(block for block in TEXT.split("\n\n") if len(block) >= 29 and block[0] not in "-#`"))


def scores(triggers: float = 100, actions: float = 100, constraints: float = 90, behavior: float = 90) -> str:
    """The four answers of a judge."""
    return json.dumps({"triggers": triggers, "actions": actions, "constraints": constraints, "behavior": behavior})
