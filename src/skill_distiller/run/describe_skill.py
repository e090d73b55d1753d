"""One description: read what there is to choose among, shorten or write it, put it back into its frontmatter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.errors import BadInputError
from skill_distiller.routing.clauses import Clauses
from skill_distiller.routing.generate import extract_description
from skill_distiller.routing.oracle import (
    DISTRACTORS,
    LEXICAL,
    MARGIN_KEPT,
    Candidate,
    Oracle,
    Role,
    Router,
    lexical_router,
    make_pool,
    make_shadow,
)
from skill_distiller.routing.pinned import find_pins
from skill_distiller.routing.queries import (
    Query,
    QuerySplit,
    passages_from_body,
    queries_from_body,
    quoted_queries,
    routed_first,
    split_own,
    split_queries,
)
from skill_distiller.routing.shorten import (
    MOST_CHARACTERS,
    Described,
    Rung,
    Search,
    Status,
    measure,
    shorten,
    shorten_openings,
    shorten_wording,
)
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.skill.frontmatter import BOM, set_field, split_frontmatter
from skill_distiller.skill.model import SKILL_FILE, Frontmatter, FrontmatterState, Skill, split_lines
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.tokens import TokenCounter

DEFAULT_SEED: Final = 20260
SHORT_TOKENS: Final = 40  # a description of so many is short: it is written anew where it does not route
_HEAD_BYTES: Final = 100_000  # of a sibling's file: its frontmatter is within
_MOST_SIBLINGS: Final = 5000
_LONGEST_SIBLING: Final = 4000  # characters of its description that are compared


class Generate(StrEnum):
    """When a description is written from the body."""

    AUTO = "auto"  # where there is none, or a short one that routes no query
    ALWAYS = "always"
    NEVER = "never"


class Note(StrEnum):
    """What a user should know of a description besides the figures."""

    UNMEASURED = "nothing to measure"
    CUT = "cut to the limit"
    MINIMAL = "already minimal"
    FRONTMATTER = "frontmatter not changed"
    FEW_SIBLINGS = "few siblings"
    OWN_QUERIES = "queries from the body"
    MODEL_UNUSED = "model without usable answer"
    OVER_LIMIT = "over the limit"


class Model(Protocol):
    """A language model that reads descriptions; each part is None, or empty, where it gave no usable answer."""

    @property
    def router(self) -> Router:
        """Chooses skills for requests as an agent would."""

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Say the clauses that stay in fewer words."""

    def admit(self, skill: Skill) -> None:
        """Look through all that may be sent; raises where it may not be."""

    def segment(self, description: str) -> Clauses | None:
        """The clauses of a description."""

    def queries(self, skill: Skill) -> tuple[Query, ...]:
        """Requests that the body answers, and near misses."""

    def write(self, skill: Skill) -> str | None:
        """A description written from name and body, each of its facts checked against them."""


@dataclass(frozen=True, slots=True)
class DescriptionOptions:
    """How a description is shortened: the seed, the share of margins to keep (0-1), what stays, when to write one."""

    seed: int = DEFAULT_SEED
    margin: float = MARGIN_KEPT
    keep: tuple[str, ...] = ()
    generate: Generate = Generate.AUTO


@dataclass(frozen=True, slots=True)
class DescriptionResult:
    """A skill with its new description: what was done, by which router, against which pool.

    `skill` is the original with only its description changed; `generated` says that the text was written
    from the body, `original` of `described` being empty, or what was replaced.
    """

    before: Skill
    skill: Skill
    described: Described
    counter: TokenCounter
    router: str
    options: DescriptionOptions
    pool: tuple[Candidate, ...]
    notes: tuple[Note, ...]
    generated: bool = False

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens of the description before and after."""
        return self.counter.count(self.before.description), self.counter.count(self.described.text)


def read_siblings(folder: Path) -> tuple[Candidate, ...]:
    """The skills of a library, one folder each, by folder name: what their frontmatters say.

    What can't be read is passed over: it is no skill that an agent would choose. Raises BadInputError where the
    folder itself can't be read.
    """
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir())[:_MOST_SIBLINGS]
    except OSError:
        raise BadInputError(f"Can't read the library {str(folder)!r}.", "Name a folder of skill folders.") from None
    found = []
    for place in folders:
        if (frontmatter := _read_frontmatter(place / SKILL_FILE)) is not None:
            fields = frontmatter.fields
            name, description = fields.get("name"), fields.get("description")
            found.append(
                Candidate(
                    name.strip() if isinstance(name, str) and name.strip() else place.name,
                    description.strip()[:_LONGEST_SIBLING] if isinstance(description, str) else "",
                )
            )
    return tuple(found)


def as_candidate(skill: Skill) -> Candidate:
    """A skill as `read_siblings` has it."""
    return Candidate(skill.name, skill.description[:_LONGEST_SIBLING])


def as_neighbor(result: DescriptionResult) -> Candidate:
    """A skill with its new description as those that come after it meet it: with the requests that it routes."""
    own = tuple(one.query.text for one in result.described.measured if one.query.positive and one.after > 0)
    return as_candidate(result.skill)._replace(requests=own)


def _read_frontmatter(file: Path) -> Frontmatter | None:
    try:
        text = read_regular(file, _HEAD_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
    return split_frontmatter(split_lines(text))[0]


def describe_skill(
    skill: Skill,
    library: Sequence[Candidate],
    options: DescriptionOptions,
    counter: TokenCounter,
    *,
    queries: Sequence[Query] = (),
    model: Model | None = None,
) -> DescriptionResult:
    """The skill with the shortest description that still routes, or with one where it had none.

    `queries` are real requests; without any they come from the model, or from the body. What a frontmatter
    does not let be changed stays, and a note says so.
    """
    notes: list[Note] = []
    if skill.frontmatter.state not in (FrontmatterState.OK, FrontmatterState.MISSING):
        left = Described(split_clauses(""), "", Status.MISSING, frozenset())
        return DescriptionResult(skill, skill, left, counter, LEXICAL, options, (), (Note.FRONTMATTER,))
    reading = None
    if model:
        model.admit(skill)
    if not queries and model:
        queries = model.queries(skill)
        notes += [] if queries else [Note.MODEL_UNUSED]
    if not queries:
        reading = reading_of(skill)
        queries = queries_from_body(reading)
        notes.append(Note.OWN_QUERIES)
    passages = passages_from_body(reading) if reading and not model else ()
    job = _Job(skill, tuple(library), options, counter, passages, tuple(queries), model)
    described = job.shorten(skill.description) if skill.description else job.missing()
    if generated := job.wants_new(described):
        text = (model.write(skill) if model else None) or extract_description(reading or reading_of(skill), counter)
        new = job.describe_new(text)
        generated = bool(text) and (options.generate is Generate.ALWAYS or new.rate > described_rate(described))
        described = new.described if generated else described
    changed, refused = with_description(skill, described.text)
    if refused:
        described = replace(described, text=skill.description, status=Status.ORIGINAL)
        generated = False
    notes += list(_notes(job, described, refused))
    return DescriptionResult(
        skill,
        changed,
        described,
        counter,
        job.router.name,
        options,
        job.pool(described.original),
        tuple(notes),
        generated,
    )


def described_rate(described: Described) -> float:
    """The share (0-1) of the positive queries that route under the description as it stands."""
    own = [one for one in described.measured if one.query.positive]
    return sum(one.after > 0 for one in own) / len(own) if own and described.text else 0.0


def reading_of(skill: Skill) -> Reading:
    return Reading(TrainedAnalyzer().analyze(skill))


@dataclass(frozen=True, slots=True)
class _New:
    """A description that was written, and the share (0-1) of the queries that it routes."""

    described: Described
    rate: float


class _Job:
    """What the steps of one description share."""

    def __init__(
        self,
        skill: Skill,
        library: tuple[Candidate, ...],
        options: DescriptionOptions,
        counter: TokenCounter,
        passages: tuple[Query, ...],
        queries: tuple[Query, ...],
        model: Model | None,
    ) -> None:
        self.skill, self.library, self.options, self.counter, self.model = skill, library, options, counter, model
        self.passages, self.queries = passages, queries
        own = Candidate(skill.name, skill.description, Role.TARGET)
        self._lexical = lexical_router([own, *library])
        self.router: Router = model.router if model else self._lexical

    def pool(self, description: str) -> tuple[Candidate, ...]:
        """Those that a description has to win against; a model has a shadow among them."""
        own = Candidate(self.skill.name, description, Role.TARGET)
        found = make_pool(own, self.library, self._lexical)
        shadow = make_shadow(own, self._lexical.weights) if self.model else None
        return (*found, shadow) if shadow else found

    def _search(self, description: str, *, written: bool = False) -> Search:
        """What a description is shortened with; of one that was `written` here no query may be left out."""
        own = Candidate(self.skill.name, description, Role.TARGET)
        # A model would be asked about each skill of it again and again.
        whole = () if self.model else tuple(one for one in self.library if one.description)
        oracle = Oracle(self.router, own, self.pool(description), self.options.seed, self.options.margin, whole)
        clauses = (self.model.segment(description) if self.model and not written else None) or split_clauses(
            description
        )
        names = [sibling.name for sibling in self.library if sibling.name != self.skill.name]
        pins = find_pins(clauses, siblings=names, keep=self.options.keep, lexical=self.model is None)
        rungs = (shorten_openings, shorten_wording(self.counter), *(self.model.rungs if self.model else ()))
        split = self._split(oracle, written=written)
        quoted = () if self.model else quoted_queries(description)
        split = split._replace(driving=tuple(dict.fromkeys((*split.driving, *quoted))))
        return Search(clauses, pins, oracle, split, self.counter, rungs)

    def _split(self, oracle: Oracle, *, written: bool) -> QuerySplit:
        if written:
            return split_queries(self.queries, self.options.seed)
        if self.passages:
            return split_own(self.passages, self.queries, oracle, self.options.seed)
        first, further = routed_first(self.queries, oracle)
        split = split_queries(first, self.options.seed)
        return split._replace(held_out=(*split.held_out, *further))

    def shorten(self, description: str) -> Described:
        """The shortest description that still routes."""
        return shorten(self._search(description))

    def missing(self) -> Described:
        """That there is none."""
        return Described(split_clauses(""), "", Status.MISSING, frozenset())

    def wants_new(self, described: Described) -> bool:
        """Whether one is to be written: there is none, or a short one that routes no query, as the options have it."""
        if self.options.generate is not Generate.AUTO:
            return self.options.generate is Generate.ALWAYS
        if not self.skill.description:
            return True
        short = self.counter.count(self.skill.description) <= SHORT_TOKENS
        return short and described.status is Status.UNMEASURED and bool(self.queries)

    def describe_new(self, text: str) -> _New:
        """What a text that was written does."""
        search = self._search(text, written=True)
        measured = measure(search, text)
        kept = frozenset(clause.index for clause in search.clauses.all)
        described = Described(search.clauses, text, Status.GENERATED, kept, measured=measured)
        return _New(described, described_rate(described))


def with_description(skill: Skill, text: str) -> tuple[Skill, bool]:
    """The skill with a description in its frontmatter, and whether that does not let itself be changed."""
    if text == skill.description:
        return skill, False
    bare = skill.frontmatter
    missing = bare.state is FrontmatterState.MISSING
    if missing:
        ends = "\r\n" if "\r\n" in skill.body else "\n"
        mark = BOM if skill.body.startswith(BOM) else ""
        fields = (["name: x"] if skill.name else []) + ["description: x"]
        bare = parse_skill(mark + ends.join(["---", *fields, "---", "", ""])).frontmatter
    try:
        frontmatter = set_field(bare, "description", text)
        if missing and skill.name:
            frontmatter = set_field(frontmatter, "name", skill.name)
    except BadInputError:
        return skill, True
    body = skill.body.removeprefix(BOM) if missing else skill.body
    return parse_skill(frontmatter.raw + body, skill.path), False


def _notes(job: _Job, described: Described, refused: bool) -> list[Note]:
    checks = (
        (refused, Note.FRONTMATTER),
        (described.status is Status.UNMEASURED, Note.UNMEASURED),
        (described.cut, Note.CUT),
        (described.status is Status.ORIGINAL and not refused, Note.MINIMAL),
        (sum(sibling.name != job.skill.name for sibling in job.library) < DISTRACTORS, Note.FEW_SIBLINGS),
        (len(described.text) > MOST_CHARACTERS, Note.OVER_LIMIT),
    )
    return [note for holds, note in checks if holds]
