"""What of the corpus's joints holds: broken edges, lost files, holes in numbered headings, lists with mixed bold.

`python -m lab.benchmarks.structure [--shared PATH]`, or for every nth skill with `--every N`. The edges are those of
`skill_distiller.structure`; all else is counted here from the two texts, by another way than the tool finds it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from lab.benchmarks import evidence
from lab.common.curve import FLOOR, best_point
from lab.common.exam import evidence_share, load_exams
from lab.common.shared import Shared, shared_at, shared_parser
from lab.common.tables import percent, table
from skill_distiller.checks.structure import broken_edges
from skill_distiller.errors import RefusedError, TargetError
from skill_distiller.language.modals import verifies
from skill_distiller.meaning.compare import compare
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import SKILL_FILE, BlockKind, Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.structure.edges import EdgeKind
from skill_distiller.tokens import load_counter

THRESHOLDS: Final = (0.95, 0.9, 0.8, 0.6)
BUDGETS: Final = (0.8, 0.6)  # of the tokens of the whole file
_PRICED: Final = (0.95, 0.93, 0.91, 0.9, 0.89, 0.88, 0.87, 0.86, 0.85)  # thresholds at which S95 is looked for
_PRICED_BUDGETS: Final = (0.8, 0.6, 0.4)  # of the body tokens
HOLES, BOLD, CHECKS, GATE = "holes in numbered headings", "lists with mixed bold", "checks gone", "own gate failed"
ROWS: Final = (*(f"{kind.value} edges" for kind in EdgeKind), HOLES, BOLD, CHECKS, GATE)
_NO_WORD: Final = re.compile(r"\W+")
_NUMBERED: Final = re.compile(r"(?:[^\W\d]+\s*)?#?(?:\d+\.)*(\d+)(?=[\s.:)）、—-]|$)")
_ITEM: Final = re.compile(r"^ {0,3}(?:[-*+]|\d+[.)])\s+(\S{0,2})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Joints:
    """What is broken in the result of one skill in one setting, by row of ROWS; None where the budget can't be met."""

    setting: str
    tokens: float  # of the original's, 0-1
    broken: Mapping[str, int] | None


def measure_skill(path: Path) -> list[Joints]:
    """Every setting for one skill."""
    skill = read_skill(path)
    tokens = load_counter().count(skill.text)
    asked = [(f"at {t:g}", DistillOptions(threshold=t)) for t in THRESHOLDS]
    for share in BUDGETS:
        options = DistillOptions(mode=Mode.TOKENS, tokens=max(1, int(share * tokens)))
        asked.append((f"{percent(share)} of tokens", options))
    found = []
    for setting, options in asked:
        try:
            result = distill(skill, options)
        except TargetError as error:
            found.append(Joints(setting, (error.smallest or tokens) / tokens, None))
            continue
        except RefusedError:
            found.append(Joints(setting, 1.0, {GATE: 1}))
            continue
        broken = count_broken(skill, result.distilled, path.parent)
        found.append(Joints(setting, result.output_tokens / tokens, broken))
    return found


def count_broken(skill: Skill, made: Skill, folder: Path) -> Counter[str]:
    """What is broken in a text that was made of a skill, by row of ROWS; files are those of its folder on disk."""
    broken = Counter(f"{edge.kind.value} edges" for edge, _, _ in broken_edges(skill, compare(skill, made)))
    names = (str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name != SKILL_FILE)
    broken[f"{EdgeKind.FILE.value} edges"] = sum(name in skill.body and name not in made.text for name in names)
    broken[HOLES] = sum(0 < sum(kept) < len(kept) for kept in _counts(skill, made))
    broken[BOLD] = max(0, _mixed(made) - _mixed(skill))
    broken[CHECKS] = _checks_gone(skill, made)
    return broken


def _checks_gone(skill: Skill, made: Skill) -> int:
    """Lines of prose that say what is checked or done by then ("Done when …") and of which half the words are gone."""
    left = [set(_NO_WORD.split(line.lower())) for line in made.text.splitlines()]
    lines = (line for block in skill.blocks if block.kind is not BlockKind.CODE for line in block.text.splitlines())
    checks = (set(_NO_WORD.split(line.lower())) for line in lines if verifies(line))
    return sum(all(2 * len(words & other) < len(words) for other in left) for words in checks)


def _counts(skill: Skill, made: Skill) -> Iterator[list[bool]]:
    """For each run of headings of one level numbered one after the other, which of them are left."""
    left = Counter((section.level, section.heading) for section in made.sections)
    rows = dict[int, list[tuple[int, bool]]]()
    for section in skill.sections:
        for level in [own for own in rows if own > section.level]:
            yield from _runs(rows.pop(level))
        if match := _NUMBERED.match(section.heading.strip("* ")):
            row = rows.setdefault(section.level, [])
            row.append((int(match[1]), left[section.level, section.heading] > 0))
    for row in rows.values():
        yield from _runs(row)


def _runs(row: Sequence[tuple[int, bool]]) -> Iterator[list[bool]]:
    run = [row[0]]
    for before, after in pairwise([*row, (-1, False)]):
        if after[0] == before[0] + 1:
            run.append(after)
            continue
        if len(run) > 1:
            yield [stays for _, stays in run]
        run = [after]


def _mixed(skill: Skill) -> int:
    """Lists of which some items begin in bold and some don't."""
    stressed = [[mark == "**" for mark in _ITEM.findall(block.text)] for block in skill.blocks]
    return sum(0 < sum(items) < len(items) for items in stressed)


def price_of(shared: Shared) -> str:
    """What all of that leaves of the exams, in one line."""
    exams, counter = load_exams(shared), load_counter()
    best = best_point([evidence.point_at(exams, threshold, counter) for threshold in _PRICED])
    saved = f"S95 {percent(best.mean_saved)} at {best.threshold:g}" if best else f"no threshold keeps {FLOOR:g}"
    kept = []
    for share in _PRICED_BUDGETS:
        budgets = (int(share * counter.count(exam.skill.body)) for exam in exams)
        made = [evidence.ours_within(e.skill, budget, counter).text for e, budget in zip(exams, budgets, strict=True)]
        kept.append(f"{evidence_share(exams, made):.3f} at {percent(share)}")
    return f"{saved}; evidence within budgets {', '.join(kept)}."


def report(found: Sequence[Joints]) -> str:
    """The figures as Markdown: skills with a fault (faults)."""
    settings = list(dict.fromkeys(joints.setting for joints in found))
    own = {setting: [joints for joints in found if joints.setting == setting] for setting in settings}
    met = {setting: [joints.broken for joints in own[setting] if joints.broken is not None] for setting in settings}
    rows = [[row, *(_cell([broken.get(row, 0) for broken in met[setting]]) for setting in settings)] for row in ROWS]
    rows.append(["budget can't be met", *(str(len(own[s]) - len(met[s])) for s in settings)])
    rows.append(["tokens left, mean", *(percent(sum(j.tokens for j in own[s]) / len(own[s])) for s in settings)])
    return f"## Structure\n\n{table(['broken', *settings], rows)}"


def _cell(counts: Sequence[int]) -> str:
    return f"{sum(count > 0 for count in counts)} ({sum(counts)})"


def measure(shared: Shared, every: int = 1) -> list[Joints]:
    """Every nth skill of the corpus in every setting."""
    paths = [entry.path for entry in shared.entries()][::every]
    with ProcessPoolExecutor() as pool:
        return [joints for found in pool.map(measure_skill, paths, chunksize=4) for joints in found]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = shared_parser(__doc__ or "")
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args(arguments)
    shared = shared_at(asked.shared)
    print(report(measure(shared, asked.every)))
    print(f"\nPrice: {price_of(shared)}")


if __name__ == "__main__":
    main()
