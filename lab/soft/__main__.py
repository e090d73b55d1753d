"""How much of a skill its soft tokens carry: the loss of writing it out, with other things in their place.

`python -m lab.soft --compressor RUN SKILLS…` prints a row for each skill and resolution. Skills that the compressor was
trained on tell what it has memorized, others what it has learned; the first line says which phase and step it is of.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from skill_distiller.cli.soft.open_models import need_extra
from skill_distiller.skill.read import read_skill
from skill_distiller.soft.artifact import SoftArtifact, open_artifact
from skill_distiller.soft.checkpoint import Networks, load_networks, open_checkpoint
from skill_distiller.soft.data.examples import Example
from skill_distiller.soft.prompt_layout import INSTRUCTION, SoftPart
from skill_distiller.soft.rows import Row, row_losses


class Losses(NamedTuple):
    """Nats per token of a skill written out, with each of these in front."""

    skill: str
    resolution: int
    tokens: int
    nothing: float
    beginning: float
    other: float
    own: float
    text: float


def measure(networks: Networks, names: Sequence[str], bodies: Sequence[str]) -> list[Losses]:
    """The losses of some skills at each resolution of a compressor; `other` is the mean over all other skills."""
    preparer, step = networks.preparer, networks.step
    layout = preparer.target
    shell, instruction = layout.shell(), layout.encode(" " + INSTRUCTION)
    prepared = [preparer.prepare(Example("x", "reconstruction", (body,))) for body in bodies]
    found = []
    with torch.no_grad():
        soft = [step.compressor(one.readings, max(step.resolutions))[0] for one in prepared]
        for number, (name, one) in enumerate(zip(names, prepared, strict=True)):
            answer = one.rows[0].answer
            plain = answer[:-1] if answer[-1] == layout.end else answer

            def loss(middle: tuple[int, ...] | SoftPart, parts: Sequence[torch.Tensor] = (),
                     answer: tuple[int, ...] = answer) -> float:  # fmt: skip
                prompt = (shell.before, middle, (*instruction, *shell.after))
                return float(row_losses(step.target, [Row(prompt, answer)], [parts]).item())

            others = [tokens for place, tokens in enumerate(soft) if place != number]
            for size in step.resolutions:
                by_others = [loss(SoftPart(0, size), [tokens]) for tokens in others]
                other = sum(by_others) / len(by_others) if by_others else float("nan")
                own = loss(SoftPart(0, size), [soft[number]])
                beginning = loss(plain[:size])
                found.append(Losses(name, size, len(answer), loss(()), beginning, other, own, loss(plain)))
    return found


def _table(found: Sequence[Losses]) -> str:
    head = "| skill | K | tokens | nothing | its first K tokens | another skill's K | **own K** | full text |"
    rows = [
        f"| {one.skill} | {one.resolution} | {one.tokens} | {one.nothing:.2f} | {one.beginning:.2f} | {one.other:.2f} "
        f"| **{one.own:.2f}** | {one.text:.2f} |"
        for one in found
    ]
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|---:|---:|", *rows])


def _selected(folders: Sequence[Path]) -> str:
    opened: list[SoftArtifact] = [open_artifact(folder) for folder in folders]
    told = (
        f"| {one.skill.name} | {one.skill.body_tokens} | "
        + (f"{one.selected.resolution or 'text'} | {one.selected.reason} |" if one.selected else "no exam yet | |")
        for one in opened
    )
    return "\n".join(["| skill | tokens of text | the exam chose | because |", "|---|---:|---|---|", *told])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compressor", type=Path, required=True, help="a run or a checkpoint")
    parser.add_argument("--artifacts", type=Path, nargs="*", default=[], help="artifacts whose exams are to be shown")
    parser.add_argument("skills", type=Path, nargs="+")
    options = parser.parse_args()
    need_extra(offline=True)
    torch.set_num_threads(1)
    checkpoint = open_checkpoint(options.compressor)
    networks = load_networks(checkpoint)
    skills = [read_skill(path) for path in options.skills]
    progress = checkpoint.progress
    print(f"{checkpoint.settings.target.model}, after {progress.phase}, step {progress.step} of {progress.steps}.")
    print("Loss of writing the skill out, nats per token:\n")
    print(_table(measure(networks, [skill.name for skill in skills], [skill.body for skill in skills])))
    if options.artifacts:
        print(f"\n{_selected(options.artifacts)}")


if __name__ == "__main__":
    main()
