"""An audit as tables, on a terminal or in Markdown, and as plain data; and the outcomes of a batch in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skill_distiller._version import __version__
from skill_distiller.library.client_fit import BODIES, LISTING, Stand
from skill_distiller.library.journal import Outcome, State, Tally
from skill_distiller.library.measure import MOST_COMPARED, Audit, Measured
from skill_distiller.providers.model import dollars
from skill_distiller.report.json_record import Json, members
from skill_distiller.report.text import excerpt, plural, printable
from skill_distiller.tokens import TokenCounter

AUDIT_SCHEMA: Final = "skill-distiller/audit/1"
_SHOWN: Final = 20  # rows of a table; the JSON record has all
_NAMES: Final = 5
_MILLION: Final = 1_000_000
_TIMES: Final = 1_000  # sessions or uses that a price is for
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


class Part(NamedTuple):
    """One table of an audit: its title, its columns (numbers begin with `>`), its rows, and a sentence below."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    below: str = ""


def audit_parts(audit: Audit, mark: str = "", price: float | None = None) -> Iterator[Part]:
    """All tables of an audit, those without rows left out.

    `price` is in dollars for a million tokens, `mark` stands before estimates.
    """
    yield _tiers(audit, mark, price)
    yield _skills(audit, mark)
    yield _limits(audit)
    lists = (
        Part("Same name", ("Name", "Skills"), [(name, _listed(places)) for name, places in audit.names]),
        Part("Copies", (">Copies", "Skills"), [(f"{len(places)}", _listed(places)) for places in audit.copies]),
        Part(
            "Descriptions that collide",
            (">Alike", "Skill", "Other skill"),
            [(f"{likeness:.2f}", one, other) for one, other, likeness in audit.collisions or ()],
        ),
        Part("Links to nothing", ("Skill", "Links"), [(s.place, _listed(s.dead)) for s in audit.skills if s.dead]),
        Part(
            "Files that nothing names",
            ("Skill", "Files"),
            [(s.place, _listed(s.orphans)) for s in audit.skills if s.orphans],
        ),
        Part("Can't be read", ("Skill", "Why"), [(broken.place, broken.reason) for broken in audit.broken]),
        Part("Passed over", ("Path", "Why"), [(str(path), reason) for path, reason in audit.passed_over]),
    )
    for part in lists:
        if part.rows:
            more = len(part.rows) - _SHOWN
            yield part._replace(rows=part.rows[:_SHOWN], below=f"and {more:,} more (--json)" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def _tiers(audit: Audit, mark: str, price: float | None) -> Part:
    tiers, count = audit.tiers, max(1, len(audit.skills))
    # A session pays for all listings; a use pays for one body, in the mean.
    rows = (
        ("listing: name and description", "by every session", tiers.listing, float(tiers.listing)),
        ("body", "by each use of a skill", tiers.body, tiers.body / count),
        ("references", "on demand", tiers.references, tiers.references / count),
    )
    columns = ("Tier", "Paid", ">Tokens of all", ">A skill (mean)", *((f">{_TIMES:,} times",) if price else ()))
    shown = [
        (name, paid, f"{mark}{total:,}", f"{mark}{total / count:,.0f}", *_money(price, each * _TIMES))
        for name, paid, total, each in rows
    ]
    repeated = audit.repeated
    below = f"{plural(len(audit.skills), 'skill')}."
    if repeated.blocks:
        below += (
            f" {plural(repeated.blocks, 'long block')} ({mark}{repeated.tokens:,} tokens) stand in another skill too."
        )
    if audit.collisions is None:
        below += f" Descriptions were not compared: more than {MOST_COMPARED:,} skills."
    return Part("What it costs", columns, shown, below)


def _money(price: float | None, tokens: float) -> tuple[str, ...]:
    return (dollars(price * tokens / _MILLION),) if price else ()


def _skills(audit: Audit, mark: str) -> Part:
    """The largest skills, with what compression would take off."""
    asked = any(skill.after is not None for skill in audit.skills)
    columns = ("Skill", ">Listing", ">Body", ">References", *((">Would save", "Worth it") if asked else ()))
    largest = sorted(audit.skills, key=lambda skill: (-skill.tiers.body, skill.place))
    rows = []
    for skill in largest[:_SHOWN]:
        row = (skill.place, *(f"{mark}{tokens:,}" for tokens in skill.tiers))
        rows.append((*row, share(skill.saved, skill.tokens), _worth(skill)) if asked else row)
    more = len(largest) - _SHOWN
    below = f"and {more:,} more (--json)" if more > 0 else ""
    if asked:
        before, saved = sum(skill.tokens for skill in audit.skills), sum(skill.saved for skill in audit.skills)
        worth = sum(skill.saved > 0 for skill in audit.skills)
        all_ = (
            f"All together {mark}{saved:,} of {mark}{before:,} tokens ({share(saved, before)}) would go, from {worth:,}"
        )
        below = f"{below}{'. ' if below else ''}{all_} of {plural(len(audit.skills), 'skill')}."
    return Part("Largest bodies", columns, rows, below)


def _worth(skill: Measured) -> str:
    if skill.refused:
        return f"no: {skill.refused}"
    return "yes" if skill.saved else "no: not worth it"


def _limits(audit: Audit) -> Part:
    rows = [
        (
            stand.limit.client,
            stand.limit.on,
            f"{stand.used:,}",
            f"{stand.most:,}",
            stand.limit.unit,
            _beyond(stand, len(audit.skills)),
        )
        for stand in audit.stands
    ]
    window = f"{audit.window:,} tokens" if audit.window else "a window that is not known"
    below = f"Listings for {window} (--window). Who is out of a listing is counted in the order of the skills' names."
    return Part("What clients take", ("Client", "What", ">Largest or all", ">Limit", "Unit", "Beyond"), rows, below)


def _beyond(stand: Stand, skills: int) -> str:
    if stand.limit.on == BODIES and stand.used > stand.most:
        return f"room for {skills * stand.most // stand.used:,} skills of mean size: {stand.limit.then}"
    if not stand.beyond:
        return "fits"
    who = _listed([place for place, _ in stand.beyond][:2]) + (", …" if len(stand.beyond) > 2 else "")
    falls = "out of the listing" if stand.limit.on == LISTING else "too large"
    return f"{plural(len(stand.beyond), 'skill')} {falls} ({who}): {stand.limit.then}"


def print_audit(parts: Iterator[Part], console: Console) -> None:
    """Print tables, all text of skills made safe to show."""
    for part in parts:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, title=part.title, title_justify="left", title_style="bold")
        for name in part.columns:
            right = name.startswith(">")
            table.add_column(name.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
        for row in part.rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        console.print(table)
        if part.below:
            console.print(Text(part.below), soft_wrap=True)
        console.print()


def audit_markdown(parts: Iterator[Part]) -> str:
    """The tables as Markdown, in which text of skills is text only."""
    lines = ["# Audit", ""]
    for part in parts:
        heads = [name.lstrip(">") for name in part.columns]
        rules = ["---:" if name.startswith(">") else "---" for name in part.columns]
        lines += [f"## {part.title}", "", _row(heads), _row(rules, safe=True), *map(_row, part.rows), ""]
        lines += [part.below, ""] if part.below else []
    return "\n".join(lines)


def _row(cells: Sequence[str], *, safe: bool = False) -> str:
    shown = cells if safe else [_MARKDOWN.sub(r"\\\1", excerpt(cell, 500)) for cell in cells]
    return f"| {' | '.join(shown)} |"


def audit_to_json(audit: Audit, counter: TokenCounter, price: float | None = None) -> Json:
    """The audit as plain data, with every skill and finding."""
    return {
        "schema": AUDIT_SCHEMA,
        "version": __version__,
        **members(counter, encoding="encoding", tokens_exact="exact"),
        "window": audit.window or None,
        "price": price,
        "tiers": audit.tiers._asdict(),
        "skills": [_skill_to_json(skill) for skill in audit.skills],
        "limits": [_stand_to_json(stand) for stand in audit.stands],
        "names": [{"name": name, "places": list(places)} for name, places in audit.names],
        "copies": [list(places) for places in audit.copies],
        "collisions": None
        if audit.collisions is None
        else [{"places": [one, other], "likeness": likeness} for one, other, likeness in audit.collisions],
        "repeated": audit.repeated._asdict(),
        "broken": [broken._asdict() for broken in audit.broken],
        "passed_over": [{"path": str(path), "reason": reason} for path, reason in audit.passed_over],
    }


def _skill_to_json(skill: Measured) -> Json:
    return {
        **members(skill, "place", "path"),
        "name": skill.skill.name,
        **skill.tiers._asdict(),
        **members(skill, tokens="tokens", predicted_tokens="after", refused="refused", dead_links="dead"),
        "orphans": list(skill.orphans),
    }


def _stand_to_json(stand: Stand) -> Json:
    limit = stand.limit
    return {
        **members(limit, "client", "on", "unit"),
        **members(stand, "used", "most"),
        "beyond": [{"place": place, "size": size} for place, size in stand.beyond],
        **members(limit, "then", "source"),
        "date": limit.date.isoformat(),
    }


_STYLES: Final = {State.DONE: "green", State.MINIMAL: "", State.REFUSED: "yellow", State.FAILED: "red"}
_NAMES_SHOWN: Final = 10
_WIDE: Final = 140  # columns
_FIGURES: Final = 54  # columns that those of numbers take at most, with what parts them
_LEAST: Final = 12  # columns of text; where there is room for less, the loss is left out


def widened(console: Console) -> Console:
    """The console, wide enough for tables where it is no terminal."""
    if not console.is_terminal:
        console.width = _WIDE
    return console


def outcome_line(outcome: Outcome) -> Text:
    """One outcome on one line, safe to show."""
    before, after = outcome.tokens
    figures = f": {before:,} → {after:,} tokens" if before else ""
    reason = f" ({printable(outcome.reason)})" if outcome.reason else ""
    return Text.assemble((outcome.state.value, _STYLES[outcome.state]), f" {printable(outcome.place)}{figures}{reason}")


def print_batch(tally: Tally, gone: Sequence[str], mark: str, console: Console) -> None:
    """Print the skills that saved most, those that failed with the sentence why, and what all come to.

    `gone` are places with results of earlier runs that have no skill any more, `mark` stands before estimated counts.
    """
    if tally.largest:
        console.print(_largest(tally.largest, mark, console.width - _FIGURES))
    if (rest := tally.total - len(tally.largest) - len(tally.failed)) > 0:
        console.print(f"and {rest:,} more (--verbose or --json)")
    for outcome in tally.failed:
        console.print(outcome_line(outcome))
    states = ", ".join(f"{tally.states[state]:,} {state.value}" for state in State if tally.states[state])
    console.print(Text(f"{plural(tally.total, 'skill')}: {states}"))
    saved = share(tally.before - tally.after, tally.before)
    console.print(f"Tokens: {mark}{tally.before:,} → {mark}{tally.after:,} ({saved} saved)")
    for count, what in (
        (tally.copies, "with the text of another one: worked on once"),
        (tally.earlier, "of an earlier run: nothing to do"),
        (tally.passed_over, "passed over, named above"),
    ):
        if count:
            console.print(f"{count:,} {what}")
    if gone:
        names = ", ".join(printable(place) for place in gone[:_NAMES_SHOWN])
        more = ", …" if len(gone) > _NAMES_SHOWN else ""
        console.print(f"{plural(len(gone), 'result')} of earlier runs without a skill any more: {names}{more}")


def _largest(largest: Sequence[Outcome], mark: str, room: int) -> Table:
    """The table of the skills that saved most, with so many columns of a terminal for its two texts."""
    losses = room >= 2 * _LEAST
    # A table that is too wide takes from all columns alike, and those of numbers would be gone first.
    most = max(_LEAST, room // (1 + losses))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Skill", overflow="ellipsis", no_wrap=True, max_width=most)
    for name in ("Before", "After", "Saved", "Estimate"):
        table.add_column(name, justify="right", no_wrap=True)
    if losses:
        table.add_column("Largest loss", overflow="ellipsis", no_wrap=True, max_width=most)
    for outcome in largest:
        before, after = outcome.tokens
        score = "" if outcome.score is None else f"{outcome.score:.0f} %"
        figures = (f"{mark}{before:,}", f"{mark}{after:,}", share(outcome.saved, before), score)
        loss = [Text(excerpt(outcome.loss))] if losses else []
        table.add_row(Text(printable(outcome.place)), *figures, *loss)
    return table


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, `0 %` of nothing."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else "0 %"
