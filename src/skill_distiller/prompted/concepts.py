"""Gate 1 by a model: what passages of a skill say that its shorter version says nowhere, each with a verbatim quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from skill_distiller.errors import MalformedReplyError, PromptTooLongError, ProviderError
from skill_distiller.prompted.exchange import CONCEPTS, new_boundary
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Question, Session
from skill_distiller.tokens import count_tokens

_REPAIRS: Final = 1
_REPLY_TOKENS: Final = 600
_MOST: Final = 40  # losses of one reply that are looked at
_MOST_CHARS: Final = 1000  # of a text of the reply
_SPACE: Final = re.compile(r"\s+")


class Loss(NamedTuple):
    """What is missing: the place of its passage, in a few words, and the words of the passage that say it."""

    place: int
    concept: str
    quote: str


@dataclass(frozen=True, slots=True)
class ConceptReader:
    """Asks a model what a shorter skill leaves unsaid; a loss whose quote is not in its passage does not count."""

    session: Session

    def expected(self, kinds: int, original: str) -> Expected:
        """About what one look at a result will ask, of so many kinds of passages."""
        replies = kinds * _REPLY_TOKENS // 2
        prompts = kinds * count_tokens(CONCEPTS.text) + (kinds + 1) * count_tokens(original)
        return Expected(kinds, prompts + replies, replies)

    def find(self, kind: str, passages: Sequence[str], shorter: str) -> tuple[Loss, ...]:
        """What the shorter skill says nowhere of some passages of one kind.

        Raises ProviderError where no usable reply comes: then nobody knows whether something is missing.
        """
        self.session.admit("\n".join([*passages, shorter]))
        problem, why = "", ""
        for tries in range(_REPAIRS + 1):
            boundary = new_boundary([*passages, shorter])
            values = {
                "count": str(len(passages)),
                "kind": kind,
                "problem": problem,
                "passages": "\n".join(f"{boundary} passage {n}\n{text.rstrip()}" for n, text in enumerate(passages)),
                "skill": shorter.rstrip(),
            }
            request = CONCEPTS.request(_REPLY_TOKENS, sample=tries, boundary=boundary, values=values)
            (reply,) = self.session.ask_all([Question(request, lambda value: read_losses(value, passages))])
            if not isinstance(reply, MalformedReplyError | PromptTooLongError):
                return reply
            why = str(reply)
            problem = f"Your last answer could not be used. {why}"
        raise ProviderError(
            f"{self.session.name} could not say whether {kind} is still there: {why}", "Use another model."
        )


def read_losses(value: dict[str, object], passages: Sequence[str]) -> tuple[Loss, ...]:
    """The losses of a reply whose quotes stand in their passages; raises MalformedReplyError where there is no list."""
    listed = value.get("missing")
    if not isinstance(listed, list):
        raise MalformedReplyError("It held no list of what is missing.")
    found = []
    for entry in listed[:_MOST]:
        place, concept, quote = (
            entry.get(n) if isinstance(entry, dict) else None for n in ("index", "concept", "quote")
        )
        if not (isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(passages)):
            continue
        if isinstance(quote, str) and _plain(quote) and _plain(quote) in _plain(passages[place]):
            named = concept if isinstance(concept, str) and concept.strip() else quote
            found.append(Loss(place, _plain(named)[:_MOST_CHARS], _plain(quote)[:_MOST_CHARS]))
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
