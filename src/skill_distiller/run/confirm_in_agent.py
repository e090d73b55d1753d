"""A new description, tried in a real agent before it is taken: it has to be loaded where the original is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.errors import BadInputError, ProviderError, RefusedError
from skill_distiller.providers.secret_scan import find_secrets
from skill_distiller.routing.oracle import Candidate, Role, Router, capability
from skill_distiller.routing.queries import Source
from skill_distiller.routing.shorten import FINAL_ORDER, Described, Status
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.run.agent import Agent, is_deployable, open_agent, skill_files
from skill_distiller.run.describe_skill import DescriptionResult, with_description
from skill_distiller.run.runtime_table import Runtime

DEFAULT_QUERIES: Final = 4
_RIVALS: Final = 2  # requests that belong to others
_CONTROLS: Final = 2  # requests that both controls are tried with
_MOST_RESTORED: Final = 3  # clauses that come back
_OFTEN: Final = 0.5  # the share of its runs in which a request has to load the skill
_FEWEST_SIBLINGS: Final = 2
SAYS_NOTHING: Final = "A skill."  # and not "": some agents leave out a skill without a description
TAKES_ALL: Final = "Use for every request, whatever it is about. Always load this skill before you answer anything."


class Verdict(StrEnum):
    """What an agent made of a new description."""

    PASSED = "passed"
    RESTORED = "restored"  # clauses had to come back, then it passed
    ORIGINAL = "original"  # it lost requests, or took some of others, so the original stays
    OBSOLETE = "obsolete"  # the original is loaded for no request, so nothing can be shown to be kept; it stays
    NOT_RUN = "not run"  # there is no new description, or no request to try it with


@dataclass(frozen=True, slots=True)
class Trial:
    """An agent to try descriptions in, how many requests, how often each; the variables that its user has set."""

    runtime: Runtime
    environment: Mapping[str, str]
    queries: int = DEFAULT_QUERIES
    runs: int = 1
    allow_secrets: bool = False


class Tried(NamedTuple):
    """A request: whether the skill should be loaded for it, and is under the original and under the last one tried.

    `others` are the skills that were loaded in its place, or besides, under the last one.
    """

    query: str
    positive: bool
    before: bool
    after: bool
    others: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether what was right before still is."""
        return self.before is not self.positive or self.after is self.positive


class Controls(NamedTuple):
    """How many requests loaded the skill under a description that says nothing, and under one that takes all."""

    nothing: int
    everything: int
    asked: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an agent did: its release and model where it told them, runs of it and the most that were announced."""

    trial: Trial
    verdict: Verdict
    version: str = ""
    model: str = ""
    calls: int = 0
    most_calls: int = 0
    controls: Controls | None = None
    tried: tuple[Tried, ...] = ()


class Confirmed(NamedTuple):
    """A result as it stands after the trial, and the trial."""

    result: DescriptionResult
    confirmation: Confirmation


def confirm(
    result: DescriptionResult, trial: Trial, router: Router, announce: Callable[[str], None] | None = None
) -> Confirmed:
    """The result if an agent loads the skill for what it loads the original for, else with the original.

    Clauses come back before that, at most three, those that `router` finds best for what was lost. `announce`
    is told, before the first run, which agent it is and how many there may be. Raises ProviderError where the agent
    can't be had, does not list the skill, or can't tell the two controls apart: then nothing was measured.
    """
    candidate = result.described
    wanted = _Requests.of(result, trial.queries)
    if candidate.text == result.before.description or not wanted.positive:
        return Confirmed(_as_original(result), Confirmation(trial, Verdict.NOT_RUN))
    if not is_deployable(result.before.name):
        raise BadInputError(
            f"A runtime takes no skill of the name {result.before.name[:60]!r}.",
            "Name it in lowercase letters, digits and single hyphens, or leave --runtime out.",
        )
    siblings = {one.name: one.description for one in result.pool if one.role is Role.DISTRACTOR and one.description}
    siblings = {name: text for name, text in siblings.items() if is_deployable(name) and name != result.before.name}
    if len(siblings) < _FEWEST_SIBLINGS:
        raise BadInputError(
            "There are fewer than two other skills that a runtime would take.", "Name some with --library DIR."
        )
    _check_secrets([result.before.description, candidate.text, *siblings.values(), *wanted.all], trial)
    with open_agent(trial.runtime, trial.environment) as agent:
        version = agent.version()
        most = trial.runs * wanted.most_calls
        if announce:
            announce(f"Trying it in {trial.runtime.title} {version}: at most {most} runs.".replace(" :", ":"))
        bench = _Bench(agent, result.before.name, siblings, trial.runs)
        controls = bench.control(wanted.positive[:_CONTROLS])
        verdict, tried, found = _decide(bench, result, wanted, router)
        told = Confirmation(trial, verdict, version, bench.model, agent.calls, most, controls, tried)
    return Confirmed(found, told)


_OWN: Final = (Source.BODY, Source.PASSAGE)  # the skill's own words, the shorter ones first: a request is not long


class _Requests(NamedTuple):
    """What is asked: requests of the skill, and some that belong to others."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]

    @classmethod
    def of(cls, result: DescriptionResult, most: int) -> _Requests:
        """Those of users first, and of each kind those that drove nothing; then what the nearest others say they do."""
        measured = sorted(
            result.described.measured,
            key=lambda one: (_OWN.index(one.query.source) + 1 if one.query.source in _OWN else 0, not one.held_out),
        )
        positive = [one.query.text for one in measured if one.query.positive]
        routed = [one.query.text for one in measured if one.query.positive and one.before > 0]
        negative = [one.query.text for one in measured if not one.query.positive]
        rivals = [capability(one.description) for one in result.pool if one.role is Role.DISTRACTOR]
        both_ways = negative[: _RIVALS - 1] + [text for text in rivals if text]
        return cls(tuple((routed or positive)[:most]), tuple(dict.fromkeys(both_ways))[:_RIVALS])

    @property
    def all(self) -> tuple[str, ...]:
        """Both kinds."""
        return (*self.positive, *self.negative)

    @property
    def most_calls(self) -> int:
        """Runs for the controls, the original, the candidate and three that have to come back, each request once."""
        return 2 * len(self.positive[:_CONTROLS]) + (2 + _MOST_RESTORED) * len(self.all)


class _Answer(NamedTuple):
    loaded: bool
    others: tuple[str, ...]


class _Bench:
    """A skill among its siblings in an agent, under one description after the other."""

    def __init__(self, agent: Agent, name: str, siblings: Mapping[str, str], runs: int) -> None:
        self._agent, self._name, self._siblings, self._runs = agent, name, siblings, runs
        self.model = agent.runtime.model

    def ask(self, description: str, requests: Sequence[str]) -> list[_Answer]:
        """For each request whether the skill is loaded under a description, in at least half of the runs."""
        if not description:  # some agents list no such skill: nobody can ask for it
            return [_Answer(False, ())] * len(requests)
        self._agent.deploy(
            {one: skill_files(one, text) for one, text in self._siblings.items()}
            | {self._name: skill_files(self._name, description)}
        )
        answers = []
        for request in requests:
            turns = [self._agent.ask(request, self._name) for _ in range(self._runs)]
            self.model = next((turn.model for turn in turns if turn.model), self.model)
            times = sum(self._name in turn.loaded for turn in turns)
            others = dict.fromkeys(one for turn in turns for one in turn.loaded if one != self._name)
            answers.append(_Answer(times >= _OFTEN * self._runs, tuple(others)))
        return answers

    def control(self, requests: Sequence[str]) -> Controls:
        """Both controls. Raises ProviderError where the one that takes all is not loaded more often."""
        nothing, everything = (
            sum(answer.loaded for answer in self.ask(text, requests)) for text in (SAYS_NOTHING, TAKES_ALL)
        )
        if everything <= nothing:
            raise ProviderError(
                f"The measurement is void: {self._agent.runtime.title} loads the skill for {everything} of "
                f"{len(requests)} requests under a description that takes everything, and for {nothing} under one "
                "that says nothing.",
                "What it loads does not hang on the description; try requests that do not name the skill (--queries).",
            )
        return Controls(nothing, everything, len(requests))


def _decide(
    bench: _Bench, result: DescriptionResult, wanted: _Requests, router: Router
) -> tuple[Verdict, tuple[Tried, ...], DescriptionResult]:
    """Verdict, what was tried, and the result as it stands then."""
    before = bench.ask(result.before.description, wanted.all)
    count = len(wanted.positive)
    if not result.generated and not any(answer.loaded for answer in before[:count]):
        tried = _tried(wanted, before, before)
        return Verdict.OBSOLETE, tried, _as_original(result)
    tried = _tried(wanted, before, bench.ask(result.described.text, wanted.all))
    found, verdict = result, Verdict.PASSED
    for text, kept, back in _with_clauses_back(result, tried, router):
        if _holds(tried):
            break
        tried = _tried(wanted, before, bench.ask(text, wanted.all))
        found, verdict = _as_restored(result, text, kept, back, router), Verdict.RESTORED
    if _holds(tried):
        return verdict, tried, found
    return Verdict.ORIGINAL, tried, _as_original(result)


def _tried(wanted: _Requests, before: Sequence[_Answer], after: Sequence[_Answer]) -> tuple[Tried, ...]:
    count = len(wanted.positive)
    rows = zip(wanted.all, before, after, strict=True)
    return tuple(Tried(q, place < count, b.loaded, a.loaded, a.others) for place, (q, b, a) in enumerate(rows))


def _holds(tried: Sequence[Tried]) -> bool:
    """Whether nothing was lost or taken, and something is loaded at all."""
    return all(one.kept for one in tried) and any(one.positive and one.after for one in tried)


def _with_clauses_back(
    result: DescriptionResult, tried: Sequence[Tried], router: Router
) -> Iterator[tuple[str, frozenset[int], tuple[int, ...]]]:
    """Longer texts, each with one more clause that is best for what was lost, and still shorter than the original."""
    described, back = result.described, list[int]()
    clauses, kept = described.clauses, described.kept
    lost = [one for one in tried if not one.kept]
    queries, signs = [one.query for one in lost], [1 if one.positive else -1 for one in lost]
    target = Candidate(result.before.name, "", Role.TARGET)

    def helps(index: int) -> float:
        own = target._replace(description=clauses.join(kept | {index}))
        margins = router.margins(own, result.pool, queries, result.options.seed + FINAL_ORDER)
        return sum(sign * margin for sign, margin in zip(signs, margins, strict=True))

    while lost and len(back) < _MOST_RESTORED:
        gone = [clause.index for clause in clauses.all if clause.index not in kept]
        if not gone:
            return
        best = max(gone, key=lambda index: (helps(index), -index))
        back.append(best)
        kept = clauses.closure(kept | {best})
        text = clauses.join(kept)
        if result.counter.count(text) >= result.counter.count(clauses.text):
            return
        yield text, kept, tuple(back)


def _as_restored(
    result: DescriptionResult, text: str, kept: frozenset[int], back: tuple[int, ...], router: Router
) -> DescriptionResult:
    """The result with a text that clauses came back into."""
    described = result.described
    own = Candidate(result.before.name, text, Role.TARGET)
    queries = [one.query.text for one in described.measured]
    margins = router.margins(own, result.pool, queries, result.options.seed + FINAL_ORDER)
    measured = tuple(one._replace(after=after) for one, after in zip(described.measured, margins, strict=True))
    restored = tuple(dict.fromkeys((*described.restored, *back)))
    new = replace(described, text=text, status=Status.RESTORED, kept=kept, restored=restored, measured=measured)
    return replace(result, skill=with_description(result.before, text)[0], described=new)


def _as_original(result: DescriptionResult) -> DescriptionResult:
    """The result with the original in place of whatever was found."""
    original = result.before.description
    if result.described.text == original:
        return result
    clauses = split_clauses(original) if result.generated else result.described.clauses
    measured = tuple(one._replace(after=one.before) for one in result.described.measured)
    described = Described(
        clauses,
        original,
        Status.ORIGINAL if original else Status.MISSING,
        frozenset(clause.index for clause in clauses.all),
        {} if result.generated else result.described.pins,
        measured=() if result.generated else measured,
        effort=result.described.effort,
    )
    return replace(result, skill=result.before, described=described, generated=False)


def _check_secrets(texts: Sequence[str], trial: Trial) -> None:
    found = () if trial.allow_secrets else find_secrets("\n".join(texts))
    if found:
        raise RefusedError(
            f"The description or its queries seem to hold secrets ({found[0].kind}); nothing was sent to "
            f"{trial.runtime.title}.",
            "Take them out, leave --runtime out, or send them with --allow-secrets.",
        )
