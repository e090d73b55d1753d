"""Examples of the alignment: models say what users would ask of a skill, and answer as the skill says.

An evaluator writes the questions, the target model itself the answers, tool traces and what the tools return (the
paper's Algorithm 2). Who answers sees the skill and how to follow it; what is kept of it is the bare question. Each
reply goes into the cache of its session, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.prompted.exchange import Prompt, new_boundary, read_prompt
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Question, Session
from skill_distiller.soft.examples import Example, TraceStep, scratchpad
from skill_distiller.soft.reconstruction import FoundSkill, share_of, source_of
from skill_distiller.soft.train_settings import PHASES
from skill_distiller.tokens import estimate_tokens

_PACKAGE: Final = "skill_distiller.soft"
EVALUATE: Final = read_prompt("evaluate", _PACKAGE)
SPLIT: Final = read_prompt("split", _PACKAGE)
ANSWER: Final = read_prompt("answer", _PACKAGE)
STEP: Final = read_prompt("step", _PACKAGE)
SIMULATE: Final = read_prompt("simulate", _PACKAGE)
FINISH: Final = "finish"
_ANSWER_TOKENS: Final = 4096
_STEP_TOKENS: Final = 1024
_ASK_TOKENS: Final = 120  # of a question in a reply
_LEAST_PARTS: Final = 2
_MOST_PARTS: Final = 6
_MOST_TOOLS: Final = 12
_SAMPLE: Final = 1  # answers are drawn, as a user would get them


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """What is made of each skill; shares are of skills, and decided by a hash of the skill."""

    questions: int = 5
    least_quality: float = 1.0
    split_share: float = 0.5
    trace_share: float = 0.6
    most_steps: int = 8
    seed: int = 42


class Tool(NamedTuple):
    """A tool that a skill has an agent use."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """A skill, what the evaluator said of it, and the bodies that will be compressed in its place."""

    found: FoundSkill
    id: str
    questions: tuple[str, ...]
    parts: int
    tools: tuple[Tool, ...]
    bodies: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """The whole body, which questions and answers are made from."""
        return self.found.skill.body

    def example(self, number: str, query: str, answer: str = "", steps: tuple[TraceStep, ...] = ()) -> Example:
        name = f"{self.id}/{number}"
        return Example(name, PHASES[2], self.bodies, query, answer, None, steps, source_of(self.found))


def expected_calls(skills: Sequence[FoundSkill], options: AlignmentOptions) -> tuple[Expected, Expected]:
    """About what evaluator and answerer will be asked, all skills being good and all traces long."""
    tokens = sum(estimate_tokens(found.skill.body) for found in skills)
    questions = len(skills) * options.questions * _ASK_TOKENS
    ask = Expected(
        round(len(skills) * (1 + options.split_share)),
        round(tokens * (1 + 2 * options.split_share)) + questions,
        questions,
    )
    turns = options.trace_share * options.most_steps
    calls = len(skills) * options.questions + round(2 * turns * len(skills))
    replies = calls * _STEP_TOKENS // 2
    answer = Expected(calls, round(tokens * (options.questions + turns)) + replies, replies)
    return ask, answer


def build_alignment(
    skills: Sequence[FoundSkill], evaluator: Session, answerer: Session, options: AlignmentOptions
) -> tuple[tuple[Example, ...], Mapping[str, int]]:
    """The examples of some skills, and how many skills, answers and traces came to nothing, by reason.

    Raises RefusedError where a skill seems to hold secrets and would leave the machine, ProviderError where a model
    can't be had.
    """
    dropped = Counter[str]()
    for found in skills:
        evaluator.admit(found.skill.text)
        answerer.admit(found.skill.text)
    plans = _split(_evaluate(skills, evaluator, options, dropped), evaluator, options, dropped)
    examples = _answers(plans, answerer, dropped) + _traces(plans, answerer, options, dropped)
    return tuple(sorted(examples, key=lambda example: example.id)), dict(dropped)


def _ask(
    prompt: Prompt, values: Mapping[str, str], read: Callable[[dict[str, object]], Any], tokens: int, *,
    count: int = 1, sample: int = 0,
) -> Question[Any]:  # fmt: skip
    boundary = new_boundary(values.values())
    request = prompt.request(
        tokens, count=count, sample=sample, boundary=boundary, values={"count": str(count), **values}
    )
    return Question(request, read)


def _evaluate(
    skills: Sequence[FoundSkill], session: Session, options: AlignmentOptions, dropped: Counter[str]
) -> list[_Plan]:
    count = options.questions
    tokens = _STEP_TOKENS + count * _ASK_TOKENS
    questions = [
        _ask(EVALUATE, {"skill": found.skill.body}, lambda value: value, tokens, count=count) for found in skills
    ]
    plans = []
    for found, reply in zip(skills, session.ask_all(questions), strict=True):
        if isinstance(reply, MalformedReplyError | PromptTooLongError):
            dropped["skills that were not evaluated"] += 1
            continue
        plan = _plan(found, reply, options)
        if plan:
            plans.append(plan)
        else:
            dropped["skills of low quality or without questions"] += 1
    return plans


def _plan(found: FoundSkill, reply: Mapping[str, Any], options: AlignmentOptions) -> _Plan | None:
    quality, parts = reply.get("quality"), reply.get("parts")
    asked = tuple(dict.fromkeys(_texts(reply.get("questions"), "question")))[: options.questions]
    if not isinstance(quality, int | float) or quality < options.least_quality or not asked:
        return None
    named = [item for item in reply.get("tools") or () if isinstance(item, dict)] if reply.get("uses_tools") else []
    tools = tuple(Tool(*(str(item.get(key, "")) for key in Tool._fields)) for item in named[:_MOST_TOOLS])
    digest = source_of(found).sha256[:16]
    wanted = parts if isinstance(parts, int) and _LEAST_PARTS <= parts <= _MOST_PARTS else 1
    return _Plan(found, digest, asked, wanted, tuple(tool for tool in tools if tool.name.strip()))


def _texts(value: object, key: str) -> list[str]:
    items = value if isinstance(value, list) else []
    texts = (item.get(key) for item in items if isinstance(item, dict))
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def _split(plans: Sequence[_Plan], session: Session, options: AlignmentOptions, dropped: Counter[str]) -> list[_Plan]:
    """The plans with their bodies: the skill's own, or those of the parts it was divided into."""
    divided = [
        plan for plan in plans if plan.parts > 1 and share_of(f"{options.seed}/split/{plan.id}") < options.split_share
    ]
    questions = [
        _ask(SPLIT, {"skill": plan.text}, lambda value: _texts(value.get("skills"), "body"),
             estimate_tokens(plan.text) * 2, count=plan.parts)
        for plan in divided
    ]  # fmt: skip
    bodies = {}
    for plan, reply in zip(divided, session.ask_all(questions), strict=True):
        if isinstance(reply, list) and len(reply) == plan.parts:
            bodies[plan.id] = tuple(reply)
        else:
            dropped["skills that were not divided"] += 1
    return [replace(plan, bodies=bodies.get(plan.id, (plan.text,))) for plan in plans]


def _answers(plans: Sequence[_Plan], session: Session, dropped: Counter[str]) -> list[Example]:
    wanted = [(plan, number, query) for plan in plans for number, query in enumerate(plan.questions)]
    questions = [
        _ask(ANSWER, {"skill": plan.text, "query": query}, lambda value: value, _ANSWER_TOKENS, sample=_SAMPLE)
        for plan, _, query in wanted
    ]
    examples = []
    for (plan, number, query), reply in zip(wanted, session.ask_all(questions), strict=True):
        said = {} if isinstance(reply, MalformedReplyError | PromptTooLongError) else reply
        if said.get("whole") and said["text"]:
            examples.append(plan.example(f"q{number}", query, said["text"]))
        else:
            dropped["answers that are empty, cut or refused"] += 1
    return examples


@dataclass(slots=True)
class _Trace:
    """A trace under way."""

    plan: _Plan
    query: str
    steps: list[TraceStep] = field(default_factory=list)
    state: str = "open"

    @property
    def tools(self) -> str:
        return "\n".join(f"- {tool.name}: {tool.description} Parameters: {tool.parameters}" for tool in self.plan.tools)


def _traces(
    plans: Sequence[_Plan], session: Session, options: AlignmentOptions, dropped: Counter[str]
) -> list[Example]:
    """One trace for each skill with tools that is drawn, all of them a step at a time."""
    traces = [
        _Trace(plan, plan.questions[0])
        for plan in plans
        if plan.tools and share_of(f"{options.seed}/trace/{plan.id}") < options.trace_share
    ]
    for _ in range(options.most_steps):
        under_way = [trace for trace in traces if trace.state == "open"]
        _act(under_way, session)
        _observe([trace for trace in under_way if trace.state == "open"], session)
    dropped["traces without an end"] += sum(trace.state != "done" for trace in traces)
    return [
        trace.plan.example("trace", trace.query, steps=tuple(trace.steps)) for trace in traces if trace.state == "done"
    ]


def _act(traces: Sequence[_Trace], session: Session) -> None:
    questions = [
        _ask(STEP, {"skill": trace.plan.text, "tools": trace.tools, "query": scratchpad(trace.query, trace.steps)},
             lambda value: value, _STEP_TOKENS, sample=_SAMPLE)
        for trace in traces
    ]  # fmt: skip
    for trace, reply in zip(traces, session.ask_all(questions), strict=True):
        value = {} if isinstance(reply, MalformedReplyError | PromptTooLongError) else reply
        thought, action, given = (str(value.get(key, "")).strip() for key in ("thought", "action", "input"))
        known = {tool.name for tool in trace.plan.tools}
        if action not in (FINISH, *known) or not given:
            trace.state = "failed"
            continue
        trace.steps.append(TraceStep(thought, f"{action}[{given}]"))
        if action == FINISH:
            trace.state = "done"


def _observe(traces: Sequence[_Trace], session: Session) -> None:
    """What the tools return, failures included: a trace in which nothing ever fails teaches nothing about failing."""
    questions = [
        _ask(SIMULATE, {"tools": trace.tools, "query": scratchpad(trace.query, trace.steps)},
             lambda value: value, _STEP_TOKENS, sample=_SAMPLE)
        for trace in traces
    ]  # fmt: skip
    for trace, reply in zip(traces, session.ask_all(questions), strict=True):
        value = {} if isinstance(reply, MalformedReplyError | PromptTooLongError) else reply
        seen = value.get("observation")
        if not isinstance(seen, str) or not seen.strip():
            trace.state = "failed"
            continue
        last = trace.steps[-1]
        trace.steps[-1] = TraceStep(last.thought, last.action, seen.strip())
