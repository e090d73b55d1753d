"""Rows of the target: prompts with soft tokens filled in, what is to be written after them, and the loss of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from skill_distiller.errors import BadInputError
from skill_distiller.soft.examples import Example
from skill_distiller.soft.networks import SoftCompressor, Target
from skill_distiller.soft.prompt_layout import Ids, Layout, Piece, SoftPart, length_of
from skill_distiller.soft.train_settings import SoftSettings

_CHUNK: Final = 512  # positions whose logits are held at a time: a vocabulary of 150,000 takes 0.3 GB of them


class Row(NamedTuple):
    """A prompt and the tokens that should follow it."""

    prompt: tuple[Piece, ...]
    answer: Ids


@dataclass(frozen=True, slots=True)
class Prepared:
    """An example as token ids: what the compressor reads of each skill, and a row for each resolution."""

    readings: tuple[Ids, ...]
    rows: tuple[Row, ...]

    @property
    def lengths(self) -> tuple[int, int]:
        """Tokens before the compressor without slots, and before the target over all resolutions."""
        return sum(map(len, self.readings)), sum(length_of(row.prompt) + len(row.answer) for row in self.rows)


class Preparer(NamedTuple):
    """Makes token ids of examples: the layouts of both models, and how long things may get."""

    compressor: Layout
    target: Layout
    settings: SoftSettings

    def reading(self, body: str) -> Ids:
        """What the compressor reads of a skill, cut where it is too long."""
        return self.compressor.reading(self._shown(body))

    def _shown(self, body: str) -> Ids:
        return self.compressor.encode(body)[: self.settings.rows.max_skill_tokens]

    def prepare(self, example: Example) -> Prepared:
        """The example at every resolution, its answer cut at the same place for all of them.

        An answer that was cut has no end token. Raises BadInputError where the prompt leaves no room for one.
        """
        answer = self._answer(example)
        prompts = [self._prompt(example, size) for size in self.settings.resolutions]
        room = self.settings.rows.max_row_tokens - max(map(length_of, prompts))
        if room < 1:
            raise BadInputError(
                f"The prompt of the example {example.id!r} takes more than rows.max_row_tokens.",
                "Raise rows.max_row_tokens, or take the example out.",
            )
        rows = tuple(Row(prompt, answer[:room]) for prompt in prompts)
        return Prepared(tuple(map(self.reading, example.skills)), rows)

    def _answer(self, example: Example) -> Ids:
        """What is to be written: the answer, or the skill as far as the compressor is shown it; with its end token."""
        if example.answer:
            return (*self.target.encode(example.answer), self.target.end)
        (body,) = example.skills
        shown = self._shown(body)
        if len(shown) == len(self.compressor.encode(body)):
            return (*self.target.encode(body), self.target.end)
        return self.target.encode(self.compressor.decode(shown).rstrip("\ufffd"))

    def _prompt(self, example: Example, size: int) -> tuple[Piece, ...]:
        if not example.answer:
            return self.target.reconstruction(size)
        parts = [SoftPart(place, size) for place in range(len(example.skills))]
        return self.target.question(example.query, parts, example.system)


def fill(target: Target, prompt: Sequence[Piece], soft: Sequence[Tensor]) -> Tensor:
    """A prompt as embeddings (tokens, width), the soft tokens of `soft[place]` in their places."""
    parts = []
    for piece in prompt:
        if isinstance(piece, SoftPart):
            parts.append(soft[piece.place][: piece.resolution])
        elif piece:
            parts.append(target.embed(piece))
    table = target.inner.get_input_embeddings().weight
    return torch.cat([part.to(table.device, table.dtype) for part in parts])


def row_losses(target: Target, rows: Sequence[Row], soft: Sequence[Sequence[Tensor]]) -> Tensor:
    """The mean negative log likelihood of each row's answer (nats per token), all rows in one forward.

    `soft` holds the soft tokens of the skills of each row. Prompts, soft tokens and padding never count.
    """
    filled = [
        torch.cat([fill(target, row.prompt, parts), target.embed(row.answer)])
        for row, parts in zip(rows, soft, strict=True)
    ]
    lengths = [len(one) for one in filled]
    embedded = nn.utils.rnn.pad_sequence(filled, batch_first=True)  # on the right: positions count from the beginning
    mask = torch.zeros(embedded.shape[:2], dtype=torch.long, device=embedded.device)
    for number, length in enumerate(lengths):
        mask[number, :length] = 1
    states = target.states(embedded, mask)
    losses = []
    for number, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        size = len(row.answer)
        # The state before a token predicts it; spans go by length, for the end token may be the padding token too.
        losses.append(answer_loss(target, states[number, length - size - 1 : length - 1], row.answer))
    return torch.stack(losses)


def answer_loss(target: Target, states: Tensor, answer: Sequence[int]) -> Tensor:
    """The mean negative log likelihood of tokens after states, whose logits are held a few at a time."""
    wanted = torch.tensor(list(answer), dtype=torch.long, device=states.device)
    sums = []
    for start in range(0, len(wanted), _CHUNK):
        part, goal = states[start : start + _CHUNK], wanted[start : start + _CHUNK]
        if torch.is_grad_enabled() and len(wanted) > _CHUNK:
            sums.append(checkpoint(_chunk_loss, target, part, goal, use_reentrant=False))
        else:
            sums.append(_chunk_loss(target, part, goal))
    return torch.stack(sums).sum() / len(wanted)


def _chunk_loss(target: Target, states: Tensor, wanted: Tensor) -> Tensor:
    return functional.cross_entropy(target.head(states).float(), wanted, reduction="sum")


class TrainingStep(nn.Module):
    """The one forward of training: both networks, and the loss of some examples.

    What wraps modules for several processes sees every parameter through this one call, and only through it.
    """

    def __init__(self, compressor: SoftCompressor, target: Target, resolutions: Sequence[int]) -> None:
        super().__init__()
        self.compressor = compressor
        self.target = target
        self.resolutions = tuple(resolutions)

    def forward(self, batch: Sequence[Prepared]) -> Tensor:
        """Losses (examples, resolutions), nats per token. The first soft tokens of the largest are those of all."""
        readings = [reading for example in batch for reading in example.readings]
        made = self.compressor(readings, self.resolutions[-1])
        rows: list[Row] = []
        soft: list[Sequence[Tensor]] = []
        start = 0
        for example in batch:
            parts = list(made[start : start + len(example.readings)])
            start += len(example.readings)
            rows += example.rows
            soft += [parts] * len(example.rows)
        return row_losses(self.target, rows, soft).reshape(len(batch), -1).clone()
