"""Training: phase after phase, step after step; what a step does depends on its number alone, so it can be resumed."""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from torch import nn

from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.soft.checkpoint import (
    LATEST,
    Checkpoint,
    Networks,
    Progress,
    build,
    drop_old,
    load_moments,
    open_checkpoint,
    save_checkpoint,
    trained,
)
from skill_distiller.soft.examples import Example, read_examples, to_line
from skill_distiller.soft.manifest import sha256_of
from skill_distiller.soft.networks import World, gather, no_warnings, shard, sum_of, sync_gradients, wait_for_all
from skill_distiller.soft.train_settings import (
    LoggedStep,
    LoraSettings,
    OptimizerSettings,
    PhaseSettings,
    SoftSettings,
    add_to_log,
    cut_log,
    phase_steps,
)

_HINT: Final = "Use --resume to go on, or name another folder."

Observer = Callable[[LoggedStep], None]


class Wanted(NamedTuple):
    """What is to be done: the phase, or `all`, and whether to go on from the latest checkpoint."""

    phase: str = "all"
    resume: bool = False


def train(settings: SoftSettings, wanted: Wanted, world: World, observe: Observer = lambda _: None) -> Path:
    """Train the phases that are wanted; the folder of the last checkpoint.

    Raises RefusedError where a run stands there already, BadInputError for data or checkpoints that do not fit.
    """
    run = Path(settings.out.folder)
    phases = _phases(settings, wanted.phase)
    latest = _latest(run, settings, wanted, phases)
    if world.leads:
        run.mkdir(parents=True, exist_ok=True)
        cut_log(run, settings, latest.progress[:2] if latest else None)
    wait_for_all(world)
    start, names = latest, [phase.name for phase in settings.phases]
    for phase in phases:
        if latest and names.index(phase.name) < names.index(latest.progress.phase):
            continue
        if latest and phase.name == latest.progress.phase and latest.progress.done:
            continue
        start = train_phase(settings, phase, _start(phase, start, settings), world, observe)
    if start is None:
        raise UsageError("There is nothing to train.", "Name a phase of the settings.")
    return start.folder


def _phases(settings: SoftSettings, name: str) -> tuple[PhaseSettings, ...]:
    found = tuple(phase for phase in settings.phases if name in ("all", phase.name))
    if not found:
        names = ", ".join(phase.name for phase in settings.phases)
        raise UsageError(f"The settings have no phase {name!r}.", f"Phases: all, {names}.")
    return found


def _latest(run: Path, settings: SoftSettings, wanted: Wanted, phases: Sequence[PhaseSettings]) -> Checkpoint | None:
    """The checkpoint that a run goes on from, None for a new run."""
    if not (run / LATEST).exists():
        return None
    latest = open_checkpoint(run, training=True)
    if wanted.resume:
        if replace(latest.settings, out=settings.out) != settings:
            raise BadInputError("The settings are not those that the run was begun with.", "Begin a new run.")
        return latest
    first = settings.phases.index(phases[0])
    before = settings.phases[first - 1].name if first else ""
    if latest.progress.phase == before and latest.progress.done:  # the next phase, asked for by name
        return latest
    raise RefusedError(f"There is a run in {str(run)!r}, at its phase {latest.progress.phase}.", _HINT)


def _start(phase: PhaseSettings, before: Checkpoint | None, settings: SoftSettings) -> Checkpoint | None:
    """What a phase starts from: the checkpoint of its own that is resumed, its `init`, the phase before, nothing."""
    if before and before.progress.phase == phase.name and not before.progress.done:
        return before
    if phase.init:
        return open_checkpoint(Path(phase.init))
    if before is None and phase.name != settings.phases[0].name:
        raise BadInputError(
            f"The phase {phase.name} has nothing to start from.", "Train the phase before it, or set its init."
        )
    return before


def read_phase(phase: PhaseSettings) -> tuple[tuple[Example, ...], str]:
    """The examples of a phase, and their digest."""
    examples = tuple(example for path in phase.data for example in read_examples(Path(path), phase.name))
    return examples, sha256_of("\n".join(map(to_line, examples)).encode())


def train_phase(
    settings: SoftSettings, phase: PhaseSettings, start: Checkpoint | None, world: World, observe: Observer
) -> Checkpoint:
    """Train one phase from its start to its end; its last checkpoint."""
    examples, digest = read_phase(phase)
    resumed = start is not None and start.progress.phase == phase.name and not start.progress.done
    if start and resumed and start.progress.data != digest:
        raise BadInputError(f"The data of the phase {phase.name} have changed since it was begun.", "Begin a new run.")
    lora = (phase.lora or LoraSettings()) if phase.name == "alignment" else None
    networks = build(settings, start, lora)
    _prepare_modes(networks, settings.optimizer)
    half = settings.target.dtype == "bfloat16" and world.device.type == "cuda"
    shard(networks.step, world, half=half)
    optimizer = make_optimizer(networks.step, settings.optimizer)
    first = 0
    if start and resumed:
        load_moments(start.folder, networks.step, optimizer)
        first = start.progress.step
    batch = settings.optimizer.batch * settings.optimizer.accumulation * world.size
    steps = phase_steps(len(examples), phase.epochs, batch)
    folder = Path(settings.out.folder) / phase.name
    for number in range(first, steps):
        taken = pick(len(examples), f"{settings.seed}/{phase.name}", number, batch)
        entry = _take_step(networks, optimizer, [examples[place] for place in taken], world, half=half,
                           at=(phase.name, number, steps))  # fmt: skip
        if world.leads:
            add_to_log(Path(settings.out.folder), entry)
            observe(entry)
        if (number + 1) % settings.out.every == 0 or number + 1 == steps:
            place = folder / f"checkpoint-{number + 1:06d}"
            save_checkpoint(place, networks, optimizer, Progress(phase.name, number + 1, steps, digest), world)
            if world.leads:
                drop_old(folder, settings.out.keep)
    wait_for_all(world)
    return open_checkpoint(folder / f"checkpoint-{steps:06d}")


def pick(count: int, seed: str, step: int, batch: int) -> list[int]:
    """The places of the examples of a step: the data shuffled anew each time they are through, no batch cut short."""
    return [_order(count, seed, place // count)[place % count] for place in range(step * batch, (step + 1) * batch)]


_orders: dict[tuple[int, str, int], list[int]] = {}


def _order(count: int, seed: str, epoch: int) -> list[int]:
    key = (count, seed, epoch)
    if key not in _orders:
        if len(_orders) > 1:  # a step touches two epochs at the most, unless there are fewer examples than a batch has
            _orders.clear()
        _orders[key] = random.Random(f"{seed}/{epoch}").sample(range(count), count)
    return _orders[key]


def rate_at(step: int, steps: int, settings: OptimizerSettings) -> float:
    """The learning rate of a step: up in a line for the warm-up, then down in a cosine to nothing."""
    warm = math.ceil(settings.warmup * steps)
    if step < warm:
        return settings.lr * (step + 1) / warm
    return settings.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def make_optimizer(step: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """AdamW over what is trained, without weight decay on biases and norms."""
    parameters = list(trained(step).values())
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.lr, betas=(0.9, 0.999))


def _prepare_modes(networks: Networks, settings: OptimizerSettings) -> None:
    networks.step.train()
    if settings.checkpointing:
        with no_warnings():
            for model in (networks.compressor.backbone, networks.target.causal):
                model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def _take_step(
    networks: Networks,
    optimizer: torch.optim.Optimizer,
    examples: Sequence[Example],
    world: World,
    *,
    half: bool,
    at: tuple[str, int, int],
) -> LoggedStep:
    """One optimizer step over the examples of all processes, of which this one takes every `size`-th."""
    begun = time.perf_counter()
    phase, number, steps = at
    settings = networks.preparer.settings
    # What is drawn in a step (the dropout of adapters) depends on its number and process alone.
    torch.manual_seed(random.Random(f"{settings.seed}/{phase}/{number}/{world.rank}").getrandbits(62))
    rate = rate_at(number, steps, settings.optimizer)
    for group in optimizer.param_groups:
        group["lr"] = rate
    own = [networks.preparer.prepare(example) for example in examples[world.rank :: world.size]]
    micro = [own[start : start + settings.optimizer.batch] for start in range(0, len(own), settings.optimizer.batch)]
    sums = torch.zeros(len(settings.resolutions), device=world.device)
    optimizer.zero_grad(set_to_none=True)
    for place, batch in enumerate(micro):
        sync_gradients(networks.step, now=place + 1 == len(micro))
        with _precision(world, half=half):
            losses = networks.step(batch)
        # Processes average their gradients: each brings its part of the mean over the examples of all.
        (losses.mean(1).sum() * world.size / len(examples)).backward()
        sums += losses.detach().sum(0)
    norm = nn.utils.clip_grad_norm_(trained(networks.step).values(), settings.optimizer.clip)
    optimizer.step()
    by_size = tuple((sum_of(sums, world) / len(examples)).tolist())
    size = gather(norm).item()
    if not math.isfinite(sum(by_size) + size):
        raise BadInputError(
            f"The loss of {phase} is not finite at step {number + 1}.", "Lower optimizer.lr, then --resume."
        )
    seconds = time.perf_counter() - begun
    return LoggedStep(phase, number + 1, steps, sum(by_size) / len(by_size), by_size, rate, size, round(seconds, 3))


def _precision(world: World, *, half: bool) -> contextlib.AbstractContextManager[Any]:
    """Several processes compute in bfloat16 by the policy of their shards; one alone does it by autocast."""
    if half and world.size == 1:
        found: contextlib.AbstractContextManager[Any] = torch.autocast(world.device.type, torch.bfloat16)
        return found
    return contextlib.nullcontext()
