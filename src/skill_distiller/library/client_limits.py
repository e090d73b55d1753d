"""How a skill or a library stands against what clients take (`routing/clients.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from skill_distiller.errors import UsageError
from skill_distiller.routing.clients import Client, Limit, load_clients, load_limits
from skill_distiller.skill.model import Skill, count_line_ends
from skill_distiller.tokens import TokenCounter

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
