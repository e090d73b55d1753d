"""A run: what is asked for, and what is at hand to do it: who does the thinking, embedded models or a named one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.analysis.reading import Analyzer, Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.checks.receipt import EmbeddedJudge, Judge
from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.planning.choose import Observer
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.saved_plan import SavedPlan
from skill_distiller.providers.model import DEFAULT_TIMEOUT, NO_PROVIDER, Spending
from skill_distiller.rewriting.model import Renderer, Wording
from skill_distiller.rewriting.one_liner.model import OneLiner, OneLinerWriter
from skill_distiller.tokens import DEFAULT_ENCODING, TokenCounter, load_counter

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
class Judging:
    """Who judges results, "" for the one who makes them, and whether that is asked three times for an interval."""

    judge_provider: str = ""
    judge_model: str = ""
    with_ci: bool = False


@dataclass(frozen=True, slots=True)
class ProviderOptions:
    """What was asked for: a `provider` as `find_provider` takes it, a model, and how to deal with it.

    `timeout` is how many seconds a reply may take.
    """

    provider: str = "auto"
    model: str = ""
    judging: Judging = field(default_factory=Judging)
    spending: Spending = field(default_factory=Spending)
    no_cache: bool = False
    offline: bool = False
    allow_secrets: bool = False
    timeout: float = DEFAULT_TIMEOUT

    @property
    def takes_what_is_there(self) -> bool:
        """Whether no model was asked for by name, so that a run may go on without one."""
        return self.provider == "auto" and not self.model and self.judging == type(self.judging)()

    @property
    def judge(self) -> ProviderOptions | None:
        """What was asked for as a judge of its own, None where there is none."""
        named = self.judging
        if not (named.judge_provider or named.judge_model):
            return None
        return replace(self, provider=named.judge_provider or self.provider, model=named.judge_model)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The backends of a run; `sessions` is empty and `hint` may say why where no model has a part in it.

    The last of them is that of the judge.
    """

    backends: Backends
    sessions: tuple[Session, ...] = ()
    hint: str = ""

    def close(self) -> None:
        """Give the connections of the sessions back."""
        for session in self.sessions:
            session.close()


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
        if options.judging.with_ci:
            raise ProviderError("--with-ci asks a language model three times, and there is none.", NO_PROVIDER)
        if options.judge:
            raise UsageError("A judge needs results of a language model, and there is none.", "Name one: --provider.")
        return Chosen(Backends(), hint=NO_PROVIDER if options.provider == "auto" and not options.offline else "")
    judge = open_session(options.judge, watcher) if options.judge else session
    if judge is None:
        raise UsageError("The judge has to be a model.", "Name one with --judge-provider and --judge-model.")
    backends = prompted_backends(
        session,
        skills,
        accept_unproved=accept_unproved,
        one_liner=one_liner,
        samples=CI_SAMPLES if options.judging.with_ci else 1,
        judging=judge,
    )
    return Chosen(backends, tuple(dict.fromkeys((session, judge))))


CI_SAMPLES: Final = 3  # times that a judge is asked for an interval


def prompted_backends(
    session: Session,
    skills: Iterable[Skill] = (),
    *,
    accept_unproved: bool = False,
    one_liner: bool = False,
    samples: int = 1,
    judging: Session | None = None,
) -> Backends:
    """The backends of a session with a language model, which is told what the `skills` will ask.

    The judge is asked `samples` times for each of its words, in the session `judging` where it has one of its own.
    """
    from skill_distiller.prompted.judge import PromptedJudge
    from skill_distiller.prompted.read_skill import PromptedAnalyzer
    from skill_distiller.prompted.rewrite import PromptedRewriter
    from skill_distiller.prompted.short_texts import PromptedOneLiner, PromptedSynthesizer

    embedded = Backends()
    analyzer = PromptedAnalyzer(session, embedded.analyzer)
    judging = judging or session
    judge = PromptedJudge(judging, embedded.judge, samples)
    writer = PromptedOneLiner(session, embedded.one_liner)
    rewriter = PromptedRewriter(session, accept_unproved, judged=True)
    renderers = (rewriter, PromptedSynthesizer(session, rewriter))
    for skill in skills:
        for part in (analyzer, writer if one_liner else rewriter):
            session.expect(part.expected(skill))
        judging.expect(judge.expected(skill))
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

    limits = Limits(options.spending, options.offline, options.allow_secrets)
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


DEFAULT_THRESHOLD: Final = 0.9


@dataclass(frozen=True, slots=True)
class KeptPieces:
    """The pieces that stay as they are: by id (see `find_pieces`), and sections by heading.

    Those that are `moved` (ids) stay in the folder: where the result is without them they move into a reference, and a
    pointer stands in their place, whose tokens no budget counts. That takes a SkillFolder. With `everything` no piece
    goes but what is said together with others or repeats one that stays.
    """

    ids: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        """Whether any piece is named."""
        return bool(self.ids or self.sections or self.moved)


@dataclass(frozen=True, slots=True)
class Counting:
    """What tokens are counted in: a tiktoken encoding, or `estimate`.

    With `offline` the ranks of an encoding that are not shipped are not fetched: counts are estimates then.
    """

    encoding: str = DEFAULT_ENCODING
    offline: bool = False


class Gate(StrEnum):
    """What becomes of a result that fails its own verification.

    REFUSE: there is none. STRICT: besides, a skill without frontmatter or trigger section is an error. REPORT: it
    comes out, and its verification says what is wrong.
    """

    REFUSE = "refuse"
    STRICT = "strict"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class DistillOptions:
    """What to aim at: in threshold mode the functionality to keep, 0-1; in tokens mode the most tokens of the result.

    `gate` says what becomes of a result that fails its verification, `wording` how far what stays may change.
    `patterns` are the user's own, which count beside those of the reference.

    The pieces to `keep` are added to the result without them. With a `plan` nothing is chosen: it is applied, and
    `mode`, `threshold`, `tokens` and `wording` only say what it was made with.
    """

    threshold: float = DEFAULT_THRESHOLD
    counting: Counting = field(default_factory=Counting)
    gate: Gate = Gate.REFUSE
    wording: Wording = Wording.DETAIL
    mode: Mode = Mode.THRESHOLD
    tokens: int | None = None
    patterns: PatternSet = BUILT_IN
    keep: KeptPieces = field(default_factory=KeptPieces)
    plan: SavedPlan | None = None

    def __post_init__(self) -> None:
        """A number of tokens alone means tokens mode; raises UsageError for what is no mode or no wording.

        From code without types a text may come, which would be taken for the default.
        """
        if not isinstance(self.mode, Mode):
            raise UsageError(f"The mode {self.mode!r} is no Mode.", f"Modes: {', '.join(Mode.__members__)}.")
        if not isinstance(self.wording, Wording):
            raise UsageError(f"The wording {self.wording!r} is no Wording.", f"Wordings: {', '.join(Wording)}.")
        if self.tokens is not None and self.mode is Mode.THRESHOLD:
            object.__setattr__(self, "mode", Mode.TOKENS)


def check_options(options: DistillOptions) -> None:
    """Raises UsageError for options that make no sense or do not go together."""
    if not 0 <= options.threshold <= 1:
        hint = (
            f"Did you mean {options.threshold / 100:g}?" if 10 <= options.threshold <= 100 else "Use for example 0.9."
        )
        raise UsageError(f"The threshold {options.threshold:g} is not between 0 and 1.", hint)
    if (options.tokens is not None) != (options.mode is Mode.TOKENS):
        raise UsageError(
            "Tokens mode needs a number of tokens, and only tokens mode takes one.",
            "Use --tokens=N; in Python tokens=N.",
        )
    if options.tokens is not None and options.tokens < 1:
        raise UsageError(f"{options.tokens} is not a number of tokens.", "Use for example --tokens=500.")
    if options.mode is Mode.ONELINER and (options.keep or options.keep.everything or options.plan):
        raise UsageError("The three lines of oneliner mode hold no pieces of the original.", "Use another mode.")


def watch_nothing(stage: str, value: object) -> None:
    """The observer of a run that nobody watches."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked for (`options`), who does the thinking (`backends`), and who is told of each stage (`observe`).

    A run holds nothing that belongs to one skill: many skills can go through it, in threads and in
    worker processes (an embedded run can be pickled).
    """

    options: DistillOptions = field(default_factory=DistillOptions)
    backends: Backends = field(default_factory=Backends)
    observe: Observer = watch_nothing

    @property
    def counter(self) -> TokenCounter:
        """What counts tokens in the encoding asked for; raises UsageError for an encoding that is not known."""
        return load_counter(self.options.counting.encoding, offline=self.options.counting.offline)

    @property
    def models(self) -> Models:
        """What planning uses: the models of the backends, with all renderers, and how far words may go."""
        models = self.backends.models
        renderers = models.renderers + self.backends.renderers
        keep = self.options.keep
        return replace(
            models,
            renderers=renderers,
            wording=self.options.wording,
            trims=models.trims and not keep.everything,
            drops=not keep.everything,
        )

    @property
    def token_scorer(self) -> str:
        """Who measures how much a phrase tells; "" where no phrases are scored."""
        return self.backends.models.phrases.name if self.backends.models.phrases else ""
