"""What became of one skill of a batch, and the line of JSON that says so."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from skill_distiller.checks.model import Tokens

SCHEMA: Final = "skill-distiller/batch/1"
_UNKNOWN: Final = Tokens(0, 0)


class State(StrEnum):
    """How a skill came out.

    DONE: it is smaller. MINIMAL: nothing worth it can go, and it is as it was. REFUSED: a guard refused the result, and
    it is as it was. FAILED: it can't be read, or the work on it broke down; there is no result.
    """

    DONE = "done"
    MINIMAL = "already minimal"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one skill: its place in the library, the file it was read from, and how it came out.

    `tokens` are those of the whole file before and after, 0 where it could not be read. `score` is the estimate of the
    functionality kept, 0-100 with one decimal. `loss` is the beginning of the largest piece that went, and `reason` a
    sentence; "" where there is none. `copy_of` is the place of a skill with the same text, which was worked on instead.
    """

    place: str
    path: str
    state: State
    name: str = ""
    tokens: Tokens = _UNKNOWN
    score: float | None = None
    loss: str = ""
    reason: str = ""
    copy_of: str = ""

    @property
    def saved(self) -> int:
        """Tokens that the result has less than the original."""
        return self.tokens.original - self.tokens.candidate


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """The outcome as plain data, as `batch --json` prints it and the journal keeps it."""
    return {
        "place": outcome.place,
        "path": outcome.path,
        "name": outcome.name,
        "state": outcome.state.value,
        "input_tokens": outcome.tokens.original,
        "output_tokens": outcome.tokens.candidate,
        "functionality": outcome.score,
        "largest_loss": outcome.loss,
        "reason": outcome.reason,
        "copy_of": outcome.copy_of,
    }


def outcome_from_json(values: Mapping[str, object]) -> Outcome:
    """The outcome of what `outcome_to_json` made; raises ValueError for anything else."""
    texts = [values.get(key) for key in ("place", "path", "name", "largest_loss", "reason", "copy_of")]
    counts = [values.get(key) for key in ("input_tokens", "output_tokens")]
    score = values.get("functionality")
    if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
        raise ValueError("no outcome of a batch")
    if score is not None and not isinstance(score, int | float):
        raise ValueError("no outcome of a batch")
    place, path, name, loss, reason, copy_of = map(str, texts)
    before, after = (count for count in counts if isinstance(count, int))
    state = State(str(values.get("state")))
    return Outcome(place, path, state, name, Tokens(before, after), score, loss, reason, copy_of)


@dataclass(slots=True)
class Tally:
    """What many outcomes come to, taken one by one: memory does not grow with their number.

    `largest` are the ones that saved most, `failed` the first that failed or were refused, at most `shown` of each.
    """

    shown: int = 10
    states: Counter[State] = field(default_factory=Counter)
    before: int = 0
    after: int = 0
    copies: int = 0
    earlier: int = 0
    passed_over: int = 0
    failed: list[Outcome] = field(default_factory=list)
    _heap: list[tuple[int, str, Outcome]] = field(default_factory=list)

    def add(self, outcome: Outcome, *, worked: bool = True) -> None:
        """Count an outcome; one that was not `worked` on now is of an earlier run."""
        self.states[outcome.state] += 1
        self.before += outcome.tokens.original
        self.after += outcome.tokens.candidate
        self.copies += bool(outcome.copy_of)
        self.earlier += not worked
        if outcome.state in (State.FAILED, State.REFUSED):
            if len(self.failed) < self.shown:
                self.failed.append(outcome)
            return
        heapq.heappush(self._heap, (outcome.saved, outcome.place, outcome))
        if len(self._heap) > self.shown:
            heapq.heappop(self._heap)

    @property
    def total(self) -> int:
        """How many skills there were."""
        return self.states.total()

    @property
    def largest(self) -> list[Outcome]:
        """The outcomes that saved most, the most first."""
        return [outcome for *_, outcome in sorted(self._heap, key=lambda row: (-row[0], row[1]))]
