"""`soft answer`, `prompt` and `inspect`, and what all commands on soft tokens share: the extra, and opened networks."""

from __future__ import annotations

import gc
import io
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from skill_distiller.cli.input_output import check_target, read_input, write_atomically, write_json, write_stdout
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.report.text import printable
from skill_distiller.soft.manifest import together
from skill_distiller.soft.train_settings import LOG, LoggedStep, read_log

if TYPE_CHECKING:
    from skill_distiller.soft.artifact import SoftArtifact, SoftChoice
    from skill_distiller.soft.checkpoint import Checkpoint, Networks


EXTRA: Final = ("torch", "transformers", "peft", "safetensors")
SCHEMA: Final = "skill-distiller/soft-{}/1"
JSON: Final = option(False, "--json", help="Print a record as JSON.")
DEVICE: Final = option("auto", "--device", metavar="auto|cpu|cuda", help="Where the models run.")
OFFLINE: Final = option(False, "--offline", help="Load models from this machine alone.")
ARTIFACT: Final[str] = argument(help="The folder of an artifact.", metavar="ARTIFACT")
SKILL: Final[str] = argument(help="SKILL.md or a skill folder.", metavar="SKILL")


def need_extra(*, offline: bool) -> None:
    """Make ready for torch. Raises UsageError where the extra is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"Soft tokens need {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            "Run `pip install 'skill-distiller[soft]'`; without a GPU install the CPU build of torch first.",
        )
    # torch makes cycles; the command line has the collector off for commands that don't.
    gc.enable()
    quiet = {"TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_TELEMETRY": "1"}
    if offline:
        quiet |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    from transformers.utils import logging

    logging.disable_progress_bar()


@dataclass(frozen=True, slots=True)
class Models:
    """Which compressor, where the target is, and where both run."""

    compressor: str = option(
        "", "--compressor", metavar="DIR", help="A checkpoint of `soft train`, or the folder of its run."
    )
    target: str = option("", "--target", metavar="MODEL", help="Where the target is, if not where it was at training.")
    device: str = DEVICE
    offline: bool = OFFLINE

    def open(self) -> tuple[Checkpoint, Networks]:
        """The checkpoint and its networks, ready to use."""
        need_extra(offline=self.offline)
        if not self.compressor:
            raise UsageError("There is no compressor.", "Name a checkpoint with --compressor.")
        from skill_distiller.soft.checkpoint import load_networks, open_checkpoint
        from skill_distiller.soft.networks import find_device

        device = find_device(self.device)
        checkpoint = open_checkpoint(Path(self.compressor))
        networks = load_networks(checkpoint, self.target)
        networks.step.to(device)
        return checkpoint, networks


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
    from skill_distiller.soft.examples import parse_line, read_examples
    from skill_distiller.soft.reconstruction import quantiles

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


def draw_curve(entries: Sequence[LoggedStep], form: str) -> bytes:
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


@dataclass(frozen=True, slots=True)
class Carrying:
    """How skills are carried into a prompt."""

    resolution: str = option(
        "", "--resolution", metavar="K|text|none", help="The same for all skills. Default: what their exams chose."
    )
    each_own: bool = option(False, "--each-own", help="Each skill as its own exam chose, not all as the largest.")
    skill: list[str] | None = option(
        None, "--skill", metavar="SKILL", help="The text of a skill that is carried as text. Repeatable."
    )
    query: str = option("", "--query", metavar="TEXT", help="What is asked.")
    system: str = option("", "--system", metavar="TEXT", help="A system text.")


@expand_groups
def answer(
    models: Models,
    carrying: Carrying,
    artifacts: list[str] = argument(help="Folders of artifacts.", metavar="ARTIFACTS"),
    most_tokens: int = option(512, "--answer-tokens", min=1, help="How long the answer may get."),
    json_: bool = JSON,
) -> None:
    """Answer a query with skills as soft tokens, the adapter on; with --resolution=none without."""
    networks, parts, told = _carried(models, carrying, artifacts)
    from contextlib import nullcontext

    from skill_distiller.soft.artifact import carry
    from skill_distiller.soft.examination import answer as ask

    carried = carry(parts)
    with nullcontext() if parts else networks.target.without_adapter():
        found = ask(networks.target, carrying.query, carried, most_tokens, carrying.system or None)
    if json_:
        record = {"skills": told, "skill_tokens": carried.tokens, **found._asdict()}
        write_json({"schema": SCHEMA.format("answer"), **record})
    else:
        write_stdout(found.text + "\n")


def _carried(
    models: Models, carrying: Carrying, names: list[str]
) -> tuple[Networks, list[SoftChoice | tuple[int, ...]], list[dict[str, object]]]:
    """The networks, the skills as they are carried, and the same in words."""
    if not carrying.query.strip():
        raise UsageError("There is no query.", "Give one with --query.")
    texts = [read_input(path) for path in carrying.skill or ()]
    checkpoint, networks = models.open()
    from skill_distiller.soft.artifact import SoftChoice, open_artifact
    from skill_distiller.soft.manifest import sha256_of

    opened = [open_artifact(Path(name)) for name in names]
    for artifact in opened:
        artifact.check_target(checkpoint)
    if carrying.resolution == "none":
        return networks, [], []
    by_hash = {sha256_of(skill.body.encode()): skill for skill in texts}
    parts: list[SoftChoice | tuple[int, ...]] = []
    told: list[dict[str, object]] = []
    encode = networks.target.layout.encode
    for artifact, size in zip(opened, _resolutions(carrying, opened), strict=True):
        skill = by_hash.pop(artifact.skill.body_sha256, None)
        if size is None and skill is None:
            raise UsageError(
                f"{str(artifact.folder)!r} is to be carried as text, which it does not hold.",
                "Name its skill with --skill, or a --resolution.",
            )
        parts.append(encode(skill.body) if size is None and skill else SoftChoice(artifact, size or 0))
        told.append({"name": artifact.skill.name, "mode": "soft" if size else "text", "resolution": size})
    for skill in by_hash.values():
        parts.append(encode(skill.body))
        told.append({"name": skill.name, "mode": "text", "resolution": None})
    return networks, parts, told


def _resolutions(carrying: Carrying, opened: list[SoftArtifact]) -> list[int | None]:
    if carrying.resolution == "text":
        return [None] * len(opened)
    if carrying.resolution:
        if not carrying.resolution.isdigit() or not 0 < int(carrying.resolution) <= min(a.shape[0] for a in opened):
            raise UsageError(
                f"--resolution={carrying.resolution!r} is not to be had.",
                f"Resolutions: {', '.join(map(str, opened[0].resolutions))}, text, none.",
            )
        return [int(carrying.resolution)] * len(opened)
    if carrying.each_own:
        return [a.selected.resolution if a.selected else a.resolutions[-1] for a in opened]
    return [together([a.selected for a in opened], opened[0].resolutions)] * len(opened)


@expand_groups
def prompt(
    models: Models,
    carrying: Carrying,
    artifacts: list[str] = argument(help="Folders of artifacts.", metavar="ARTIFACTS"),
    output: str = option("", "-o", "--output", metavar="FILE", help="Write the embeddings here, as safetensors."),
    force: bool = option(False, "--force", help="Overwrite a file that is there."),
    json_: bool = JSON,
) -> None:
    """Write a whole prompt as embeddings (tokens, width), template included, as vLLM takes them."""
    if not output:
        raise UsageError("There is no file to write to.", "Name one with -o.")
    file = check_target(output, None, folder_given=False, force=force)
    networks, parts, told = _carried(models, carrying, artifacts)
    import torch
    from safetensors.torch import save

    from skill_distiller.soft.artifact import carry
    from skill_distiller.soft.rows import fill

    carried = carry(parts)
    with torch.no_grad():
        pieces = networks.target.layout.question(carrying.query, carried.pieces, carrying.system or None)
        embedded = fill(networks.target, pieces, carried.soft).to(torch.bfloat16).cpu().contiguous()
    write_atomically(file, save({"prompt_embeds": embedded}))
    if json_:
        write_json(
            {"schema": SCHEMA.format("prompt"), "file": str(file), "shape": list(embedded.shape), "skills": told}
        )
    else:
        write_stdout(f"{file}\n")
