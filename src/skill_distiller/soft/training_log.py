"""The log of a training run: one line of JSON a step, the same whether the run was interrupted or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.errors import BadInputError
from skill_distiller.soft.train_settings import SoftSettings

LOG: Final = "log.jsonl"


class Entry(NamedTuple):
    """A step: loss in nats per token, over all resolutions and at each, and the gradient's size before clipping."""

    phase: str
    step: int
    steps: int
    loss: float
    by_resolution: tuple[float, ...]
    lr: float
    norm: float
    seconds: float


def add_to_log(run: Path, entry: Entry) -> None:
    """Write a step down."""
    with (run / LOG).open("a", encoding="utf-8") as log:
        log.write(_line(entry))


def _line(entry: Entry) -> str:
    return json.dumps(entry._asdict()) + "\n"


def read_log(run: Path) -> Iterator[Entry]:
    """The entries of a run's log, in order; raises BadInputError where it has none that can be read."""
    try:
        for line in (run / LOG).read_text(encoding="utf-8").splitlines():
            value = json.loads(line)
            yield Entry(**{**value, "by_resolution": tuple(value["by_resolution"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise BadInputError(f"{str(run)!r} holds no log of training.", "Name the folder of a run.") from None


def cut_log(run: Path, settings: SoftSettings, last: tuple[str, int] | None) -> None:
    """Take out of the log what came after a step that training goes on from; all of it for None."""
    if last is None:
        (run / LOG).unlink(missing_ok=True)
        return
    order = [phase.name for phase in settings.phases]
    end = (order.index(last[0]), last[1])
    kept = [entry for entry in read_log(run) if (order.index(entry.phase), entry.step) <= end]
    (run / LOG).write_text("".join(map(_line, kept)), encoding="utf-8")
