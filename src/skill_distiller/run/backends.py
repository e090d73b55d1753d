"""Who does the thinking in a run: embedded models, or a language model chosen by options and environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.model import Analyzer
from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.checks.functionality import EmbeddedJudge, Judge
from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.planning.ladders import Models
from skill_distiller.providers.model import DEFAULT_TIMEOUT, NO_PROVIDER
from skill_distiller.rewriting.model import Renderer
from skill_distiller.rewriting.one_liner.model import OneLiner, OneLinerWriter
from skill_distiller.tokens import TokenCounter

if TYPE_CHECKING:
    from skill_distiller.providers.model import Watcher
    from skill_distiller.providers.session import Session
    from skill_distiller.rewriting.redundant import PhraseScorer
    from skill_distiller.skill.model import Skill


class EmbeddedOneLiner:
    """Writes the three lines in the skill's own words, without a language model."""

    def write(self, reading: Reading, counter: TokenCounter) -> OneLiner:
        """The three lines."""
        from skill_distiller.rewriting.one_liner.write import one_liner

        return one_liner(reading, counter)


@dataclass(frozen=True, slots=True)
class Backends:
    """Who does the thinking; embedded unless told otherwise. `renderers` work beside those of the models."""

    analyzer: Analyzer = field(default_factory=TrainedAnalyzer)
    judge: Judge = field(default_factory=EmbeddedJudge)
    models: Models = field(default_factory=Models)
    renderers: tuple[Renderer, ...] = ()
    one_liner: OneLinerWriter = field(default_factory=EmbeddedOneLiner)

    def with_scorer(self, scorer: PhraseScorer | None) -> Backends:
        """The same with a scorer of phrases."""
        return replace(self, models=replace(self.models, phrases=scorer))


@dataclass(frozen=True, slots=True)
class ProviderOptions:
    """What was asked for: a `provider` as `find_provider` takes it, a model, and how to deal with it.

    `timeout` is how many seconds a reply may take.
    """

    provider: str = "auto"
    model: str = ""
    with_ci: bool = False
    max_calls: int | None = None
    no_cache: bool = False
    offline: bool = False
    allow_secrets: bool = False
    timeout: float = DEFAULT_TIMEOUT

    @property
    def takes_what_is_there(self) -> bool:
        """Whether no model was asked for by name, so that a run may go on without one."""
        return self.provider == "auto" and not (self.model or self.with_ci)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The backends of a run; `session` is None and `hint` may say why where no model has a part in it."""

    backends: Backends
    session: Session | None = None
    hint: str = ""

    def close(self) -> None:
        """Give the connections of the session back."""
        if self.session:
            self.session.close()


def choose_backends(
    options: ProviderOptions,
    skills: Iterable[Skill],
    watcher: Watcher | None,
    *,
    accept_unproved: bool,
    one_liner: bool,
) -> Chosen:
    """The backends that the options mean here and now; `accept_unproved` is for the rewriter.

    The `skills` that will be worked on say what will be asked, all of it in one session; `one_liner` whether three
    lines will be asked for, or rewritings.

    Raises ProviderError where the provider asked for is not there, or `with_ci` finds no model.
    """
    session = open_session(options, watcher)
    if session is None:
        if options.with_ci:
            raise ProviderError("--with-ci asks a language model three times, and there is none.", NO_PROVIDER)
        return Chosen(Backends(), hint=NO_PROVIDER if options.provider == "auto" and not options.offline else "")
    samples = CI_SAMPLES if options.with_ci else 1
    backends = prompted_backends(session, skills, accept_unproved=accept_unproved, one_liner=one_liner, samples=samples)
    return Chosen(backends, session)


CI_SAMPLES: Final = 3  # times that a judge is asked for an interval


def prompted_backends(
    session: Session,
    skills: Iterable[Skill] = (),
    *,
    accept_unproved: bool = False,
    one_liner: bool = False,
    samples: int = 1,
) -> Backends:
    """The backends of a session with a language model, which is told what the `skills` will ask.

    The judge is asked `samples` times for each of its words.
    """
    from skill_distiller.prompted.judge import PromptedJudge
    from skill_distiller.prompted.one_liner import PromptedOneLiner
    from skill_distiller.prompted.read_skill import PromptedAnalyzer
    from skill_distiller.prompted.rewrite import PromptedRewriter
    from skill_distiller.prompted.synthesize import PromptedSynthesizer

    embedded = Backends()
    analyzer = PromptedAnalyzer(session, embedded.analyzer)
    judge = PromptedJudge(session, embedded.judge, samples)
    writer = PromptedOneLiner(session, embedded.one_liner)
    rewriter = PromptedRewriter(session, accept_unproved, judged=True)
    renderers = (rewriter, PromptedSynthesizer(session))
    for skill in skills:
        for part in (analyzer, writer if one_liner else rewriter, judge):
            session.expect(part.expected(skill))
    return Backends(analyzer, judge, renderers=renderers, one_liner=writer)


def open_session(options: ProviderOptions, watcher: Watcher | None) -> Session | None:
    """A session with the model that the options mean here and now; None for none.

    Raises ProviderError where the provider asked for is not there.
    """
    if options.provider == "embedded":  # nothing is loaded to look for it
        return None
    from skill_distiller.providers.detect import find_provider, open_provider

    found = find_provider(options.provider, options.model, offline=options.offline)
    if found is None:
        return None
    from skill_distiller.providers.cache import DiskCache, default_folder
    from skill_distiller.providers.session import Limits, Session

    limits = Limits(options.max_calls, options.offline, options.allow_secrets)
    store = DiskCache(default_folder()) if not options.no_cache else None
    return Session(open_provider(found, options.timeout), store, limits, watcher=watcher)


def choose_token_scorer(choice: str) -> PhraseScorer | None:
    """The scorer of phrases by its name on the command line; raises UsageError where it can't be had."""
    if choice == "none":
        return None
    if choice != "local":
        raise UsageError(f"There is no token scorer {choice!r}.", "Token scorers: none, local.")
    from skill_distiller.rewriting.redundant import LocalScorer

    return LocalScorer()
