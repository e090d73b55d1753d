"""Evidence of the exams at equal tokens: compress and reduce against every baseline, with tests; what a gate costs.

`python -m lab.benchmarks.exams [--every N] [--thresholds 0.9,0.8] [--shares 0.1] [--llmlingua MODEL] [--gates]`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from lab.common.shared import Shared, shared_at, shared_parser
from lab.common.tables import percent, table
from skill_distiller.analysis.trained import TrainedAnalyzer
from skill_distiller.exams.baselines import LINGUA, NO_OTHERS, SEEDS, Baseline, baselines_kept, load_llmlingua
from skill_distiller.exams.evidence import SkillTexts, criteria_kept, evidence_table, program_exam
from skill_distiller.exams.exam_files import read_exam
from skill_distiller.exams.sitting import bootstrap, compare_pairs
from skill_distiller.run.distill import distill
from skill_distiller.run.gates.bring_back import MOST_ROUNDS
from skill_distiller.run.gates.exam_gate import ExamRun, gate_by_exam
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import DEFAULT_SHARE, ReduceOptions
from skill_distiller.run.run import DistillOptions, Run
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

OURS = "ours"
_FIRST = "first16.txt"  # in the folder of exams: the first version of them


@dataclass(frozen=True, slots=True)
class Row:
    """What one skill keeps in one way of ours (`compress 0.9`, `reduce 0.2`) and in the baselines at its tokens.

    `used` is the share (0-1) of the tokens of SKILL.md, `shares` those of the criteria whose evidence is in SKILL.md,
    by way; `reach` is that of ours with the references beside it, which `compress` leaves and `reduce` makes more of.
    """

    name: str
    way: str
    used: float
    shares: dict[str, float]
    reach: float
    first: bool


Makers = Mapping[str, Callable[[SkillFolder], SkillFolder]]


def makers(thresholds: Sequence[float], shares: Sequence[float]) -> Makers:
    """Ours: `compress` at some thresholds and `reduce` at some shares."""

    def compressing(threshold: float) -> Callable[[SkillFolder], SkillFolder]:
        return lambda folder: folder.with_skill(distill(folder.skill, DistillOptions(threshold)).distilled)

    def reducing(share: float) -> Callable[[SkillFolder], SkillFolder]:
        return lambda folder: reduce_folder(folder, ReduceOptions(share)).after

    return {
        **{f"compress {threshold:g}": compressing(threshold) for threshold in thresholds},
        **{f"reduce {share:g}": reducing(share) for share in shares},
    }


def measure(
    shared: Shared, ways: Makers, every: int = 1, draws: int = SEEDS, more: Mapping[str, Baseline] = NO_OTHERS
) -> tuple[Row, ...]:
    """One row a skill and way of ours; the baselines get the SKILL.md alone, with the tokens that ours took."""
    counter, listed = load_counter(), shared.exam / _FIRST
    first = set(listed.read_text(encoding="utf-8").split()) if listed.is_file() else set[str]()
    rows = list[Row]()
    for path in sorted(shared.exam.glob("*.json"))[::every]:
        exam, folder = read_exam(path), SkillFolder(None, read_skill(shared.corpus / path.stem / SKILL_FILE))
        texts = SkillTexts(folder, counter)
        for way, make in ways.items():
            made = SkillTexts(make(folder), counter)
            found = evidence_table(exam, texts, [(OURS, made)])
            ours = found.candidates[0]
            kept = {base.name: base.in_core for base in baselines_kept(found, texts, draws, more)}
            shares = {name: count / found.criteria for name, count in {OURS: float(ours.in_core), **kept}.items()}
            used, reach = ours.core_tokens / texts.core_tokens, ours.reachable / found.criteria
            rows.append(Row(path.stem, way, used, shares, reach, path.stem in first))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate makes of one skill: tokens left and evidence kept (0-1) by the exam, tries, and whether it passed."""

    way: str
    threshold: float
    used: float
    kept: float
    tries: int
    passed: bool


def measure_gates(shared: Shared, thresholds: Sequence[float], every: int = 1) -> tuple[Gate, ...]:
    """Without a gate, with a program's exam of the skill as gate, and with the exam that it is measured by."""
    counter, found = load_counter(), list[Gate]()
    for path in sorted(shared.exam.glob("*.json"))[::every]:
        folder = SkillFolder(None, read_skill(shared.corpus / path.stem / SKILL_FILE))
        exam = read_exam(path)
        by_program = program_exam(folder, TrainedAnalyzer().analyze(folder.skill))
        for threshold in thresholds:
            run = Run(DistillOptions(threshold))
            for way, own in (("no gate", None), ("exam by program", by_program), ("the exam itself", exam)):
                gated = gate_by_exam(run, ExamRun(own or exam, folder, counter), MOST_ROUNDS if own else 0)
                result, outcome = gated.best.product, gated.outcome
                kept = criteria_kept(exam.criteria, result.text) / len(exam.criteria)
                found.append(Gate(way, threshold, 1 - result.reduction, kept, len(outcome.rounds), outcome.passed))
    return tuple(found)


def report_gates(gates: Sequence[Gate]) -> str:
    """The gates as Markdown, means over the skills."""
    groups = dict.fromkeys((gate.threshold, gate.way) for gate in gates)
    lines = []
    for threshold, way in groups:
        own = [gate for gate in gates if (gate.threshold, gate.way) == (threshold, way)]
        means = [fmean(gate.used for gate in own), fmean(gate.kept for gate in own)]
        passed = f"{sum(gate.passed for gate in own)} of {len(own)}"
        lines.append([f"{threshold:g}, {way}", percent(means[0]), f"{means[1]:.3f}", passed])
    head = ["threshold and gate", "tokens left", "evidence kept by the exam", "passed their gate"]
    return "\n\n".join(["## Gates by evidence, without a model", table(head, lines)])


def report(rows: Sequence[Row]) -> str:
    """The study as Markdown: a table for each way of ours, for the first exams and for the later ones."""
    parts = ["## Evidence at equal tokens, by program", _note(rows)]
    for way in dict.fromkeys(row.way for row in rows):
        for first in (False, True):
            own = [row for row in rows if row.way == way and row.first is first]
            if own:
                used, reach = percent(fmean(row.used for row in own)), fmean(row.reach for row in own)
                which = "first" if first else "later"
                told = f"`{way}`, the {len(own)} {which} exams; tokens of SKILL.md left (mean): {used}"
                moved = any(row.reach > row.shares[OURS] for row in own)
                parts.append(f"{told}; ours with its new references: {reach:.3f}" if moved else told)
                parts.append(_table(own))
    return "\n\n".join(parts)


def _note(rows: Sequence[Row]) -> str:
    skills = len({row.name for row in rows})
    return (
        f"{skills} skills. Each baseline fills the tokens that ours took, frontmatter included."
        " Kept is the mean share of a skill's criteria whose evidence is in SKILL.md, with a 95 % interval (10,000 "
        "resamples); won, tied and lost count skills; p is of the one-sided sign test and of Wilcoxon's, d Cohen's. "
        "The planner's settings were chosen on these exams (docs/model-card.md), and the shipped models have seen "
        "labels of these repositories: nothing here is left out."
    )


def _table(rows: Sequence[Row]) -> str:
    ours = [row.shares[OURS] for row in rows]
    lines = [[OURS, _mean(ours), "", "", "", ""]]
    for name in rows[0].shares:
        if name == OURS:
            continue
        theirs = [row.shares[name] for row in rows]
        pair = compare_pairs(theirs, ours)
        lines.append(
            [
                name,
                _mean(theirs),
                f"{pair.better}/{pair.ties}/{pair.worse}",
                _p(pair.sign),
                _p(pair.wilcoxon),
                "-" if pair.d is None else f"{pair.d:.2f}",
            ]
        )
    return table(["way", "kept", "ours won/tied/lost", "sign p", "Wilcoxon p", "d"], lines)


def _mean(shares: Sequence[float]) -> str:
    interval = bootstrap(shares)
    return f"{fmean(shares):.3f}" + ("" if interval is None else f" ({interval[0]:.3f}-{interval[1]:.3f})")


def _p(value: float | None) -> str:
    return "-" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--every", type=int, default=1, help="take every Nth exam (default: all)")
    parser.add_argument("--thresholds", default="0.9,0.8", help="of compress, parted by commas (default: 0.9,0.8)")
    parser.add_argument("--shares", default=f"{DEFAULT_SHARE:g}", help="of reduce, parted by commas")
    parser.add_argument("--llmlingua", default="", help="with the baseline LLMLingua-2 by this model")
    parser.add_argument("--draws", type=int, default=SEEDS, help=f"of random baselines (default: {SEEDS})")
    parser.add_argument("--gates", action="store_true", help="what `compress --gate exam` costs, in place of baselines")
    given = parser.parse_args(arguments)
    thresholds, shares = (
        [float(number) for number in text.split(",") if text] for text in (given.thresholds, given.shares)
    )
    if given.gates:
        print(report_gates(measure_gates(shared_at(given.shared), thresholds, given.every)))
        return
    more = {LINGUA: load_llmlingua(given.llmlingua)} if given.llmlingua else {}
    print(report(measure(shared_at(given.shared), makers(thresholds, shares), given.every, given.draws, more)))


if __name__ == "__main__":
    main()
