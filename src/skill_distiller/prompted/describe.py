"""Descriptions with a language model: it cuts, chooses, asks, rewords and writes; a program checks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from skill_distiller.errors import MalformedReplyError
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import fact_keys, find_facts
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.prompted.exchange import (
    DESCRIBE,
    PARAPHRASE,
    POLISH,
    QUERIES,
    ROUTE,
    SEGMENT,
    Prompt,
    ask_twice,
    entries,
    new_boundary,
    number_within,
    undisputed,
)
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Session, Unanswered
from skill_distiller.rewriting.one_liner.triggers import quotes
from skill_distiller.routing.clauses import Clauses
from skill_distiller.routing.generate import SIGNAL_TOKENS, invented, unfounded_exclusions
from skill_distiller.routing.oracle import Candidate, candidate_order
from skill_distiller.routing.pinned import excludes
from skill_distiller.routing.queries import Query, Source
from skill_distiller.routing.shorten import MOST_CHARACTERS, Rung
from skill_distiller.routing.split_clauses import clauses_from_texts, split_clauses
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter, count_tokens

T = TypeVar("T")
POSITIVES: Final = 12
NEGATIVES: Final = 4
_MOST_BODY: Final = 40_000  # characters of a body that are shown
_MOST_QUERY: Final = 2_000
_EXPECTED_ROUTINGS: Final = 20  # descriptions that are tried, about
_POLISH_ROOM: Final = 2  # tokens that mended grammar may cost
_SIGNAL_ROOM: Final = 10  # tokens that a signal may be longer than what was asked for


@dataclass(frozen=True, eq=False)
class PromptedModel:
    """What a language model does for one description; whatever fails its check is not used.

    `library` is shown to it beside the skill: both are looked through for secrets before anything is sent.
    """

    session: Session
    counter: TokenCounter
    library: tuple[Candidate, ...] = ()

    @property
    def router(self) -> PromptedRouter:
        """Chooses skills for requests."""
        return PromptedRouter(self.session)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Clauses in fewer words, then the grammar of the whole."""
        return (self._paraphrase, self._polish)

    def queries(self, skill: Skill) -> tuple[Query, ...]:
        """Twelve requests that name and body answer, and four near misses; () where the model gave none."""
        values = {"name": skill.name, "body": _body(skill), "positives": str(POSITIVES), "negatives": str(NEGATIVES)}
        found = self._ask(QUERIES, values, 1500, _read_queries)
        return found or ()

    def segment(self, description: str) -> Clauses | None:
        """Its clauses of a description, None where they are no slices of it that leave only separators out."""

        def read(value: dict[str, object]) -> Clauses:
            texts = value.get("clauses")
            told = [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
            clauses = clauses_from_texts(description, told)
            if clauses is None:
                raise MalformedReplyError("The clauses were not the text, character for character and in order.")
            return clauses

        return self._ask(SEGMENT, {"description": description}, 200 + 2 * count_tokens(description), read)

    def write(self, skill: Skill) -> str | None:
        """What the skill does, when and with what, with no fact that its name and body lack; None where that failed.

        It excludes only what the body does, or what it sends to another skill of the library.
        """
        others = [other.name for other in self.library if other.name != skill.name]

        def read(value: dict[str, object]) -> str:
            parts = [" ".join(str(value.get(name) or "").split()) for name in DESCRIBE.reply]
            does, when, names = parts
            if not does or not when:
                raise MalformedReplyError("It lacked what the skill does, or when.")
            if any(self.counter.count(part) > SIGNAL_TOKENS + _SIGNAL_ROOM for part in parts):
                raise MalformedReplyError(f"A text had more than {SIGNAL_TOKENS} tokens.")
            text = " ".join(f"{part.rstrip('.')}." for part in (does, when, names) if part)
            if made_up := invented(text, skill):
                raise MalformedReplyError(f"The skill does not say: {', '.join(made_up[:5])}.")
            if astray := unfounded_exclusions(text, skill, others):
                raise MalformedReplyError(f"It excludes what neither the skill does nor another is for: {astray[0]}")
            if len(text) > MOST_CHARACTERS or "---" in text:
                raise MalformedReplyError("It was too long for a description, or held a line of dashes.")
            return text

        return self._ask(DESCRIBE, {"name": skill.name, "body": _body(skill)}, 400, read)

    def admit(self, skill: Skill) -> None:
        """Look through all that may be sent, and say about how much that will be; raises RefusedError for secrets."""
        self.session.admit("\n".join((skill.text, *(other.text for other in self.library))))
        tokens = count_tokens(_body(skill)) + _EXPECTED_ROUTINGS * POSITIVES * 400
        self.session.expect(Expected(_EXPECTED_ROUTINGS + 4, tokens, tokens // 10))

    def _paraphrase(self, text: str, accepts: Callable[[str], bool]) -> str:
        """The text with clauses in fewer words, the one that saves most first; exclusions keep theirs."""
        clauses = [c for c in split_clauses(text).all if not c.aside and not excludes(text[c.start : c.end])]
        texts = [text[clause.start : clause.end] for clause in clauses]

        def read(value: dict[str, object]) -> dict[int, str]:
            told = ((i, e["text"].strip()) for i, e in entries(value, len(texts)) if isinstance(e.get("text"), str))
            return undisputed(told, str)

        shown = [f"$boundary clause {place}\n{one}" for place, one in enumerate(texts)]
        found = self._ask(
            PARAPHRASE, {"clauses": "\n".join(shown)}, 200 + 2 * count_tokens(text), read, count=len(texts)
        )
        saved = {i: self.counter.count(texts[i]) - self.counter.count(new) for i, new in (found or {}).items()}
        taken: dict[int, str] = {}
        for i in sorted(saved, key=lambda place: (-saved[place], place)):
            new = (found or {})[i]
            if saved[i] > 0 and new and says_the_same(texts[i], new):
                tried = _replaced(text, clauses, {**taken, i: new})
                if accepts(tried):
                    taken[i] = new
        return _replaced(text, clauses, taken)

    def _polish(self, text: str, accepts: Callable[[str], bool]) -> str:
        """The text with its grammar mended, where that is about as long, says the same and is accepted."""

        def read(value: dict[str, object]) -> str:
            told = value.get("description")
            if not isinstance(told, str) or not told.strip():
                raise MalformedReplyError("It lacked the description.")
            return told.strip()

        told = self._ask(POLISH, {"description": text}, 100 + 2 * count_tokens(text), read)
        fits = told is not None and self.counter.count(told) <= self.counter.count(text) + _POLISH_ROOM
        return told if told and fits and "---" not in told and says_the_same(text, told) and accepts(told) else text

    def _ask(
        self,
        prompt: Prompt,
        values: Mapping[str, str],
        reply_tokens: int,
        read: Callable[[dict[str, object]], T],
        *,
        count: int = 1,
    ) -> T | None:
        return ask_again(self.session, prompt, values, reply_tokens, read, count=count)


def ask_again(
    session: Session,
    prompt: Prompt,
    values: Mapping[str, str],
    reply_tokens: int,
    read: Callable[[dict[str, object]], T],
    *,
    count: int = 1,
) -> T | None:
    """The answer to one prompt, asked for once more where it was of no use; None where it still is.

    `$boundary` in a value is the mark of the prompt. Raises what the session raises.
    """
    if count < 1:
        return None

    def made(tries: int, problem: str) -> Request:
        boundary = new_boundary(values.values())
        filled = {name: value.replace("$boundary", boundary) for name, value in values.items()}
        places = {"problem": problem, "count": str(count), "first": "0", "last": str(count - 1)}
        return prompt.request(reply_tokens, count=count, sample=tries, boundary=boundary, values={**places, **filled})

    answer = ask_twice(session, made, read)
    return None if isinstance(answer, Unanswered) else answer


@dataclass(frozen=True, eq=False)
class PromptedRouter:
    """Chooses one skill for each request of a list, each with the candidates in an order of its own."""

    session: Session

    @property
    def name(self) -> str:
        """Kind and model."""
        return self.session.name

    def margins(
        self, target: Candidate, others: Sequence[Candidate], queries: Sequence[str], seed: int
    ) -> Sequence[float]:
        """1 for a query for which the target is chosen, −1 for any other, and for one without a usable answer."""
        candidates = (target, *others)
        orders = [candidate_order(seed, query, target.description, len(candidates)) for query in queries]

        def read(value: dict[str, object]) -> dict[int, int]:
            told = ((i, _choice(e, len(candidates))) for i, e in entries(value, len(queries)))
            chosen = undisputed(((i, choice) for i, choice in told if choice is not None), int)
            if not chosen:
                raise MalformedReplyError("It chose nothing.")
            return chosen

        shown = "\n".join(
            _request(place, query, [candidates[i] for i in order])
            for place, (query, order) in enumerate(zip(queries, orders, strict=True))
        )
        chosen = ask_again(self.session, ROUTE, {"requests": shown}, 100 + 15 * len(queries), read, count=len(queries))
        return [1.0 if (chosen or {}).get(i, -1) == order.index(0) else -1.0 for i, order in enumerate(orders)]


def _choice(entry: Mapping[str, Any], count: int) -> int | None:
    number = number_within(entry.get("choice"), count - 1)
    return int(number) if number is not None and number.is_integer() else None


def _request(place: int, query: str, candidates: Sequence[Candidate]) -> str:
    lines = (
        f"{i}. {one.name or 'another skill'}: {' '.join(one.description.split())}" for i, one in enumerate(candidates)
    )
    return "\n".join((f"$boundary request {place}: {' '.join(query.split())[:_MOST_QUERY]}", *lines))


def _body(skill: Skill) -> str:
    return skill.body[:_MOST_BODY]


def _read_queries(value: dict[str, object]) -> tuple[Query, ...]:
    found: list[Query] = []
    for name, positive in (("positives", True), ("negatives", False)):
        texts = value.get(name)
        told = (
            [" ".join(text.split())[:_MOST_QUERY] for text in texts if isinstance(text, str)]
            if isinstance(texts, list)
            else []
        )
        found += [Query(text, Source.MODEL, positive) for text in dict.fromkeys(told) if text]
    if not any(query.positive for query in found):
        raise MalformedReplyError("It held no requests.")
    return tuple(found[: 2 * (POSITIVES + NEGATIVES)])


def says_the_same(before: str, after: str) -> bool:
    """Whether a text keeps the facts and quoted phrases of another, adds none, and no change of meaning is found."""
    facts = [fact_keys(f for f in find_facts(text) if f.kind is not FactKind.MODAL) for text in (before, after)]
    quoted = [sorted(text[start:end] for start, end in quotes(text)) for text in (before, after)]
    return facts[0] == facts[1] and quoted[0] == quoted[1] and not compare_texts(before, after).failed


def _replaced(text: str, clauses: Sequence[Any], new: Mapping[int, str]) -> str:
    for place in sorted(new, reverse=True):
        clause = clauses[place]
        text = text[: clause.start] + new[place] + text[clause.end :]
    return text
