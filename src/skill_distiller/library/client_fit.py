"""A library and what clients take (`routing/clients.toml`): how it stands, and how its descriptions fit a client."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.errors import BadInputError, SkillDistillerError, UsageError
from skill_distiller.routing.clients import Client, Limit, load_clients, load_limits
from skill_distiller.routing.library import Entry, Listed, Solution, solve
from skill_distiller.routing.oracle import Candidate, LexicalRouter, Oracle, Role, lexical_router, make_pool
from skill_distiller.routing.pinned import Pin, find_pins
from skill_distiller.routing.queries import Query, QuerySplit, Source, queries_from_body, routed_first
from skill_distiller.routing.shorten import MOST_CHARACTERS, Search, cut_at_word, shorten, shorten_openings
from skill_distiller.routing.split_clauses import split_clauses
from skill_distiller.run.describe_skill import DescriptionOptions, with_description
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE, Skill, count_line_ends
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import TokenCounter

_MARGINS: Final = (0.4, 0.0)  # shares of the leads that the rungs below the default keep
_MOST_SKILLS: Final = 2000
_MANUAL: Final = "disable-model-invocation"


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the client treats some skills, by name."""

    pinned: tuple[str, ...] = ()
    name_only: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()

    def of(self, name: str, skill: Skill) -> Listed:
        """How one is listed; what its frontmatter says of it comes last."""
        ways = ((self.manual, Listed.MANUAL), (self.name_only, Listed.NAME_ONLY), (self.pinned, Listed.PINNED))
        by_user = skill.frontmatter.fields.get(_MANUAL) is True
        return next((way for names, way in ways if name in names), Listed.MANUAL if by_user else Listed.FREE)

    def check(self, known: Collection[str]) -> None:
        """Raise UsageError for a name that no skill has."""
        for name in (*self.pinned, *self.name_only, *self.manual):
            if name not in known:
                raise UsageError(f"The library has no skill {name[:60]!r}.", "Name a folder of it.")


@dataclass(frozen=True, slots=True)
class FittedLibrary:
    """What was solved, the skills by folder, and the folders that hold no skill that could be read."""

    solution: Solution
    skills: dict[str, Skill]
    unread: tuple[str, ...]

    def changed(self) -> dict[str, Skill]:
        """The skills whose description is to be another one, with it, by folder name; a bare name needs no change."""
        found = {}
        for choice in self.solution.choices:
            if choice.action == "shorten":
                skill, refused = with_description(self.skills[choice.entry.folder], choice.text)
                if not refused:
                    found[choice.entry.folder] = skill
        return found


def fit_library(
    folder: Path,
    client: Client,
    window: int | None,
    treatment: Treatment,
    options: DescriptionOptions,
    counter: TokenCounter,
) -> FittedLibrary:
    """The library in a folder, fitted into the list of a client. Raises BadInputError where it holds no skill."""
    skills, unread = _read(folder)
    if not skills:
        raise BadInputError(
            f"The library {str(folder)!r} holds no skill.", f"Name a folder of folders with {SKILL_FILE}."
        )
    treatment.check(skills)
    candidates = [
        Candidate(name if client.by_folder else skill.name or name, skill.description) for name, skill in skills.items()
    ]
    router = lexical_router(candidates)
    size = client.fixed + sum(client.size(*one[:2]) for one in candidates)
    limit = client.limit(window)
    entries = []
    for candidate, (folder_name, skill) in zip(candidates, skills.items(), strict=True):
        target = candidate._replace(role=Role.TARGET)
        oracle = Oracle(router, target, make_pool(target, candidates, router), options.seed)
        found, _ = routed_first(queries_from_body(Reading(TrainedAnalyzer().analyze(skill))), oracle)
        queries = tuple(query.text for query in found)
        listed = treatment.of(folder_name, skill)
        # What fits needs no curves: they are what takes time.
        asked = listed is Listed.FREE and limit is not None and size > limit
        texts = _curve(candidate, candidates, queries, router, options, counter) if asked else (skill.description,)
        entries.append(Entry(folder_name, candidate.name, texts, queries, listed))
    return FittedLibrary(solve(entries, client, window, router), skills, unread)


def _read(folder: Path) -> tuple[dict[str, Skill], tuple[str, ...]]:
    try:
        places = sorted(place for place in folder.iterdir() if (place / SKILL_FILE).is_file())
    except OSError:
        raise BadInputError(f"Can't read the library {str(folder)!r}.", "Name a folder of skill folders.") from None
    if len(places) > _MOST_SKILLS:
        raise BadInputError(f"The library holds more than {_MOST_SKILLS:,} skills.", "Name a part of it.")
    skills, unread = {}, []
    for place in places:
        try:
            skills[place.name] = read_skill(place, MAX_BYTES)
        except SkillDistillerError:
            unread.append(place.name)
    return skills, tuple(unread)


def _curve(
    own: Candidate,
    library: Sequence[Candidate],
    queries: Sequence[str],
    router: LexicalRouter,
    options: DescriptionOptions,
    counter: TokenCounter,
) -> tuple[str, ...]:
    """Descriptions of one skill, each shorter than the one before: with less and less lead, what it does, nothing."""
    target = own._replace(role=Role.TARGET)
    pool = make_pool(target, library, router)
    others = [other for other in library if other.name != own.name and other.description]
    clauses = split_clauses(own.description)
    names = [other.name for other in library if other.name != own.name]
    pins = find_pins(clauses, siblings=names, keep=options.keep)
    split = QuerySplit(tuple(Query(text, Source.BODY) for text in queries), ())
    texts = [own.description]
    for margin in dict.fromkeys((options.margin, *_MARGINS)):
        oracle = Oracle(router, target, pool, options.seed, margin, others)
        search = Search(clauses, pins, oracle, split, counter, (shorten_openings,))
        texts.append(shorten(search).text)
    texts.append(clauses.join(set(pins)))
    texts.append(clauses.join({index for index, pin in pins.items() if pin is Pin.CAPABILITY}))
    found = [texts[0]]
    for text in (*(cut_at_word(text, MOST_CHARACTERS) for text in texts[1:]), ""):
        if len(text) < len(found[-1]):
            found.append(text)
    return tuple(found)


LISTING: Final = "listing"
BODIES: Final = "bodies"
WINDOW: Final = 200_000  # tokens of the context window where nothing else is said


class Sizes(NamedTuple):
    """How large a skill is: `by_part` what limits count, by part and unit; `listed` its entry in the list of clients.

    `listing` is its line in a listing, in tokens.
    """

    by_part: Mapping[str, Mapping[str, int]]
    listed: Mapping[str, int]
    listing: int


class Stand(NamedTuple):
    """How skills stand against a limit: `used` of `most`, and who is beyond it, with how much each takes.

    Of a listing `used` is all together, and beyond are those that no longer fit, counted in the order of the skills: a
    client that knows which skills are used least takes others. Of bodies `used` is all together, and nobody is beyond:
    no session reads all. Else `used` is the largest.
    """

    limit: Limit
    used: int
    most: int
    beyond: tuple[tuple[str, int], ...]


def listing_entry(skill: Skill) -> str:
    """What a session pays for a skill that is only listed: its name and its description."""
    return f"- {skill.name}: {_described(skill)}"


def _described(skill: Skill) -> str:
    use = skill.frontmatter.fields.get("when_to_use")
    return f"{skill.description} {use.strip()}" if isinstance(use, str) and use.strip() else skill.description


def sizes_of(skill: Skill, folder: str, counter: TokenCounter) -> Sizes:
    """The sizes of all that clients count; `folder` is the name of the skill's folder."""
    described = _described(skill)
    parts = {"name": skill.name, "description": skill.description, "entry": described, "body": skill.body}
    listed = {
        client.name: client.size(folder if client.by_folder else skill.name, described) for client in load_clients()
    }
    by_part = {part: _measure(text, counter) for part, text in parts.items()}
    return Sizes(by_part, listed, counter.count(f"{listing_entry(skill)}\n"))


def _measure(text: str, counter: TokenCounter) -> Mapping[str, int]:
    return {
        "characters": len(text),
        "bytes": len(text.encode("utf-8", "replace")),
        "tokens": counter.count(text),
        "lines": count_line_ends(text) + bool(text and not text.endswith("\n")),
    }


def stands_of(skills: Iterable[tuple[str, Sizes]], window: int) -> Iterator[Stand]:
    """How skills, each a place and its sizes, stand against each client; `window` 0 is one that is not known."""
    skills = list(skills)
    for limit in load_limits():
        if limit.on == BODIES:
            read = sum(min(limit.each, sizes.by_part["body"][limit.unit]) for _, sizes in skills)
            yield Stand(limit, read, limit.most, ())
            continue
        taken = [(place, sizes.by_part[limit.on][limit.unit]) for place, sizes in skills]
        beyond = tuple((place, size) for place, size in taken if size > limit.most)
        yield Stand(limit, max((size for _, size in taken), default=0), limit.most, beyond)
    for client in load_clients():
        if (most := client.limit(window)) is not None:
            yield _listing(client, most, ((place, sizes.listed[client.name]) for place, sizes in skills))


def _listing(client: Client, most: int, taken: Iterable[tuple[str, int]]) -> Stand:
    used, late = client.fixed, []
    for place, size in taken:
        used += size
        if used > most:
            late.append((place, size))
    limit = Limit(client.title, LISTING, client.unit, most, client.row["then"], client.source, client.date)
    return Stand(limit, used, most, tuple(late))


def find_client_titles(names: Iterable[str]) -> frozenset[str]:
    """The clients of some names or titles, as limits name them; raises UsageError for one that is not known."""
    titles = {limit.client.casefold().replace(" ", "-"): limit.client for limit in load_limits()}
    titles |= {client.name: client.title for client in load_clients()}
    found = []
    for name in names:
        title = titles.get(name.casefold().replace(" ", "-"))
        if title is None:
            known = ", ".join(dict.fromkeys(titles.values()))
            raise UsageError(f"There is no client {name[:60]!r}.", f"Clients: {known}.")
        found.append(title)
    return frozenset(found)
