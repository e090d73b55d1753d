"""A library as one page of HTML that holds all it needs: nothing is fetched, and no text of a skill can run or load.

Text of skills reaches the page in two ways: through the template, which escapes it, and as data, which the script of
the page shows as text. The policy in its head allows that script and that style by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from skill_distiller._version import __version__
from skill_distiller.library.measure import Broken, Tiers
from skill_distiller.report.audit_text import share
from skill_distiller.report.portrait import Portrait

if TYPE_CHECKING:
    from jinja2 import Template

_WIDE: Final = 200  # units of a picture of tiers
_COLUMNS: Final = ("Skill", "Before", "After", "Saved", "Estimate", "State")  # but the first and the last of numbers
_PAID: Final = ("by every session", "by each use", "on demand")


class _Tier(NamedTuple):
    name: str
    paid: str
    before: str
    after: str
    wide: int
    stays: int


class _Row(NamedTuple):
    """A row of the table of skills: tokens before and after, the share saved (0-1), the estimate (0-100)."""

    place: str
    before: int
    after: int
    saved: float
    score: float
    state: str
    refused: bool


class _Figure(NamedTuple):
    name: str
    value: str
    more: str = ""


def library_page(portraits: Sequence[Portrait], broken: Sequence[Broken], threshold: float, mark: str = "") -> str:
    """The page, as text in UTF-8; the slider of each skill begins at a threshold. `mark` is for estimated counts."""
    style, script = _part("report.css"), _part("report.js")
    rows = [_row(portrait, threshold) for portrait in portraits]
    before, after = sum(row.before for row in rows), sum(row.after for row in rows)
    saved = share(before - after, before)
    smaller = sum(row.after < row.before for row in rows)
    mean = fmean(row.score for row in rows) if rows else 100.0
    figures = (
        _Figure("Skills", f"{len(rows):,}", f"{smaller:,} smaller"),
        _Figure("Saved", saved, f"at a threshold of {threshold:g}"),
        _Figure("Tokens of all SKILL.md", f"{mark}{after:,}", f"of {mark}{before:,}"),
        _Figure("Estimate, mean", f"{mean:.0f} %", "of what they enable is kept"),
    )
    return _template().render(
        title="Agent skills, before and after",
        figures=figures,
        tiers=_tiers(portraits, before - after, mark),
        columns=_COLUMNS,
        rows=rows,
        mark=mark,
        broken=broken,
        footer=f"Made by skill-distiller {__version__}. The scores are estimates: no agent was run on these results.",
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_data(portraits, threshold),
    )


def _row(portrait: Portrait, threshold: float) -> _Row:
    point = portrait.points[portrait.nearest(threshold)]
    saved = portrait.tokens - point.tokens
    state = f"refused: {portrait.refused}" if portrait.refused else "smaller" if saved else "as it was"
    share_saved = saved / max(1, portrait.tokens)
    refused = bool(portrait.refused)
    return _Row(portrait.place, portrait.tokens, point.tokens, share_saved, point.score, state, refused)


def _tiers(portraits: Sequence[Portrait], saved: int, mark: str) -> list[_Tier]:
    """The tiers of all skills; only bodies get smaller."""
    found = []
    totals = [sum(portrait.tiers[tier] for portrait in portraits) for tier in range(3)]
    largest = max(1, *totals)
    for name, paid, total in zip(Tiers._fields, _PAID, totals, strict=True):
        left = max(0, total - saved) if name == "body" else total
        wide, stays = round(_WIDE * total / largest), round(_WIDE * left / largest)
        found.append(_Tier(name, paid, f"{mark}{total:,}", f"{mark}{left:,}", wide, stays))
    return found


def _data(portraits: Sequence[Portrait], threshold: float) -> str:
    """The skills as JSON in which nothing can end the element that holds it."""
    skills = [
        {
            "place": portrait.place,
            "path": portrait.path,
            "refused": portrait.refused,
            "start": portrait.nearest(threshold),
            "pieces": [[*piece[:4], round(piece.worth, 4), piece.needed_by] for piece in portrait.pieces],
            "points": [
                {**point._asdict(), "score": round(point.score, 1), "texts": point.texts} for point in portrait.points
            ],
            "moved": portrait.moved._asdict() if portrait.moved else None,
        }
        for portrait in portraits
    ]
    text = json.dumps(skills, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _part(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The hash by which a policy names a style or a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_part("report.html.j2"))
