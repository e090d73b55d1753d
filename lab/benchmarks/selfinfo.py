"""What self-information is good for: which words and units editors delete, and what the exams keep without them.

`python -m lab.benchmarks.selfinfo [--local N]` also asks the local model (the extra `local`) about N of
the tightened skills, of those that are not long: it reads about a hundred tokens a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lab.common.exam import Exam, evidence_share, load_exams
from lab.common.shared import Shared, shared_at, shared_parser
from lab.common.tables import percent, table
from lab.common.tightenings import DELETED, TightenedSkill, load_tightenings, prose_of
from lab.training.information import count_words, read_prose
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.planning.ladders import Models
from skill_distiller.rewriting.information.background import DEFINITION, WEIGHTS, BackgroundScorer
from skill_distiller.rewriting.information.candidates import find_candidates, outline_of, score_candidates, word_nats
from skill_distiller.rewriting.information.score import is_redundant
from skill_distiller.rewriting.information.scorer import TokenScorer
from skill_distiller.rewriting.information.units import UnitKind
from skill_distiller.rewriting.information.words import read_words
from skill_distiller.rewriting.redundant import COMPRESSIBLE
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.options import DistillOptions
from skill_distiller.tokens import load_counter
from skill_distiller.weights import load_weights

FOLDS: Final = 5
GONE: Final = 0.8  # share of a unit's words that the editor deleted, from which on it counts as gone
SHORT: Final = 6000  # characters
THRESHOLDS: Final = (0.95, 0.9, 0.85, 0.8, 0.7, 0.5)
Floats = npt.NDArray[np.float64]
Scorers = Mapping[str, TokenScorer]


@dataclass(frozen=True, slots=True)
class Row:
    """A unit with its scores, whether it is found redundant, and the share of its words that the editor deleted."""

    kind: UnitKind
    compressible: bool
    elsewhere: float
    information: float
    redundant: bool
    words: int
    deleted: float


@dataclass(frozen=True)
class Tightened:
    """All words with a label (information, deleted) and all units of some skills, by one scorer."""

    scorer: str
    skills: int
    words: tuple[Floats, npt.NDArray[np.bool_]]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """The exams at a threshold, without and with phrases: body tokens saved on average and evidence kept, 0-1."""

    threshold: float
    saved: tuple[float, float]
    evidence: tuple[float, float]


def embedded_scorers(shared: Shared, data: Sequence[TightenedSkill]) -> dict[str, TokenScorer]:
    """For each skill by name the embedded scorer with counts that have not seen its repository."""
    prose, mixture = read_prose(shared), load_weights(WEIGHTS, DEFINITION)["mixture"]
    repos = sorted({skill.repo for skill in data})
    found: dict[str, TokenScorer] = {}
    for fold in range(FOLDS):
        held = frozenset(repos[fold::FOLDS])
        scorer = BackgroundScorer(count_words(prose, held) | {"mixture": mixture})
        found |= {skill.name: scorer for skill in data if skill.repo in held}
    return found


def measure_tightened(name: str, data: Sequence[TightenedSkill], scorers: Scorers) -> Tightened:
    """The information of everything that the editor decided on."""
    nats: list[Floats] = []
    deleted: list[npt.NDArray[np.bool_]] = []
    rows: list[Row] = []
    for skill in data:
        own, gone = _words(skill, scorers[skill.name])
        nats.append(own)
        deleted.append(gone)
        rows += _rows(skill, scorers[skill.name])
    return Tightened(name, len(data), (np.concatenate(nats), np.concatenate(deleted)), tuple(rows))


def _words(skill: TightenedSkill, scorer: TokenScorer) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The information of each labelled word that the scorer reads, and whether it was deleted."""
    words, stream = read_words(skill.skill.text), skill.stream
    nats = word_nats(scorer.information(skill.skill.text), words)
    starts = np.array(outline_of(skill.skill).starts)
    place = np.searchsorted(words.start, starts[stream.block] + stream.start).clip(max=len(nats) - 1)
    read = skill.labelled & (words.start[place] == starts[stream.block] + stream.start)
    return nats[place[read]], skill.labels[read] == DELETED


def _rows(skill: TightenedSkill, scorer: TokenScorer) -> list[Row]:
    prose, locked = prose_of(skill.skill)
    verdicts = TrainedAnalyzer().analyze(skill.skill).verdicts
    candidates = find_candidates(skill.skill, prose, locked)
    if not candidates:
        return []
    scores = score_candidates(skill.skill, candidates, prose, scorer)
    rows, stream = [], skill.stream
    for candidate, elsewhere, nats in zip(candidates, scores.elsewhere, scores.information, strict=True):
        start, end, kind = candidate.unit
        inside = (stream.block == candidate.block) & (stream.start < end) & (stream.end > start) & skill.labelled
        if inside.any():
            verdict = verdicts[candidate.block]
            redundant = is_redundant(kind, verdict.type, elsewhere, nats)
            labels = skill.labels[inside] == DELETED
            rows.append(
                Row(
                    kind,
                    verdict.type in COMPRESSIBLE and not verdict.required,
                    float(elsewhere),
                    float(nats),
                    redundant,
                    len(labels),
                    float(labels.mean()),
                )
            )
    return rows


def area(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """The area under the ROC curve, ties counted half; NaN where there is nothing to tell apart."""
    values, place = np.unique(scores, return_inverse=True)
    counts = np.bincount(place, minlength=len(values))
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    hits = int(truth.sum())
    pairs = hits * (len(truth) - hits)
    return float((ranks[truth].sum() - hits * (hits + 1) / 2) / pairs) if pairs else float("nan")


def measure_exams(exams: Sequence[Exam]) -> tuple[Point, ...]:
    """The exams at each threshold, without and with the embedded scorer of phrases."""
    counter, with_phrases = load_counter(), Backends()
    without = replace(with_phrases, models=Models(phrases=None))
    points = []
    for threshold in THRESHOLDS:
        saved, evidence = [], []
        for backends in (without, with_phrases):
            results = [distill(exam.skill, DistillOptions(threshold), backends).distilled for exam in exams]
            bodies = zip(exams, results, strict=True)
            saved.append(fmean(1 - counter.count(r.body) / counter.count(e.skill.body) for e, r in bodies))
            evidence.append(evidence_share(exams, [result.text for result in results]))
        points.append(Point(threshold, (saved[0], saved[1]), (evidence[0], evidence[1])))
    return tuple(points)


def report(tightened: Sequence[Tightened], points: Sequence[Point]) -> str:
    """The study as Markdown."""
    return "\n\n".join(
        [
            "## Self-information",
            "How well low information tells what editors delete (area under the ROC curve; 0.5 is chance). Units are "
            f"those that are not essential; gone: at least {GONE:.0%} of the words deleted.",
            table(
                ["scorer", "skills", "words", "AUC words", "units", "AUC units", "AUC stands elsewhere"],
                [_areas(result) for result in tightened],
            ),
            "What editors did with units of the types that may lose phrases:",
            table(
                ["scorer", "units", "number", "of their words deleted", "gone"],
                [row for result in tightened for row in _groups(result)],
            ),
            "The exams without and with redundant phrases removed (embedded):",
            table(
                ["threshold", "saved without", "saved with", "evidence without", "evidence with"],
                [
                    [f"{p.threshold:g}", *(f"{100 * s:.2f} %" for s in p.saved), *(f"{e:.4f}" for e in p.evidence)]
                    for p in points
                ],
            ),
        ]
    )


def _areas(result: Tightened) -> list[str]:
    gone = np.array([row.deleted >= GONE for row in result.rows])
    nats, deleted = result.words
    return [
        result.scorer,
        str(result.skills),
        str(len(nats)),
        f"{area(-nats, deleted):.3f}",
        str(len(gone)),
        f"{area(-np.array([row.information for row in result.rows]), gone):.3f}",
        f"{area(np.array([row.elsewhere for row in result.rows]), gone):.3f}",
    ]


def _groups(result: Tightened) -> list[list[str]]:
    own = [row for row in result.rows if row.compressible]
    groups = {
        "sentences": [row for row in own if row.kind is UnitKind.SENTENCE],
        "clauses": [row for row in own if row.kind is UnitKind.CLAUSE],
        "parentheticals": [row for row in own if row.kind is UnitKind.PARENTHETICAL],
        "found redundant": [row for row in own if row.redundant],
    }
    return [
        [
            result.scorer,
            name,
            str(len(rows)),
            percent(sum(r.deleted * r.words for r in rows) / sum(r.words for r in rows)) if rows else "-",
            percent(fmean(r.deleted >= GONE for r in rows)) if rows else "-",
        ]
        for name, rows in groups.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--local", type=int, default=0, metavar="N", help="ask the local model about N skills too")
    options = parser.parse_args(arguments)
    shared = shared_at(options.shared)
    data = load_tightenings(shared.root)
    embedded = embedded_scorers(shared, data)
    tightened = [measure_tightened("embedded", data, embedded)]
    if options.local:
        from skill_distiller.rewriting.information.local import LocalScorer

        local: Any = LocalScorer()
        short = [skill for skill in data if len(skill.skill.text) <= SHORT]
        short = short[:: max(1, len(short) // options.local)][: options.local]
        tightened.append(measure_tightened("embedded, the same skills", short, embedded))
        tightened.append(measure_tightened(local.name, short, {skill.name: local for skill in short}))
    print(report(tightened, measure_exams(load_exams(shared))))


if __name__ == "__main__":
    main()
