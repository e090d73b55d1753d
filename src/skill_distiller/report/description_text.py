"""A description and what became of it, as text for people and as the record `skill-distiller/description/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.library.client_fit import FittedLibrary
from skill_distiller.providers.model import Usage
from skill_distiller.report.json_record import Json, members, usage_to_json
from skill_distiller.report.text import excerpt, plural, printable
from skill_distiller.routing.oracle import LEXICAL
from skill_distiller.routing.shorten import Measured, Status
from skill_distiller.run.confirm_in_agent import Confirmation, Verdict
from skill_distiller.run.describe_skill import DescriptionResult, Note

SCHEMA: Final = "skill-distiller/description/1"
LISTING_SCHEMA: Final = "skill-distiller/listing/1"
NOTES: Final = {
    Note.UNMEASURED: "The original routes no query, so nothing can be shown to be kept; it stays. "
    "Give real requests with --queries.",
    Note.CUT: "It was over 1,024 characters, the limit of the format, and had to be cut.",
    Note.MINIMAL: "Already minimal: nothing shorter routes as well.",
    Note.FRONTMATTER: "The frontmatter can't be changed safely and stays as it is; mend it first.",
    Note.FEW_SIBLINGS: "There are fewer than four other skills to tell it from, so general ones stood in; "
    "name yours with --library.",
    Note.OWN_QUERIES: "The queries are the skill's own words, not those of users; give real ones with --queries.",
    Note.MODEL_UNUSED: "The model gave no usable queries; they come from the body.",
    Note.OVER_LIMIT: "It is over 1,024 characters, the limit of the format.",
}
_STATUS: Final = {
    Status.SHORTENED: "shortened",
    Status.RESTORED: "shortened, after clauses came back that were needed",
    Status.ORIGINAL: "unchanged",
    Status.UNMEASURED: "unchanged",
    Status.GENERATED: "written from the body",
    Status.MISSING: "missing",
}
_VERDICTS: Final = {
    Verdict.PASSED: "confirmed, nothing is lost that it loaded the skill for",
    Verdict.RESTORED: "confirmed after clauses came back",
    Verdict.ORIGINAL: "not confirmed, so the original stays",
    Verdict.OBSOLETE: "it loads the skill for no query even under the original, which stays",
    Verdict.NOT_RUN: "not run, there is nothing to try",
}
_TAKEN: Final = (Verdict.PASSED, Verdict.RESTORED)
_LOADED: Final = {True: "loaded", False: "not loaded"}
_MOST_SHOWN: Final = 12  # clauses and queries in the report; the record has all
_LONG: Final = 100  # characters of one


def description_lines(
    result: DescriptionResult, confirmation: Confirmation | None = None, *, verbose: bool = False
) -> Iterator[str]:
    """The report, line by line, safe to show: figures, what router and agent say, what went, notes."""
    described, mark = result.described, result.counter.mark
    before, after = result.tokens
    saved = f" (−{1 - after / before:.0%})" if before and after < before else ""
    characters = f"{len(result.before.description)} → {len(described.text)} characters"
    name = printable(result.before.name) or "skill"
    yield f"{name}: {_STATUS[described.status]}, {mark}{before} → {mark}{after} tokens{saved}, {characters}"
    yield from _router_lines(result)
    if confirmation:
        yield from _runtime_lines(confirmation, verbose=verbose)
    gone = [clause for clause in described.clauses.all if clause.index not in described.kept]
    for clause in gone if verbose else gone[:_MOST_SHOWN]:
        yield f"  − {excerpt(described.clauses.text_of(clause), _LONG)}"
    if len(gone) > _MOST_SHOWN and not verbose:
        yield f"  and {len(gone) - _MOST_SHOWN} more (--verbose or --json)"
    if described.pins:
        counted = Counter(pin.value for pin in described.pins.values())
        yield f"Pinned: {', '.join(f'{name} ({count})' for name, count in sorted(counted.items()))}"
    if verbose:
        yield from _query_lines(described.measured)
    yield from (f"Note: {NOTES[note]}" for note in result.notes)


def _router_lines(result: DescriptionResult) -> Iterator[str]:
    measured, effort = result.described.measured, result.described.effort
    limits = " (it compares words; whether an agent chooses the skill it can't say)" if result.router == LEXICAL else ""
    yield f"Router: {printable(result.router)}{limits}"
    for held_out, name in ((False, "that drove the search"), (True, "held out")):
        own = [one for one in measured if one.held_out is held_out and one.query.positive]
        if own:
            before, after = sum(one.before > 0 for one in own), sum(one.after > 0 for one in own)
            yield f"  of {plural(len(own), 'query', 'queries')} {name}: {before} routed before, {after} after"
    if effort.calls:
        yield f"  {plural(effort.calls, 'description')} tried, {effort.cached} of them again"


def _runtime_lines(told: Confirmation, *, verbose: bool) -> Iterator[str]:
    name = " ".join(filter(None, (told.trial.runtime.title, told.version, told.model and f"({told.model})")))
    yield f"Runtime: {printable(name)}: {_VERDICTS[told.verdict]}"
    if not told.controls:
        return
    own = [one for one in told.tried if one.positive]
    before, after = sum(one.before for one in own), sum(one.after for one in own)
    which = "the new one" if told.verdict in _TAKEN else "the last one that was tried"
    yield f"  of {plural(len(own), 'query', 'queries')}: {before} loaded the skill before, {after} under {which}"
    others = [one for one in told.tried if not one.positive]
    taken = sum(not one.kept for one in others)
    yield f"  of {plural(len(others), 'query', 'queries')} of other skills {taken} would have come here"
    controls = told.controls
    yield (
        f"  controls: {controls.nothing} of {controls.asked} under a description that says nothing, "
        f"{controls.everything} under one that takes everything"
    )
    yield f"  {plural(told.calls, 'run')}, of at most {told.most_calls}" + (
        "; each query once, and an agent may choose otherwise the next time" if told.trial.runs == 1 else ""
    )
    for one in told.tried:
        if verbose or not one.kept:
            instead = f"; loaded: {', '.join(map(printable, one.others))}" if one.others else ""
            kind = "" if one.positive else " (of another skill)"
            yield f"  {_LOADED[one.before]} → {_LOADED[one.after]}  {excerpt(one.query, _LONG)}{kind}{instead}"


def _query_lines(measured: Sequence[Measured]) -> Iterator[str]:
    for one in measured:
        kind = ("held out" if one.held_out else "drove") + ("" if one.query.positive else ", negative")
        text = excerpt(one.query.text, _LONG)
        yield f"  {one.before:+.2f} → {one.after:+.2f}  {text} ({kind}, {one.query.source.value})"


def description_to_json(result: DescriptionResult, confirmation: Confirmation | None, usage: Usage | None) -> Json:
    """The record of one description, as docs/description.md has it."""
    described, options = result.described, result.options
    before, after = result.tokens
    restored = set(described.restored)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "skill": result.before.name,
        "status": described.status.value,
        "original": result.before.description,
        "description": described.text,
        **members(result.counter, encoding="encoding", tokens_exact="exact"),
        "tokens": {"before": before, "after": after},
        "characters": {"before": len(result.before.description), "after": len(described.text)},
        "generated": result.generated,
        "clauses": [
            {
                "id": clause.index,
                "text": described.clauses.text_of(clause),
                "kept": clause.index in described.kept,
                "pin": described.pins[clause.index].value if clause.index in described.pins else None,
                "restored": clause.index in restored,
            }
            for clause in described.clauses.all
        ],
        "oracle": {
            "router": result.router,
            **members(options, "seed", "margin"),
            **members(described.effort, evaluations="calls", answers_asked="asked", cached="cached"),
        },
        "pool": [members(one, "name", "role", "similarity") for one in result.pool],
        "queries": [_query(one) for one in described.measured],
        "runtime": _runtime(confirmation) if confirmation else None,
        "provider": usage_to_json(usage) if usage else None,
        "notes": [{"kind": note.value, "text": NOTES[note]} for note in result.notes],
        "text": result.skill.text,
    }


def listing_lines(fitted: FittedLibrary, *, verbose: bool = False) -> Iterator[str]:
    """How a library fits into a list: what becomes of each skill that changes, or of all, then the sums."""
    solution = fitted.solution
    shown = [choice for choice in solution.choices if verbose or choice.action not in ("keep", "manual")]
    rows = [
        (choice.action, f"{choice.sizes[0]} → {choice.sizes[1]}", f"{choice.routed[0]} → {choice.routed[1]}", choice)
        for choice in sorted(shown, key=lambda choice: (choice.action, choice.entry.folder))
    ]
    for action, size, routed, choice in rows:
        yield f"{action:<9}  {size:>13}  {routed:>9}  {printable(choice.entry.folder)}"
        if choice.action == "shorten":
            yield f"{'':<9}  {excerpt(choice.text, 200)}"
    if rows:
        yield "(action, characters in the list, requests of its own that route among all)\n"
    client, limit = solution.client, solution.limit
    room = "no limit" if limit is None else f"{limit:,}"
    yield f"{client.name}: {solution.sizes[0]:,} → {solution.sizes[1]:,} of {room} ({client.source}; {client.date})"
    counted = Counter(choice.action for choice in solution.choices)
    yield f"{plural(len(solution.choices), 'skill')}: {', '.join(f'{n} {name}' for name, n in sorted(counted.items()))}"
    yield (
        f"Requests from the skills' own words that route, by a {LEXICAL}: {solution.routed[0]} before, "
        f"{solution.routed[1]} after"
    )
    if not solution.fits:
        yield "It does not fit even so: take skills out, or give the client more room."
    if fitted.unread:
        yield f"Not read: {', '.join(map(printable, fitted.unread[:_MOST_SHOWN]))}"


def listing_to_json(fitted: FittedLibrary) -> Json:
    """The record of a library fitted into a list, as docs/description.md has it."""
    solution = fitted.solution
    return {
        "schema": LISTING_SCHEMA,
        "version": __version__,
        "client": solution.client.name,
        "source": solution.client.source,
        "date": solution.client.date.isoformat(),
        "limit": solution.limit,
        "characters": {"before": solution.sizes[0], "after": solution.sizes[1]},
        "fits": solution.fits,
        "router": LEXICAL,
        "routed": {"before": solution.routed[0], "after": solution.routed[1]},
        "skills": [
            {
                "skill": choice.entry.folder,
                "action": choice.action,
                "characters": {"before": choice.sizes[0], "after": choice.sizes[1]},
                "routed": {"before": choice.routed[0], "after": choice.routed[1]},
                "description": choice.text,
            }
            for choice in solution.choices
        ],
        "unread": list(fitted.unread),
    }


def _query(one: Measured) -> Json:
    return {
        "text": one.query.text,
        "source": one.query.source.value,
        "split": "held out" if one.held_out else "driving",
        "positive": one.query.positive,
        "before": round(one.before, 4),
        "after": round(one.after, 4),
    }


def _runtime(told: Confirmation) -> Json:
    controls = told.controls
    return {
        "name": told.trial.runtime.name,
        "version": told.version,
        "model": told.model,
        "status": told.verdict.value,
        "runs": told.trial.runs,
        "calls": told.calls,
        "most_calls": told.most_calls,
        "controls": dict(controls._asdict()) if controls else None,
        "queries": [{"text": one.query, **members(one, "positive", "before", "after", "others")} for one in told.tried],
    }
