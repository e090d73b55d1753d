"""Checkpoints of training: networks, adapter and optimizer in a folder, written whole, loaded strictly, no pickle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from skill_distiller.errors import BadInputError, RefusedError, reason_of
from skill_distiller.soft.manifest import (
    MANIFEST,
    canonical,
    check_fields,
    is_sha256,
    model_facts,
    read_manifest,
    sha256_below,
    sha256_of,
)
from skill_distiller.soft.networks import (
    SoftCompressor,
    Target,
    World,
    add_lora,
    gather,
    load_backbone,
    load_layout,
    load_lora,
    spread,
    wait_for_all,
)
from skill_distiller.soft.prompt_layout import LAYOUT_VERSION, Layout
from skill_distiller.soft.rows import Preparer, TrainingStep
from skill_distiller.soft.train_settings import LoraSettings, SoftSettings, make_settings

FORMAT: Final = "skill-distiller/soft-checkpoint"
VERSION: Final = 1
LATEST: Final = "latest"  # a file that names the last whole checkpoint of a run
PARTIAL: Final = ".partial"
_HINT: Final = "Name a checkpoint of `skill-distiller soft train`, or the folder of its run."
_HEADS: Final = "slots_projector.safetensors"
_OPTIMIZER: Final = "training/optimizer.safetensors"
_ROWS: Final = 64  # of the embedding table in a fingerprint
_FIELDS: Final[dict[str, Any]] = {
    "format": str, "version": int, "layout_version": int, "phase": str, "step": int, "steps": int, "data": str,
    "settings": dict, "target": dict, "files": dict, "has_adapter": bool,
}  # fmt: skip


class Networks(NamedTuple):
    """What is trained and what it is trained for, with who the target is."""

    step: TrainingStep
    preparer: Preparer
    fingerprint: str

    @property
    def compressor(self) -> SoftCompressor:
        """The compressor with slots and projector."""
        return self.step.compressor

    @property
    def target(self) -> Target:
        """The target with the adapter, where there is one."""
        return self.step.target


class Progress(NamedTuple):
    """How far a phase is: its name, steps done, steps in all, and a digest of its data."""

    phase: str
    step: int
    steps: int
    data: str

    @property
    def done(self) -> bool:
        """Whether the phase has come to its end."""
        return self.step >= self.steps


class Checkpoint(NamedTuple):
    """A checkpoint on disk, its manifest checked; `id` is the digest of the manifest, and with it of all weights."""

    folder: Path
    id: str
    settings: SoftSettings
    progress: Progress
    fingerprint: str
    has_adapter: bool


def fingerprint(model: nn.Module, layout: Layout) -> str:
    """Who a model is: configuration, tokenizer, chat template, 64 rows of its embeddings and its final norm.

    A fine-tuned model that left all of those alone is not told apart.
    """
    table = model.get_input_embeddings().weight
    rows = torch.linspace(0, len(table) - 1, min(_ROWS, len(table))).long()
    norms = [value for name, value in model.named_parameters() if "norm" in name and "lora" not in name]
    parts = [table[rows.to(table.device)], *norms[-1:]]
    # In bfloat16: the same whichever type the weights were loaded in.
    numbers = b"".join(part.detach().cpu().to(torch.bfloat16).float().numpy().tobytes() for part in parts)
    tokenizer = layout.tokenizer
    facts = model_facts(model.config.to_dict(), tokenizer.backend_tokenizer.to_str(), str(tokenizer.chat_template))
    return sha256_of(facts + numbers)


def build(settings: SoftSettings, start: Checkpoint | None, lora: LoraSettings | None = None) -> Networks:
    """The networks for a phase: new, or those of a checkpoint; with `lora` the target gets an adapter if it has none.

    Raises BadInputError where weights are missing, or the target is not the one that the checkpoint was trained for.
    """
    rows, wanted = settings.rows, settings.compressor
    causal = load_backbone(settings.target.model, settings.target.revision, settings.target.dtype, causal=True)
    layout = load_layout(settings.target.model, settings.target.revision, rows.separator)
    found = fingerprint(causal, layout)
    if start and start.fingerprint != found:
        raise BadInputError(
            f"The target {settings.target.model!r} is not the model that {str(start.folder)!r} was trained for.",
            "Name the same model, in the same revision.",
        )
    causal.requires_grad_(False)
    whole = start is not None and wanted.tuning == "full"
    source = str(start.folder / "compressor") if start and whole else wanted.model
    revision = "" if whole else wanted.revision
    backbone = load_backbone(source, revision, "float32", causal=False)
    reads = load_layout(source, revision, rows.separator)
    if wanted.tuning == "lora":
        backbone.requires_grad_(False)
        adapter = start.folder / "compressor" if start else None
        seed = settings.seed + 1
        backbone = (
            load_lora(backbone, adapter, trainable=True)
            if adapter
            else add_lora(backbone, wanted.lora, seed, causal=False)
        )
    compressor = SoftCompressor(
        backbone, settings.largest, int(causal.config.hidden_size), settings.projector, settings.seed
    )
    if start:
        load_strictly(_slots_and_projector(compressor), start.folder / _HEADS)
    elif settings.projector.match_scale:
        size = causal.get_input_embeddings().weight.detach().float().pow(2).mean().sqrt().item()
        compressor.projector.match_scale(size)
    if start and start.has_adapter:
        causal = load_lora(causal, start.folder / "adapter", trainable=lora is not None)
    elif lora:
        causal = add_lora(causal, lora, settings.seed + 2, causal=True)
    for name, parameter in causal.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()
    target = Target(causal, layout)
    target.check_head()
    step = TrainingStep(compressor, target, settings.resolutions)
    return Networks(step, Preparer(reads, layout, settings), found)


def load_networks(checkpoint: Checkpoint, target: str = "") -> Networks:
    """The networks of a checkpoint, to use and not to train; `target` is where the target is, if it was moved."""
    settings = checkpoint.settings
    if target:
        here = (
            replace(settings.compressor, model=target) if settings.compressor.model == settings.target.model else None
        )
        compressor = here or settings.compressor
        settings = replace(settings, target=replace(settings.target, model=target), compressor=compressor)
    networks = build(settings, checkpoint)
    networks.step.eval()
    networks.step.requires_grad_(False)
    return networks


def _slots_and_projector(compressor: SoftCompressor) -> dict[str, Tensor]:
    return {name: value for name, value in compressor.named_parameters() if not name.startswith("backbone.")}


def load_strictly(wanted: Mapping[str, Tensor], file: Path) -> None:
    """Fill tensors from a file that holds exactly them; raises BadInputError for any other, or one that is broken."""
    try:
        stored = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BadInputError(f"Can't read {str(file)!r}: {reason_of(error)}", _HINT) from None
    if stored.keys() != wanted.keys() or any(stored[name].shape != value.shape for name, value in wanted.items()):
        raise BadInputError(f"{str(file)!r} holds other weights than the settings say.", _HINT)
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(stored[name])


def save_checkpoint(
    folder: Path, networks: Networks, optimizer: torch.optim.Optimizer, progress: Progress, world: World
) -> None:
    """Write a checkpoint, the first process all of it; the others give their parts of the weights.

    It gets its name when it is whole: what a crash leaves is `NAME.partial`, which the next attempt removes.
    Raises RefusedError where the disk does not take it.
    """
    partial = folder.with_name(folder.name + PARTIAL)
    try:
        if world.leads:
            shutil.rmtree(partial, ignore_errors=True)
            (partial / "training").mkdir(parents=True)
        _save_compressor(partial, networks, world)
        _save_tensors(partial / _HEADS, _slots_and_projector(networks.compressor), world)
        if networks.target.has_adapter:
            _save_adapter(partial / "adapter", networks.target.causal, world)
        _save_tensors(partial / _OPTIMIZER, _moments(networks.step, optimizer), world)
        if world.leads:
            _finish(partial, folder, networks, progress)
    except OSError as error:
        raise RefusedError(f"Can't write {str(folder)!r}: {reason_of(error)}.", "Make room, then --resume.") from None
    wait_for_all(world)


def _finish(partial: Path, folder: Path, networks: Networks, progress: Progress) -> None:
    settings = networks.preparer.settings
    files = sorted(path.relative_to(partial).as_posix() for path in partial.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "layout_version": LAYOUT_VERSION,
        **progress._asdict(),
        "settings": settings.plain(),
        "target": {
            "model": settings.target.model,
            "revision": settings.target.revision,
            "fingerprint": networks.fingerprint,
        },
        "has_adapter": networks.target.has_adapter,
        "files": {name: sha256_below(partial, PurePosixPath(name)) for name in files},
    }
    (partial / MANIFEST).write_bytes(canonical(manifest))
    if folder.exists():
        shutil.rmtree(folder)
    partial.replace(folder)
    run = folder.parent.parent
    new = run / f"{LATEST}{PARTIAL}"
    new.write_text(f"{folder.relative_to(run).as_posix()}\n", encoding="utf-8")
    new.replace(run / LATEST)


def _save_tensors(file: Path, values: Mapping[str, Tensor], world: World) -> None:
    whole = {}
    for name, value in values.items():  # one by one: every process has to ask for every tensor
        gathered = gather(value)
        if world.leads:
            whole[name] = gathered.contiguous()
    if world.leads:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(whole, file, metadata={"format": "pt"})


def _save_compressor(partial: Path, networks: Networks, world: World) -> None:
    backbone, folder = networks.compressor.backbone, partial / "compressor"
    if hasattr(backbone, "peft_config"):
        _save_adapter(folder, backbone, world)
        return
    _save_tensors(folder / "model.safetensors", backbone.state_dict(), world)
    if world.leads:
        backbone.config.save_pretrained(folder)
        networks.preparer.compressor.tokenizer.save_pretrained(folder)


def _save_adapter(folder: Path, model: Any, world: World) -> None:  # noqa: ANN401 - of an untyped library
    from peft import get_peft_model_state_dict

    lora = {name: value for name, value in model.state_dict().items() if "lora_" in name}
    _save_tensors(folder / "adapter_model.safetensors", get_peft_model_state_dict(model, state_dict=lora), world)
    if world.leads:
        config = model.peft_config["default"]
        if not isinstance(config.target_modules, str):
            config.target_modules = sorted(config.target_modules)
        config.inference_mode = True
        config.save_pretrained(folder)
        config.inference_mode = False


def trained(step: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name."""
    return {name: value for name, value in step.named_parameters() if value.requires_grad}


def _moments(step: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{key}/{name}": value
        for name, parameter in trained(step).items()
        for key, value in sorted(optimizer.state[parameter].items())
    }


def load_moments(folder: Path, step: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Bring back what the optimizer of a checkpoint knew; raises BadInputError where it knew other weights."""
    stored = load_file(folder / _OPTIMIZER)
    for name, parameter in trained(step).items():
        try:
            moments = {key: stored[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        except KeyError:
            raise BadInputError(f"The optimizer in {str(folder)!r} knew other weights.", _HINT) from None
        optimizer.state[parameter] = {
            key: value if key == "step" else spread(value, parameter) for key, value in moments.items()
        }


def find_checkpoint(place: Path) -> Path:
    """The folder of a checkpoint: the place itself, or the latest of a run; raises BadInputError."""
    if (place / MANIFEST).is_file():
        return place
    try:
        named = PurePosixPath((place / LATEST).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        raise BadInputError(f"There is no checkpoint at {str(place)!r}.", _HINT) from None
    if named.is_absolute() or ".." in named.parts:
        raise BadInputError(f"{str(place / LATEST)!r} leads out of its folder.", _HINT)
    return place / named


def open_checkpoint(place: Path, *, training: bool = False) -> Checkpoint:
    """The checkpoint at a place, with every file held against its hash (those of the optimizer where `training`).

    Raises BadInputError where anything is missing, unknown or changed.
    """
    folder = find_checkpoint(place)
    value = check_fields(read_manifest(folder, FORMAT, VERSION, _HINT), _FIELDS, "The top", _HINT)
    if value["layout_version"] != LAYOUT_VERSION:
        raise BadInputError(f"{str(folder)!r} was trained for other prompts than this version writes.", _HINT)
    who = check_fields(value["target"], {"model": str, "revision": str, "fingerprint": str}, "target", _HINT)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if unknown := sorted(there - value["files"].keys() - {str(MANIFEST)}):
        raise BadInputError(f"{str(folder)!r} holds a file {unknown[0]!r} that was not saved with it.", "Take it out.")
    for name, digest in value["files"].items():
        if name.startswith("training/") and not training:
            continue
        if not is_sha256(digest) or sha256_below(folder, PurePosixPath(name)) != digest:
            raise BadInputError(f"{name!r} in {str(folder)!r} is not what was saved.", "Take the checkpoint anew.")
    settings = make_settings(value["settings"])
    progress = Progress(value["phase"], value["step"], value["steps"], value["data"])
    digest = sha256_of(canonical(value))
    return Checkpoint(folder, digest, settings, progress, who["fingerprint"], value["has_adapter"])


def drop_old(folder: Path, keep: int) -> None:
    """Remove all but the newest checkpoints of a phase, and what crashes left."""
    names = sorted(path.name for path in folder.glob("checkpoint-*") if path.is_dir())
    whole = [name for name in names if not name.endswith(PARTIAL)]
    for name in [*whole[:-keep], *(set(names) - set(whole))]:
        shutil.rmtree(folder / name, ignore_errors=True)
