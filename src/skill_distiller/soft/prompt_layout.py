"""What stands where in a prompt: one place that says it for training, exam, answers and export.

Prompts are made of pieces: token ids, and places for soft tokens. Control tokens come from the chat template alone:
a skill, a query or an answer that spells one is tokenized as the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from skill_distiller.errors import BadInputError

INSTRUCTION: Final = "Write out the skill above, word for word."
INTRODUCTION: Final = "Relevant Skill:\n"
LAYOUT_VERSION: Final = 1  # of the prompts above and below; soft tokens are trained for one of them

Ids = tuple[int, ...]


class SoftPart(NamedTuple):
    """Where the first `resolution` soft tokens of a skill stand; `place` is the skill's place among those given."""

    place: int
    resolution: int


Piece = Ids | SoftPart


class Shell(NamedTuple):
    """The tokens of a chat template before and after what the user says; the answer follows."""

    before: Ids
    after: Ids


class Layout:
    """The prompts of one model: its tokenizer, its chat template and what separates skills."""

    def __init__(self, tokenizer: Any, separator: str = "") -> None:  # noqa: ANN401 - of an untyped library
        if tokenizer.eos_token_id is None:
            raise BadInputError("The tokenizer of the model has no end token.", "Name a chat model.")
        self.tokenizer = tokenizer
        self.separator = separator
        self.end: int = tokenizer.eos_token_id
        self._controls = _controls(tokenizer)
        spelled = sorted((text for text in self._controls if len(text) > 1), key=len, reverse=True)
        self._spelled = re.compile("|".join(map(re.escape, spelled)) or r"(?!)")
        self._control_ids = frozenset(self._controls.values())
        self._shells: dict[str | None, Shell] = {}

    def encode(self, text: str) -> Ids:
        """The tokens of a text that may come from anyone: no control token is among them."""
        found = tuple(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)
        if self._control_ids.isdisjoint(found):
            return found
        cuts = [0, *(match.start() + 1 for match in self._spelled.finditer(text)), len(text)]
        if len(cuts) == 2:
            raise BadInputError("The tokenizer makes a control token of plain text.", "Name another model.")
        # Taken apart after its first character, what spells a control token no longer does.
        parts = (self.encode(text[start:end]) for start, end in pairwise(cuts))
        return tuple(chain.from_iterable(parts))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, without the control tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def shell(self, system: str | None = None) -> Shell:
        """The chat template around one user message; raises BadInputError for a template that can't be used so."""
        if system not in self._shells:
            self._shells[system] = self._find_shell(system)
        return self._shells[system]

    def _find_shell(self, system: str | None) -> Shell:
        said = [("system", "Qx7systemZ")] if system is not None else []
        probes = [*said, ("user", "Qx7userZ")]
        messages = [{"role": role, "content": probe} for role, probe in probes]
        try:
            text = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except Exception as error:  # noqa: BLE001 - a template is a program of its own, and may raise anything
            raise BadInputError(
                f"The chat template of the model can't be used: {str(error)[:200]}",
                "Leave the system text out, or name a model with a chat template.",
            ) from None
        if any(text.count(probe) != 1 for _, probe in probes):
            raise BadInputError("The chat template does not show a message once.", "Name another model.")
        pieces = re.split("|".join(probe for _, probe in probes), text)
        parts = [self._template(piece) for piece in pieces]
        if system is not None:
            return Shell((*parts[0], *self.encode(system), *parts[1]), parts[2])
        return Shell(parts[0], parts[1])

    def _template(self, text: str) -> Ids:
        return tuple(self.tokenizer(text, add_special_tokens=False).input_ids)

    def reading(self, body: Ids) -> Ids:
        """What a compressor reads before the slots: the skill as a user's message, so that the slots answer it."""
        shell = self.shell()
        return (*shell.before, *body, *shell.after)

    def reconstruction(self, resolution: int) -> tuple[Piece, ...]:
        """The prompt after which the skill is written out."""
        shell = self.shell()
        return (shell.before, SoftPart(0, resolution), (*self.encode(" " + INSTRUCTION), *shell.after))

    def question(self, query: str, carried: Sequence[Piece] = (), system: str | None = None) -> tuple[Piece, ...]:
        """The prompt of a query with skills, each as soft tokens or as the tokens of its text."""
        shell = self.shell(system)
        if not carried:
            return ((*shell.before, *self.encode(query), *shell.after),)
        pieces: list[Piece] = [(*shell.before, *self.encode(INTRODUCTION))]
        for number, skill in enumerate(carried):
            if number and self.separator:
                pieces.append(self.encode(self.separator))
            pieces.append(skill)
        return (*pieces, (*self.encode("\n\n" + query), *shell.after))


def _controls(tokenizer: Any) -> dict[str, int]:  # noqa: ANN401 - of an untyped library
    """The tokens that steer a model, by their text: special ones, and others that were added and are no white space."""
    added = {text: number for text, number in tokenizer.get_added_vocab().items() if text.strip()}
    special = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True)
    return {**added, **dict(special)}


def length_of(pieces: Sequence[Piece]) -> int:
    """The tokens of a prompt."""
    return sum(piece.resolution if isinstance(piece, SoftPart) else len(piece) for piece in pieces)
