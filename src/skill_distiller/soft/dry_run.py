"""What a training run will take, told before anything is loaded: examples, steps, bytes, operations, hours."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from skill_distiller.errors import BadInputError
from skill_distiller.soft.networks import Projector, add_lora, load_layout
from skill_distiller.soft.rows import Preparer
from skill_distiller.soft.train_settings import (
    Cost,
    LoraSettings,
    PhaseSettings,
    Sizes,
    SoftSettings,
    phase_cost,
    phase_steps,
)
from skill_distiller.soft.training import read_phase


class PhasePlan(NamedTuple):
    """A phase before it is run: its examples, the parameters that it trains, its cost, its longest row in tokens."""

    phase: str
    examples: int
    sizes: Sizes
    cost: Cost
    longest_row: int


def plan_run(settings: SoftSettings, devices: int) -> tuple[PhasePlan, ...]:
    """The plan of each phase on so many devices; reads data, configurations and tokenizers, but no weights.

    Raises BadInputError for data and models that can't be used.
    """
    target = load_layout(settings.target.model, settings.target.revision, settings.rows.separator)
    reads = load_layout(settings.compressor.model, settings.compressor.revision, settings.rows.separator)
    preparer = Preparer(reads, target, settings)
    return tuple(_plan(settings, phase, preparer, devices) for phase in settings.phases)


def _plan(settings: SoftSettings, phase: PhaseSettings, preparer: Preparer, devices: int) -> PhasePlan:
    examples, _ = read_phase(phase)
    read = rows = longest = 0
    for example in examples:
        prepared = preparer.prepare(example)
        before, after = prepared.lengths
        read += before + settings.largest * len(prepared.readings)
        rows += after
        longest = max(longest, after // len(prepared.rows))
    batch = settings.optimizer.batch * settings.optimizer.accumulation * devices
    steps = phase_steps(len(examples), phase.epochs, batch)
    sizes = _sizes(settings, phase, devices)
    count = len(examples)
    cost = phase_cost(sizes, steps, batch, read / count, rows / count, settings.target.dtype)
    return PhasePlan(phase.name, count, sizes, cost, longest)


def _sizes(settings: SoftSettings, phase: PhaseSettings, devices: int) -> Sizes:
    """Parameters, counted on models without weights."""
    wanted = settings.compressor
    target = _empty(settings.target.model, settings.target.revision, causal=True)
    backbone = _empty(wanted.model, wanted.revision, causal=False)
    width_in, width_out = backbone.config.hidden_size, target.config.hidden_size
    own = settings.largest * width_in
    with torch.device("meta"):
        own += _count(Projector(width_in, width_out, settings.projector))
        compressor, base = _count(backbone), _count(target)
        reads = compressor if wanted.tuning == "full" else _adapter(backbone, wanted.lora, causal=False)
        trained = own + reads
        if phase.name == "alignment":
            trained += _adapter(target, phase.lora or LoraSettings(), causal=True)
    return Sizes(trained, compressor + own, base, devices)


def _empty(model: str, revision: str, *, causal: bool) -> nn.Module:
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(model, revision=revision or "main", trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise BadInputError(f"Can't load the model {model!r}: {str(error).splitlines()[0][:200]}") from None
    with torch.device("meta"):
        return (AutoModelForCausalLM if causal else AutoModel).from_config(config)


def _adapter(model: nn.Module, lora: LoraSettings, *, causal: bool) -> int:
    """Parameters of an adapter on a model; the model has it afterwards."""
    return _count(add_lora(model, lora, 0, causal=causal), trained=True)


def _count(module: nn.Module, *, trained: bool = False) -> int:
    return sum(value.numel() for value in module.parameters() if value.requires_grad or not trained)
