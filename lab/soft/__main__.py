"""How much of a skill its soft tokens carry: the loss of writing it out, with other things in their place.

`python -m lab.soft --compressor RUN SKILLS…` prints a row for each skill and resolution, and what it costs; with
`--exams`, one for each skill, also the loss of the quotes that the exams go by. Skills that the compressor was
trained on tell what it has memorized, others what it has learned; the first line says which phase and step it is of.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from math import isnan, nan
from pathlib import Path
from statistics import fmean
from typing import Final, NamedTuple

import torch

from lab.common.machine import this_machine
from lab.common.tables import table
from skill_distiller.cli.soft.use_skills import need_extra
from skill_distiller.errors import TargetError
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.soft.artifact import SoftArtifact, open_artifact
from skill_distiller.soft.checkpoint import Networks, load_networks, open_checkpoint
from skill_distiller.soft.examples import Example
from skill_distiller.soft.prompt_layout import INSTRUCTION, Ids, Piece, SoftPart
from skill_distiller.soft.rows import Row, row_losses
from skill_distiller.tokens import load_counter

_STORED_BYTES: Final = 2
_TIMES: Final = 3
_TOGETHER: Final = 16


class Losses(NamedTuple):
    """Nats per token of an answer with each of these in its prompt; `shortened` is nan where there is no such text.

    That is the skill as `compress` makes it within as many tokens.
    """

    skill: str
    resolution: int
    tokens: int
    nothing: float
    beginning: float
    shortened: float
    other: float
    own: float
    text: float


class Cost(NamedTuple):
    """What carrying a skill takes at one resolution: CPU seconds, bytes of the soft tokens in two bytes a number."""

    skill: str
    resolution: int
    compress: float
    bytes: int
    read_text: float
    read_soft: float


class Contexts:
    """The prompts of some skills for one compressor, and the losses of answers behind them."""

    def __init__(self, networks: Networks, skills: Sequence[Skill]) -> None:
        self.skills = tuple(skills)
        self.step = networks.step
        self.layout = networks.preparer.target
        self._shell, self._instruction = self.layout.shell(), self.layout.encode(" " + INSTRUCTION)
        examples = [Example("x", "reconstruction", (skill.body,)) for skill in skills]
        self._prepared = [networks.preparer.prepare(example) for example in examples]
        self.answers = [one.rows[0].answer for one in self._prepared]
        self._soft: list[torch.Tensor] = []
        self.seconds: list[float] = []
        with torch.no_grad():
            for one in self._prepared:
                started = time.process_time()
                self._soft.append(self.step.compressor(one.readings, max(self.step.resolutions))[0])
                self.seconds.append(time.process_time() - started)

    def losses(self, number: int, answers: Sequence[Ids]) -> Iterator[Losses]:
        """The mean losses of answers about one skill, by number, at each resolution."""
        plain = self._plain(number)
        others = [tokens for place, tokens in enumerate(self._soft) if place != number]

        def mean(middle: Piece, parts: Sequence[torch.Tensor] = ()) -> float:
            return self._loss(middle, parts, answers)

        nothing, text = mean(()), mean(plain)
        for size in self.step.resolutions:
            shortened = self._shortened(number, size)
            by_others = [mean(SoftPart(0, size), [tokens]) for tokens in others]
            yield Losses(
                self.skills[number].name,
                size,
                sum(map(len, answers)),
                nothing,
                mean(plain[:size]),
                mean(shortened) if shortened else nan,
                fmean(by_others) if by_others else nan,
                mean(SoftPart(0, size), [self._soft[number]]),
                text,
            )

    def costs(self, number: int) -> Iterator[Cost]:
        """What one skill, by number, takes at each resolution."""
        read_text = self._time(self._plain(number), ())
        for size in self.step.resolutions:
            soft = self._soft[number]
            read_soft = self._time(SoftPart(0, size), [soft])
            stored = size * soft.shape[-1] * _STORED_BYTES
            yield Cost(self.skills[number].name, size, self.seconds[number], stored, read_text, read_soft)

    def _plain(self, number: int) -> Ids:
        answer = self.answers[number]
        return answer[:-1] if answer[-1] == self.layout.end else answer

    def _shortened(self, number: int, size: int) -> Ids:
        skill = self.skills[number]
        options = DistillOptions(mode=Mode.TOKENS, tokens=size + load_counter().count(skill.frontmatter.raw))
        try:
            return self.layout.encode(distill(skill, options).distilled.body)[:size]
        except TargetError:
            return ()

    def _loss(self, middle: Piece, parts: Sequence[torch.Tensor], answers: Sequence[Ids]) -> float:
        """The mean loss of answers, a few in one forward."""
        prompt = (self._shell.before, middle, (*self._instruction, *self._shell.after))
        with torch.no_grad():
            losses = [
                row_losses(self.step.target, [Row(prompt, answer) for answer in some], [parts] * len(some))
                for some in (answers[at : at + _TOGETHER] for at in range(0, len(answers), _TOGETHER))
            ]
        return float(torch.cat(losses).mean())

    def _time(self, middle: Piece, parts: Sequence[torch.Tensor]) -> float:
        """CPU seconds to read a prompt: the least of a few times, with an answer of one token."""
        answer = ((self.layout.end,),)
        self._loss(middle, parts, answer)
        taken = []
        for _ in range(_TIMES):
            started = time.process_time()
            self._loss(middle, parts, answer)
            taken.append(time.process_time() - started)
        return min(taken)


_COLUMNS: Final = ("nothing", "its first K tokens", "its text within K", "another skill's K", "**own K**", "full text")


def _table(found: Sequence[Losses]) -> str:
    rows = [
        [
            one.skill,
            str(one.resolution),
            f"{one.tokens:,}",
            *map(_nats, one[3:7]),
            f"**{one.own:.2f}**",
            _nats(one.text),
        ]
        for one in found
    ]
    return table(["skill", "K", "tokens", *_COLUMNS], rows)


def _nats(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}"


def _costs(found: Sequence[Cost]) -> str:
    head = ["skill", "K", "s to compress", "bytes", "s to read the text", "s to read K"]
    return table(
        head, [[one.skill, *(f"{n:,}" if isinstance(n, int) else f"{n:.2g}" for n in one[1:])] for one in found]
    )


def _quotes(contexts: Contexts, exam: Path) -> list[Ids]:
    """The quotes of an exam as the answers that are asked for."""
    found = dict.fromkeys(quote for criterion in read_exam(exam).criteria for quote in criterion.evidence)
    return [contexts.layout.encode(quote) for quote in found]


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
    parser.add_argument("--exams", type=Path, nargs="*", default=[], help="an exam of each skill, in their order")
    parser.add_argument("skills", type=Path, nargs="+")
    options = parser.parse_args()
    if options.exams and len(options.exams) != len(options.skills):
        parser.error("--exams takes one exam for each skill, in their order.")
    need_extra(offline=True)
    torch.set_num_threads(1)
    checkpoint = open_checkpoint(options.compressor)
    contexts = Contexts(load_networks(checkpoint), [read_skill(path) for path in options.skills])
    progress, settings = checkpoint.progress, checkpoint.settings
    print(
        f"{settings.target.model} read by {settings.compressor.model}, after {progress.phase}, step {progress.step} of "
        f"{progress.steps}; on {this_machine().cpu}, one core, no GPU."
    )
    numbers = range(len(contexts.skills))
    print("\nLoss of writing the skill out, nats per token:\n")
    print(_table([row for n in numbers for row in contexts.losses(n, [contexts.answers[n]])]))
    if options.exams:
        print("\nLoss of the quotes that the exams go by, nats per token:\n")
        quoted = [_quotes(contexts, exam) for exam in options.exams]
        print(_table([row for n in numbers for row in contexts.losses(n, quoted[n])]))
    print("\nWhat it costs, in CPU seconds of this machine:\n")
    print(_costs([row for n in numbers for row in contexts.costs(n)]))
    if options.artifacts:
        print(f"\n{_selected(options.artifacts)}")


if __name__ == "__main__":
    main()
