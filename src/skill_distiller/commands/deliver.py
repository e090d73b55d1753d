"""Hand out the product of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill_distiller.commands.stdout import write_json, write_stdout
from skill_distiller.reporting.write import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.pipeline import Distillation
    from skill_distiller.providers.usage import Usage


def deliver(
    distillation: Distillation,
    run: RunCalibration,
    target: Path | None,
    usage: Usage | None,
    *,
    json_: bool,
    diff: bool,
    dry_run: bool,
) -> None:
    """Write the result to its file, and to stdout whatever was asked for.

    Raises RefusedError where the disk or stdout does not take it.
    """
    if target and not dry_run:
        write_atomically(target, distillation.text)
    if json_:
        from skill_distiller.reporting.record import to_record

        run.save()  # before the record, which names the entry
        write_json(to_record(distillation, run.estimate, run.id, usage))
    elif diff:
        from skill_distiller.reporting.diff import unified_diff

        write_stdout(unified_diff(distillation))
    elif not target and not dry_run:
        write_stdout(distillation.text)
