"""The networks: a compressor, and the target that reads its soft tokens; shared by processes where there are many."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.soft.prompt_layout import Ids, Layout
from skill_distiller.soft.train_settings import LoraSettings, ProjectorSettings

_SLOT_SPREAD: Final = 0.02  # of the normal draws that slot tokens begin with
_HINT: Final = "Name a folder that holds a model as transformers saves one, in safetensors."
_CLOSE: Final = 1e-3  # of logits that should be equal


class Projector(nn.Module):
    """Linear layers with GELU between them, from the width of the compressor to that of the target."""

    def __init__(self, width_in: int, width_out: int, settings: ProjectorSettings) -> None:
        super().__init__()
        widths = [width_in, *[settings.hidden] * (settings.layers - 1), width_out]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.GELU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, latents: Tensor) -> Tensor:
        """Soft tokens from the states of the slots, of the same shape but for the width."""
        return self.layers(latents)

    def match_scale(self, size: float) -> None:
        """Scale the last layer so that normal inputs give outputs of a root mean square `size`."""
        last = self.layers[-1]
        draws = torch.randn(256, self.layers[0].in_features, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            found = self(draws.to(last.weight)).float().pow(2).mean().sqrt()
            for parameter in (last.weight, last.bias):
                parameter.mul_(size / found)


class SoftCompressor(nn.Module):
    """A model without its head, slot tokens and a projector: skills in, soft tokens out.

    The soft tokens of a skill do not depend on what it is batched with, and those of a smaller resolution are the
    first ones of a larger.
    """

    def __init__(self, backbone: nn.Module, slots: int, width_out: int, settings: ProjectorSettings, seed: int) -> None:
        super().__init__()
        width = backbone.config.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.slots = nn.Parameter(torch.randn(slots, width) * _SLOT_SPREAD)
            self.projector = Projector(width, width_out, settings)
        self.backbone = backbone

    def forward(self, readings: Sequence[Ids], resolution: int) -> Tensor:
        """Soft tokens (skills, resolution, width of the target) of skills as `Layout.reading` gives them."""
        device = self.slots.device
        longest = max(map(len, readings))
        ids = torch.zeros(len(readings), longest, dtype=torch.long)
        mask = torch.zeros(len(readings), longest + resolution, dtype=torch.long)
        for row, reading in enumerate(readings):
            # On the left: padding between the text and the slots would stand in what the slots see.
            ids[row, longest - len(reading) :] = torch.tensor(reading)
            mask[row, longest - len(reading) :] = 1
        ids, mask = ids.to(device), mask.to(device)
        embedded = self.backbone.get_input_embeddings()(ids)
        slots = self.slots[:resolution].to(embedded.dtype).expand(len(readings), -1, -1)
        states = self.backbone(
            inputs_embeds=torch.cat([embedded, slots], 1),
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            use_cache=False,
        ).last_hidden_state
        return self.projector(states[:, -resolution:].to(self.projector.layers[0].weight.dtype))


class Generated(NamedTuple):
    """A text that a model wrote, its tokens, and whether it came to its end by itself."""

    text: str
    tokens: int
    whole: bool


class Target(nn.Module):
    """The model that answers, with or without the adapter that the alignment trained."""

    def __init__(self, causal: nn.Module, layout: Layout) -> None:
        super().__init__()
        self.causal = causal
        self.layout = layout

    @property
    def inner(self) -> nn.Module:
        """The model itself, adapters in place, without what wraps it."""
        return self.causal.get_base_model() if self.has_adapter else self.causal

    @property
    def has_adapter(self) -> bool:
        """Whether there is an adapter, on or off."""
        return hasattr(self.causal, "peft_config")

    @property
    def width(self) -> int:
        """Of its embeddings."""
        return int(self.inner.config.hidden_size)

    @contextmanager
    def without_adapter(self) -> Iterator[None]:
        """The model as it was before any training."""
        if not self.has_adapter:
            yield
            return
        with self.causal.disable_adapter():
            yield

    def embed(self, ids: Sequence[int]) -> Tensor:
        """The embeddings (tokens, width) of token ids."""
        table = self.inner.get_input_embeddings()
        return table(torch.tensor(list(ids), dtype=torch.long, device=table.weight.device))

    def states(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """The last hidden states of rows padded on the right."""
        return self.inner.base_model(inputs_embeds=embedded, attention_mask=mask, use_cache=False).last_hidden_state

    def head(self, states: Tensor) -> Tensor:
        """Logits of hidden states."""
        return self.inner.get_output_embeddings()(states)

    def check_head(self) -> None:
        """Raise BadInputError for a model that does more to its logits than its head: training sees the head alone."""
        embedded = self.embed(self.layout.shell().before or (0,))[None]
        mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device)
        with torch.no_grad():
            whole = self.causal(inputs_embeds=embedded, attention_mask=mask, use_cache=False).logits
            difference = (whole - self.head(self.states(embedded, mask))).abs().max()
        if difference > _CLOSE * whole.abs().max():
            raise BadInputError("The model scales or caps its logits; such a target is not supported.", _HINT)

    def generate(self, prompts: Sequence[Tensor], most_tokens: int) -> list[Generated]:
        """The likeliest continuations of prompts, each a tensor (tokens, width), of at most so many tokens."""
        longest = max(len(prompt) for prompt in prompts)
        device = prompts[0].device
        embedded = torch.zeros(len(prompts), longest, self.width, dtype=prompts[0].dtype, device=device)
        mask = torch.zeros(len(prompts), longest, dtype=torch.long, device=device)
        for row, prompt in enumerate(prompts):
            embedded[row, longest - len(prompt) :] = prompt
            mask[row, longest - len(prompt) :] = 1
        end = self.layout.end
        with torch.no_grad():
            written = self.causal.generate(
                inputs_embeds=embedded,
                attention_mask=mask,
                max_new_tokens=most_tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=end,
                pad_token_id=end,
            ).tolist()
        return [self._generated(row) for row in written]

    def _generated(self, row: list[int]) -> Generated:
        whole = self.layout.end in row
        kept = row[: row.index(self.layout.end)] if whole else row
        return Generated(self.layout.decode(kept).strip(), len(kept), whole)


def load_backbone(model: str, revision: str, dtype: str, *, causal: bool) -> nn.Module:
    """A model, with its head or without. Raises BadInputError where there is none that fits, or weights are missing."""
    from transformers import AutoModel, AutoModelForCausalLM

    kind = AutoModelForCausalLM if causal else AutoModel
    try:
        found, told = kind.from_pretrained(
            model,
            revision=revision or "main",
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise BadInputError(f"Can't load the model {model!r}: {_first_line(error)}", _HINT) from None
    wrong = [*told["missing_keys"], *told.get("mismatched_keys", ())]
    if wrong:
        raise BadInputError(f"Weights of the model {model!r} are missing or do not fit: {str(wrong[0])[:80]}.", _HINT)
    silence_dropout(found)
    return found


def load_layout(model: str, revision: str, separator: str) -> Layout:
    """The layout of a model's prompts; raises BadInputError where it has no tokenizer that fits."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, revision=revision or "main", trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise BadInputError(f"Can't load the tokenizer of {model!r}: {_first_line(error)}", _HINT) from None
    return Layout(tokenizer, separator)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def silence_dropout(model: nn.Module) -> None:
    """No dropout inside of a model: what is trained is told beside it, and what is frozen has to stay the same."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = 0.0


@contextmanager
def no_warnings() -> Iterator[None]:
    """peft and older releases know names that transformers is about to drop: nothing for a user to repair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def add_lora(model: nn.Module, settings: LoraSettings, seed: int, *, causal: bool) -> nn.Module:
    """The model with a new adapter, which alone is trained; raises BadInputError for modules that it does not have."""
    from peft import LoraConfig, get_peft_model

    named = settings.modules
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=named if named == "all-linear" else [name.strip() for name in named.split(",")],
        bias="none",
        task_type="CAUSAL_LM" if causal else "FEATURE_EXTRACTION",
    )
    with torch.random.fork_rng(devices=[]), no_warnings():
        torch.manual_seed(seed)
        try:
            return get_peft_model(model, config)
        except ValueError as error:
            raise BadInputError(f"The adapter does not fit the model: {_first_line(error)}", _HINT) from None


def load_lora(model: nn.Module, folder: Path, *, trainable: bool) -> nn.Module:
    """The model with the adapter in a folder; raises BadInputError where it does not fit."""
    from peft import PeftModel

    if not (folder / "adapter_model.safetensors").is_file():  # peft would look for a pickle
        raise BadInputError(f"There is no adapter in {str(folder)!r}.", _HINT)
    try:
        with no_warnings():
            return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise BadInputError(f"Can't load the adapter in {str(folder)!r}: {_first_line(error)}", _HINT) from None


class World(NamedTuple):
    """The processes that train together (as torchrun starts them), and the device of this one."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0


@contextmanager
def join_world(device: str) -> Iterator[World]:
    """This process among those of torchrun, alone without it; raises UsageError for a device that is not there."""
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    kind = find_device(device)
    if size == 1:
        yield World(0, 1, kind)
        return
    import torch.distributed as processes

    if kind.type == "cuda":
        kind = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(kind)
    processes.init_process_group("nccl" if kind.type == "cuda" else "gloo")
    try:
        yield World(rank, size, kind)
    finally:
        processes.destroy_process_group()


def find_device(name: str) -> torch.device:
    """The device of a name: `auto` is a GPU where there is one."""
    there = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda"):
        raise UsageError(f"There is no device {name!r}.", "Devices: auto, cpu, cuda.")
    if name == "cuda" and not there:
        raise UsageError("There is no GPU that torch can use.", "Use --device cpu.")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def shard(step: nn.Module, world: World, *, half: bool) -> nn.Module:
    """The step with its weights spread over the processes, layer by layer; untouched where there is one process.

    With `half` what is computed is in bfloat16; weights, sums over processes and the optimizer stay in float32.
    """
    if world.size == 1:
        return step.to(world.device)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(world.device.type, (world.size,))
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if half else MixedPrecisionPolicy()
    for layer in _layers(step):
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(step, mesh=mesh, mp_policy=policy)
    return step


def _layers(step: nn.Module) -> Iterator[nn.Module]:
    """The decoder layers of all models inside, by what transformers says must not be split."""
    names = set[str]()
    for module in step.modules():
        names |= set(getattr(module, "_no_split_modules", None) or ())
    yield from (module for module in step.modules() if type(module).__name__ in names)


def sync_gradients(step: nn.Module, *, now: bool) -> None:
    """Whether the next backward sums gradients over the processes, as only the last one of a step has to."""
    if hasattr(step, "set_requires_gradient_sync"):
        step.set_requires_gradient_sync(now)


def gather(value: Tensor) -> Tensor:
    """The whole of a tensor on the CPU; every process has to ask for it."""
    whole = value.full_tensor() if hasattr(value, "full_tensor") else value
    return whole.detach().to("cpu", copy=True)


def spread(whole: Tensor, like: Tensor) -> Tensor:
    """A whole tensor as this process holds its part: on the device and in the pieces of `like`."""
    if not hasattr(like, "full_tensor"):
        return whole.to(like.device, like.dtype)
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(whole.to(like.device, like.dtype), like.device_mesh, like.placements)


def wait_for_all(world: World) -> None:
    """Come together with the other processes."""
    if world.size > 1:
        import torch.distributed as processes

        processes.barrier()


def sum_of(values: Tensor, world: World) -> Tensor:
    """The sum over the processes."""
    if world.size > 1:
        import torch.distributed as processes

        processes.all_reduce(values)
    return values
