"""One process or several: who this process is, what it holds of each weight, and whole weights gathered and spread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skill_distiller.errors import UsageError


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
