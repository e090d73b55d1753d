"""What holds a library to its size: budgets, a baseline from which tokens only fall, results that follow sources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.library.batch_work import place_of
from skill_distiller.library.client_fit import LISTING, Stand, find_client_titles
from skill_distiller.library.find_skills import FoundSkill, PassedOver
from skill_distiller.library.journal import fingerprint, read_journal
from skill_distiller.library.measure import Audit, Measured, Tiers
from skill_distiller.run.settings import Budgets
from skill_distiller.skill.model import MAX_BYTES
from skill_distiller.skill.safe_files import read_regular

BASELINE_SCHEMA: Final = "skill-distiller/baseline/1"
RULES: Final = {
    "budget": "A tier of a skill has at most as many tokens as its budget.",
    "all-listings": "The names and descriptions of all skills together have at most as many tokens as their budget.",
    "ratchet": "No tier of a skill has more tokens than in the baseline.",
    "baseline": "Every skill is in the baseline, and nothing else.",
    "client": "A skill is not larger than the clients that are named take, and fits into their listing.",
    "links": "Every link leads to a file.",
    "drift": "Every result is what was made from its source as it is now.",
    "unreadable": "Every skill can be read.",
}


class Breach(NamedTuple):
    """What a library does not hold to: by which rule, for which skill (its place and file), in a sentence.

    One that is not `binding` is only told.
    """

    rule: str
    place: str
    path: str
    sentence: str
    binding: bool = True


def over_budget(audit: Audit, budgets: Budgets, all_path: str) -> Iterator[Breach]:
    """The skills with a tier above its budget, and the listing of all; `all_path` is what that is reported on."""
    for skill in audit.skills:
        budget = budgets.of(skill.skill.name, skill.place)
        for tier, most in zip(Tiers._fields, (budget.listing, budget.body, budget.references), strict=True):
            used = getattr(skill.tiers, tier)
            if most is not None and used > most:
                own = "their" if tier == "references" else "its"
                sentence = f"{_takes(tier, used)}, {used - most:,} more than {own} budget of {most:,}."
                yield Breach("budget", skill.place, skill.path, sentence)
    most = budgets.every.all_listings
    if most is not None and audit.tiers.listing > most:
        sentence = f"All listings together have {audit.tiers.listing:,} tokens, more than their budget of {most:,}."
        yield Breach("all-listings", "", all_path, sentence)


def _takes(tier: str, tokens: int) -> str:
    return f"The {tier} {'have' if tier == 'references' else 'has'} {tokens:,} token{'s' if tokens != 1 else ''}"


def beyond_clients(audit: Audit, clients: Sequence[str]) -> Iterator[Breach]:
    """The skills beyond a limit of the clients that are named; raises UsageError for a client that is not known."""
    wanted = find_client_titles(clients)
    paths = {skill.place: skill.path for skill in audit.skills}
    for stand in audit.stands:
        if stand.limit.client in wanted:
            for place, size in stand.beyond:
                yield Breach("client", place, paths[place], _beyond(stand, size))


def _beyond(stand: Stand, size: int) -> str:
    limit = stand.limit
    if limit.on == LISTING:
        return f"It is out of {limit.client}'s listing of {stand.most:,} {limit.unit}: {limit.then}."
    return f"Its {limit.on} has {size:,} {limit.unit}, and {limit.client} takes {stand.most:,}: {limit.then}."


def dead_links(skills: Iterable[Measured]) -> Iterator[Breach]:
    """The links that lead nowhere."""
    for skill in skills:
        for link in skill.dead:
            yield Breach("links", skill.place, skill.path, f"A link leads to nothing: {link}.")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Tokens by tier of the skills of a library, as they were committed; `encoding` is what they were counted in."""

    encoding: str
    skills: Mapping[str, Tiers]

    def text(self) -> str:
        """As a file holds it: JSON, a line a skill, in order."""
        rows = ",\n".join(
            f"    {json.dumps(place)}: {json.dumps(tiers._asdict())}" for place, tiers in sorted(self.skills.items())
        )
        head = f'{{\n  "schema": {json.dumps(BASELINE_SCHEMA)},\n  "encoding": {json.dumps(self.encoding)},\n'
        return f'{head}  "skills": {{\n{rows}\n  }}\n}}\n'


def read_baseline(text: str, name: str, encoding: str) -> Baseline:
    """The baseline of a file's text; raises BadInputError for what is none, UsageError for another encoding."""
    hint = "Write it anew with --update, from an empty place."
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("schema") != BASELINE_SCHEMA:
            raise ValueError
        skills = {
            place: Tiers(*(_count(row[tier]) for tier in Tiers._fields)) for place, row in values["skills"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInputError(f"{name!r} is no baseline of this version.", hint) from None
    if values.get("encoding") != encoding:
        raise UsageError(
            f"The baseline {name!r} is counted in {str(values.get('encoding'))[:40]!r}.", "Give the same --encoding."
        )
    return Baseline(encoding, skills)


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def grown(audit: Audit, baseline: Baseline, all_path: str) -> Iterator[Breach]:
    """The skills that have more tokens than the baseline says; those that it lacks, or has too many, are only told."""
    places = {broken.place for broken in audit.broken}
    for skill in audit.skills:
        places.add(skill.place)
        before = baseline.skills.get(skill.place)
        if before is None:
            sentence = "The skill is not in the baseline: --update adds it."
            yield Breach("baseline", skill.place, skill.path, sentence, binding=False)
            continue
        for tier in Tiers._fields:
            was, now = getattr(before, tier), getattr(skill.tiers, tier)
            if now > was:
                sentence = f"{_takes(tier, now)}, {now - was:,} more than in the baseline."
                yield Breach("ratchet", skill.place, skill.path, sentence)
    for place in sorted(baseline.skills.keys() - places):
        sentence = "The baseline has a skill that is not here: --update takes it out."
        yield Breach("baseline", place, all_path, sentence, binding=False)


def lowered(audit: Audit, baseline: Baseline) -> Baseline:
    """The baseline with what has fallen, with skills that are new and without those that are gone; nothing rises."""
    skills = {broken.place: baseline.skills[broken.place] for broken in audit.broken if broken.place in baseline.skills}
    for skill in audit.skills:
        before = baseline.skills.get(skill.place, skill.tiers)
        skills[skill.place] = Tiers(*map(min, before, skill.tiers))
    return Baseline(baseline.encoding, skills)


def drifted(found: Iterable[FoundSkill | PassedOver], out: Path) -> Iterator[Breach]:
    """Where the results of a batch are not what was made from the sources as they are now.

    Raises BadInputError for a folder without a journal of a batch.
    """
    journal = read_journal(out)
    if not journal:
        raise BadInputError(f"{str(out)!r} holds no results of a batch.", "Name the folder that batch -o wrote.")
    for skill in found:
        if isinstance(skill, PassedOver):
            continue
        place = str(skill.place)
        entry = journal.pop(place, None)
        path = str(skill.file)
        if entry is None:
            yield Breach("drift", place, path, "There is no result for it: run batch again.")
            continue
        try:
            is_same = fingerprint(skill, "").source == entry.known_by.source
        except (OSError, BadInputError):
            is_same = False
        if not is_same:
            yield Breach("drift", place, path, "It changed since its result was made: run batch again.")
        elif entry.result:
            yield from _changed(out / place_of(entry.outcome), place, entry.result)
    for place in sorted(journal):
        yield Breach("drift", place, str(out / place), "The result has no source any more.", binding=False)


def _changed(result: Path, place: str, digest: str) -> Iterator[Breach]:
    try:
        content = read_regular(result, MAX_BYTES)
    except OSError:
        yield Breach("drift", place, str(result), "The result is gone: run batch again.")
        return
    if hashlib.sha256(content).hexdigest() != digest:
        yield Breach("drift", place, str(result), "The result was changed by hand; change its source instead.")
