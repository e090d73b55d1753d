"""`skill-distiller soft inspect`: what an artifact, a checkpoint, a run or a file of examples holds."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from skill_distiller.cli.input_output import check_target, write_atomically, write_json, write_stdout
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.soft.open_models import JSON, need_extra
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.report.text import printable
from skill_distiller.soft.train_settings import LOG, Entry, read_log

_SCHEMA: Final = "skill-distiller/soft-inspect/1"
_PICTURES: Final = (".svg", ".png")


@expand_groups
def inspect(
    path: str = argument(help="An artifact, a checkpoint, a run, or a file of examples.", metavar="PATH"),
    curve: str = option("", "--curve", metavar="FILE", help="Draw the losses of a run, as .svg or .png."),
    force: bool = option(False, "--force", help="Overwrite a picture that is there."),
    json_: bool = JSON,
) -> None:
    """Show what an artifact, a checkpoint, a run or a file of examples holds, its checks passed."""
    place = Path(path)
    if curve:
        form = Path(curve).suffix
        if form not in _PICTURES:
            raise UsageError(f"{curve!r} is no picture.", "Name a file that ends with .svg or .png.")
        file = check_target(curve, None, folder_given=False, force=force)
        write_atomically(file, draw_curve(list(read_log(place)), form[1:]))
    kind, facts = _look(place)
    if json_:
        write_json({"schema": _SCHEMA, "kind": kind, **facts})
    else:
        lines = (f"{name}: {value if isinstance(value, str) else json.dumps(value)}" for name, value in facts.items())
        write_stdout("".join(f"{printable(line)}\n" for line in (kind, *lines)))


def _look(place: Path) -> tuple[str, Mapping[str, Any]]:
    if place.is_file():
        return "examples", _examples(place)
    if not place.is_dir():
        raise BadInputError(f"There is no file or folder {str(place)!r}.", "Name an artifact, a run or a checkpoint.")
    need_extra(offline=True)
    if (place / "soft_tokens.safetensors").exists():
        from skill_distiller.soft.artifact import open_artifact

        return "artifact", open_artifact(place).manifest
    from skill_distiller.soft.checkpoint import open_checkpoint

    found = open_checkpoint(place)
    told: dict[str, Any] = {
        "folder": str(found.folder), "id": found.id, **found.progress._asdict(), "has_adapter": found.has_adapter,
        "target": found.fingerprint, "settings": found.settings.plain(),
    }  # fmt: skip
    if (place / LOG).is_file():
        entries = list(read_log(place))
        told["losses"] = {
            phase: {"first": losses[0], "last": losses[-1], "steps": len(losses)}
            for phase in dict.fromkeys(entry.phase for entry in entries)
            if (losses := [entry.loss for entry in entries if entry.phase == phase])
        }
        return "run", told
    return "checkpoint", told


def _examples(file: Path) -> Mapping[str, Any]:
    from skill_distiller.soft.data.examples import parse_line, read_examples
    from skill_distiller.soft.data.reconstruction import quantiles

    try:
        with file.open(encoding="utf-8") as stream:
            phase = parse_line(stream.readline()).phase
    except (OSError, ValueError) as error:
        raise BadInputError(f"{str(file)!r} holds no examples: {error}.", "docs/soft.md has the format.") from None
    examples = read_examples(file, phase)
    return {
        "phase": phase,
        "examples": len(examples),
        "skills": dict(sorted(Counter(str(len(example.skills)) for example in examples).items())),
        "characters": quantiles([sum(map(len, example.skills)) for example in examples]),
    }


def draw_curve(entries: Sequence[Entry], form: str) -> bytes:
    """The losses of a run at each resolution, phase after phase, as a picture; raises UsageError without matplotlib."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("A picture needs matplotlib.", "Run `pip install 'skill-distiller[plot]'`.") from None
    if not entries:
        raise BadInputError("The log of the run is empty.", "Train a step first.")
    with rc_context({"text.parse_math": False, "text.usetex": False, "svg.hashsalt": "skill-distiller"}):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for column in range(len(entries[0].by_resolution)):
            axes.plot([entry.by_resolution[column] for entry in entries], label=f"resolution {column + 1}", linewidth=1)
        for number, (before, entry) in enumerate(pairwise(entries), 1):
            if before.phase != entry.phase:
                axes.axvline(number - 0.5, color="0.7", linestyle=":")
                axes.annotate(entry.phase, (number, 1), xycoords=("data", "axes fraction"), fontsize="small", va="top")
        axes.set(xlabel="steps", ylabel="loss (nats per token)", title=f"{entries[0].phase} and on")
        axes.legend(loc="best", fontsize="small")
        picture = io.BytesIO()
        figure.savefig(picture, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return picture.getvalue()
