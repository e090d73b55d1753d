"""What `description` saves, and what real requests do under it: `python -m lab.routing [--every N] [--shared PATH]`.

Settings were chosen on the first half: the skills of the first exams and those that ship evals. The second half, the
other exams, was looked at once they were fixed. Real requests drive nothing: the queries are the skill's own words.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Final

from lab.common.shared import Shared, shared_at, shared_parser
from lab.common.tables import table
from skill_distiller.errors import UsageError
from skill_distiller.library.client_fit import Treatment, fit_library
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.routing.clients import find_client
from skill_distiller.routing.generate import invented
from skill_distiller.routing.lexical import Index
from skill_distiller.routing.oracle import MARGIN_KEPT, Candidate, LexicalRouter, Role, lexical_router, make_pool
from skill_distiller.routing.pinned import excludes
from skill_distiller.routing.queries import parse_queries
from skill_distiller.routing.shorten import MOST_CHARACTERS, Status, shorten_openings
from skill_distiller.run.describe_skill import (
    SHORT_TOKENS,
    DescriptionOptions,
    DescriptionResult,
    Generate,
    as_candidate,
    as_neighbor,
    describe_skill,
)
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

MARGINS: Final = (1.0, 0.8, MARGIN_KEPT, 0.0)
_LISTS: Final = (("claude-code", 200_000), ("claude-code", 1_000_000))
_Z: Final = 1.96  # two-sided 95 %
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Material:
    """The skills by folder, real requests by folder, and which folders settings were chosen on."""

    skills: dict[str, Skill]
    requests: dict[str, tuple[str, ...]]
    chosen_on: frozenset[str]


def load_material(shared: Shared) -> Material:
    """Every skill of the corpus, the prompts of the exams, and the evals that skills ship."""
    skills = {path.parent.name: read_skill(path) for path in sorted(shared.corpus.glob("*/SKILL.md"))}
    first = set((shared.exam / "first16.txt").read_text(encoding="utf-8").split())
    requests: dict[str, list[str]] = {}
    for exam in sorted(shared.exam.glob("*.json")):
        tasks = json.loads(exam.read_text(encoding="utf-8"))["tasks"]
        requests[exam.stem] = [task["prompt"] for task in tasks]
    for file in sorted(shared.corpus.glob("*/evals/*.json")):
        name = file.parent.parent.name
        try:
            found = parse_queries(file.read_text(encoding="utf-8")[:_MOST_BYTES], skills[name].name, file.name)
        except UsageError:
            continue
        first.add(name)
        requests.setdefault(name, []).extend(query.text for query in found if query.positive)
    return Material(skills, {name: tuple(texts) for name, texts in requests.items()}, frozenset(first))


@dataclass(frozen=True, slots=True)
class Routed:
    """How many requests were routed under the original, and how many of these still are: in the pool, and among all."""

    pool: tuple[int, int] = (0, 0)
    every: tuple[int, int] = (0, 0)
    asked: int = 0

    def __add__(self, other: Routed) -> Routed:
        return Routed(
            (self.pool[0] + other.pool[0], self.pool[1] + other.pool[1]),
            (self.every[0] + other.every[0], self.every[1] + other.every[1]),
            self.asked + other.asked,
        )


class Judge:
    """Says where requests go among the originals of all skills, whatever one of them becomes."""

    def __init__(self, material: Material) -> None:
        self.candidates = {
            name: Candidate(skill.name, skill.description)
            for name, skill in material.skills.items()
            if skill.description
        }
        self.router: LexicalRouter = lexical_router(self.candidates.values())
        self._index = Index([self.router.read(one.text) for one in self.candidates.values()])
        self._places = {name: place for place, name in enumerate(self.candidates)}

    def routed(self, name: str, text: str, requests: Sequence[str]) -> Routed:
        """What the requests of a skill do under a new description."""
        original = self.candidates[name]._replace(role=Role.TARGET)
        others = [one for other, one in self.candidates.items() if other != name]
        pool = make_pool(original, others, self.router)
        new = original._replace(description=text)
        found = Routed(asked=len(requests))
        for request in requests:
            (before,), (after,) = (self.router.margins(one, pool, [request], 0) for one in (original, new))
            likes = self._index.similarities(self.router.read(request))
            own = likes[self._places[name]]
            best = max(like for place, like in enumerate(likes) if place != self._places[name])
            (now,) = self.router.margins(new, (), [request], 0)
            found += Routed(
                (int(before > 0), int(before > 0 and after > 0)), (int(own > best), int(own > best and now > best))
            )
        return found


def interval(kept: int, of: int) -> str:
    """A share with its count and its 95 % interval by Wilson."""
    if not of:
        return "–"
    share = kept / of
    middle = (share + _Z**2 / (2 * of)) / (1 + _Z**2 / of)
    half = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)) / (1 + _Z**2 / of)
    return f"{share:.3f} ({kept} of {of}; {max(0, middle - half):.2f}-{min(1, middle + half):.2f})"


def describe(
    material: Material, name: str, options: DescriptionOptions, library: Sequence[Candidate]
) -> DescriptionResult:
    """One description, its own words being its queries."""
    skill = material.skills[name]
    others = [one for one in library if one.name != skill.name]
    return describe_skill(skill, others, options, load_counter())


def shortened(material: Material, judge: Judge, names: Sequence[str], margins: Sequence[float]) -> str:
    """The table of margins for some skills: what is saved, what real requests do, calls and seconds."""
    library = [Candidate(skill.name, skill.description) for skill in material.skills.values()]
    rows = []
    for margin in margins:
        options = DescriptionOptions(margin=margin, generate=Generate.NEVER)
        started = time.process_time()
        results = {name: describe(material, name, options, library) for name in names}
        seconds = time.process_time() - started
        saved = [1 - result.tokens[1] / result.tokens[0] for result in results.values()]
        routed = sum(
            (
                judge.routed(n, r.described.text, material.requests[n])
                for n, r in results.items()
                if n in material.requests
            ),
            Routed(),
        )
        calls = [result.described.effort.calls for result in results.values()]
        rows.append(
            [
                f"{margin:g}",
                f"{mean(saved):.1%}",
                f"{median(saved):.1%}",
                interval(routed.pool[1], routed.pool[0]),
                interval(routed.every[1], routed.every[0]),
                f"{median(calls):.0f} / {max(calls)}",
                f"{seconds / len(names):.2f}",
            ]
        )
    head = [
        "margin",
        "saved, mean",
        "median",
        "still routed, pool of 5",
        f"among {len(judge.candidates)}",
        "calls",
        "s each",
    ]
    return table(head, rows)


def neighbors(material: Material, names: Sequence[str]) -> str:
    """The table of what skills with new descriptions take from each other, made one by one and told apart both ways."""
    skills = [material.skills[name] for name in names]
    known = [as_candidate(skill) for skill in skills]
    router = lexical_router(known)
    rows = []
    for both_ways in (False, True):
        now: dict[Candidate, Candidate] = {}
        results = []
        for skill, own in zip(skills, known, strict=True):
            others = [now.get(one, one) if both_ways else one for one in known if one.name != own.name]
            result = describe_skill(skill, others, DescriptionOptions(generate=Generate.NEVER), load_counter())
            results.append(result)
            now[own] = as_neighbor(result)
        asked = taken = 0
        for own in known:
            others = [one for one in known if one.name != own.name]
            before = router.margins(now[own], others, now[own].requests, 0)
            after = router.margins(now[own], [now[one] for one in others], now[own].requests, 0)
            asked += sum(margin > 0 for margin in before)
            taken += sum(b > 0 >= a for b, a in zip(before, after, strict=True))
        tokens = sum(result.tokens[1] for result in results)
        rows.append(["both ways" if both_ways else "one by one", f"{taken} of {asked}", f"{tokens:,}"])
    return table([f"{len(skills)} skills, described", "requests that a new description takes", "tokens"], rows)


def promises(material: Material, names: Sequence[str]) -> str:
    """What has to hold of every description: exclusions, limits, calls, and that nothing contradicts the original."""
    library = [Candidate(skill.name, skill.description) for skill in material.skills.values()]
    counted: Counter[str] = Counter()
    for name in names:
        result = describe(material, name, DescriptionOptions(generate=Generate.NEVER), library)
        clauses, described = result.described.clauses, result.described
        limiting = [clauses.text_of(clause) for clause in clauses.all if excludes(clauses.text_of(clause))]
        counted["exclusions"] += len(limiting)
        said = " ".join(described.text.split())
        counted["exclusions kept"] += sum(
            any(" ".join(one.split()) in said for one in (text, shorten_openings(text, lambda _: True)))
            for text in limiting
        )
        free = len(clauses.all)
        counted["over n² + 3n calls"] += described.effort.calls > free**2 + 3 * free
        counted["over 1,024 characters"] += len(described.text) > MOST_CHARACTERS
        counted["body or other fields changed"] += result.skill.body != result.before.body or replaced(result)
        counted["contradictions found by verify"] += bool(compare_contradicts(described.original, described.text))
        counted[f"status {described.status.value}"] += 1
    return table(["promise", "count"], [[name, str(count)] for name, count in sorted(counted.items())])


def replaced(result: DescriptionResult) -> bool:
    """Whether any field but the description is another one."""
    before, after = dict(result.before.frontmatter.fields), dict(result.skill.frontmatter.fields)
    before.pop("description", None)
    after.pop("description", None)
    return repr(before) != repr(after)


def compare_contradicts(before: str, after: str) -> bool:
    """Whether the comparison of texts finds a contradiction."""
    return any(difference.verdict.value == "contradicted" for difference in compare_texts(before, after).differences)


def generated(material: Material, judge: Judge) -> str:
    """The descriptions of skills that have none, and how those of others would route were they written anew."""
    library = [Candidate(skill.name, skill.description) for skill in material.skills.values()]
    missing = [name for name, skill in material.skills.items() if not skill.description]
    options = DescriptionOptions(generate=Generate.ALWAYS)
    made = [describe(material, name, options, library) for name in missing]
    own, theirs = Routed(), Routed()
    for name in sorted(material.requests.keys() - material.chosen_on):
        if name in judge.candidates:
            result = describe(material, name, options, library)
            new = _plain_share(judge, name, result.described.text, material.requests[name])
            old = _plain_share(judge, name, material.skills[name].description, material.requests[name])
            own, theirs = own + new, theirs + old
    facts = sum(bool(invented(one.described.text, one.before)) for one in made)
    written = sum(one.described.status is Status.GENERATED for one in made)
    rows = [
        ["skills without a description", str(len(missing))],
        ["written", str(written)],
        ["of those with an invented fact", str(facts)],
        ["requests routed by written ones, pool / all", f"{own.pool[1]} / {own.every[1]} of {own.asked}"],
        ["by the authors' own, pool / all", f"{theirs.pool[1]} / {theirs.every[1]} of {theirs.asked}"],
    ]
    return table(["generation", ""], rows)


def _plain_share(judge: Judge, name: str, text: str, requests: Sequence[str]) -> Routed:
    """How many requests a description routes, whatever the original does."""
    pool = make_pool(judge.candidates[name], [c for n, c in judge.candidates.items() if n != name], judge.router)
    new = judge.candidates[name]._replace(description=text)
    others = [c for n, c in judge.candidates.items() if n != name]
    in_pool = sum(margin > 0 for margin in judge.router.margins(new, pool, requests, 0))
    among_all = sum(margin > 0 for margin in judge.router.margins(new, others, requests, 0))
    return Routed((0, in_pool), (0, among_all), len(requests))


def listings(material: Material) -> str:
    """The whole corpus in the lists of clients; its folders under the names that their skills give themselves."""
    rows = []
    with TemporaryDirectory() as folder:
        for skill in material.skills.values():
            name = skill.name.rpartition("__")[2].replace("/", "-").lower().replace(" ", "-")[:64] or "skill"
            place = Path(folder) / name
            while place.exists():
                place = place.with_name(place.name + "-2")
            place.mkdir()
            (place / SKILL_FILE).write_text(skill.text, encoding="utf-8", newline="")
        for client, window in _LISTS:
            found = fit_library(
                Path(folder), find_client(client), window, Treatment(), DescriptionOptions(), load_counter()
            ).solution
            counted = Counter(choice.action for choice in found.choices)
            room = "–" if found.limit is None else f"{found.limit:,}"
            rows.append(
                [
                    f"{client}, {window or 'its own'}",
                    f"{found.sizes[0]:,} → {found.sizes[1]:,} of {room}",
                    "yes" if found.fits else "no",
                    ", ".join(f"{count} {name}" for name, count in sorted(counted.items())),
                    f"{found.routed[0]:,} → {found.routed[1]:,}",
                ]
            )
    return table(["client, window", "characters", "fits", "skills", "own requests routed"], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--every", type=int, default=1, help="take every Nth skill for the saving (default: all)")
    given = parser.parse_args(arguments)
    material = load_material(shared_at(Path(given.shared)))
    judge = Judge(material)
    count = load_counter().count
    long = [name for name, skill in material.skills.items() if count(skill.description) > SHORT_TOKENS]
    halves = {
        "settings were chosen on these": [name for name in long if name in material.chosen_on],
        "no setting was chosen on these": [n for n in long if n in material.requests and n not in material.chosen_on],
    }
    for title, names in halves.items():
        print(f"\n{len(names)} descriptions of more than {SHORT_TOKENS} tokens with real requests; {title}:\n")
        print(shortened(material, judge, names, MARGINS), flush=True)
    print(f"\nall {len(long[:: given.every])} of more than {SHORT_TOKENS} tokens:\n")
    print(shortened(material, judge, long[:: given.every], (MARGIN_KEPT,)))
    print()
    described = [name for name, skill in material.skills.items() if skill.description][:: given.every]
    print(neighbors(material, described))
    print()
    print(promises(material, described))
    print()
    print(generated(material, judge), flush=True)
    print()
    print(listings(material))


if __name__ == "__main__":
    main(sys.argv[1:])
