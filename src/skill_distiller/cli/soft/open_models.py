"""What the commands on soft tokens have in common: the extra, and the networks of a checkpoint."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from skill_distiller.cli.options.option_groups import argument, option
from skill_distiller.errors import UsageError

if TYPE_CHECKING:
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
        from skill_distiller.soft.sharding import find_device

        device = find_device(self.device)
        checkpoint = open_checkpoint(Path(self.compressor))
        networks = load_networks(checkpoint, self.target)
        networks.step.to(device)
        return checkpoint, networks
