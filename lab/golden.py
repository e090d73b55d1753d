"""What every skill of the corpus becomes, as hashes and counts: `python -m lab.golden FILE [--against OLD]`.

Run before and after a change that should change no result; `--against` lists what differs and exits with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from lab.common.shared import DEFAULT_SHARED, shared_at
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Verification
from skill_distiller.errors import RefusedError, TargetError
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

THRESHOLDS: Final = (0.95, 0.9, 0.8, 0.6)
BUDGETS: Final = (0.8, 0.6, 0.4)  # of the tokens of the whole file
_MAX_SHOWN: Final = 20  # differences printed
_HASH_CHARS: Final = 16

Row = dict[str, Any]


def measure_skill(path: Path) -> Row:
    """What one skill becomes in every setting, by the name of the setting."""
    skill = read_skill(path)
    tokens = load_counter().count(skill.text)
    rows: Row = {f"threshold {t:g}": _row(skill, DistillOptions(threshold=t)) for t in THRESHOLDS}
    for share in BUDGETS:
        rows[f"budget {share:g}"] = _row(skill, DistillOptions(mode=Mode.TOKENS, tokens=max(1, int(share * tokens))))
    rows["oneliner"] = _row(skill, DistillOptions(mode=Mode.ONELINER))
    # Without its receipt, so that every loss counts.
    smallest = distill(skill, DistillOptions(threshold=THRESHOLDS[-1])).distilled
    rows["verify"] = _findings(verify(skill, smallest, files=True))
    return rows


def _row(skill: Skill, options: DistillOptions) -> Row:
    try:
        return _counts(distill(skill, options))
    except TargetError as error:
        return {"smallest": error.smallest}
    except RefusedError as error:
        return {"refused": str(error)}


def _counts(result: Result) -> Row:
    kinds = [decision.rendering.kind.value for decision in result.plan.decisions]
    return {
        "text": _hash(result.text),
        "tokens": [result.input_tokens, result.output_tokens],
        "functionality": round(result.functionality.score, 4),
        "renderings": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "lost": len(result.evidence.receipt.lost),
        "notes": sorted(note.kind.value for note in result.notes),
        "gate": _findings(result.evidence.verification) if result.evidence.verification else None,
    }


def _findings(verification: Verification) -> Row:
    found = [
        f"{check.name}|{f.level}|{f.kind}|{f.line}|{f.text}" for check in verification.checks for f in check.findings
    ]
    return {"passed": verification.passed, "findings": len(found), "hash": _hash("\n".join(found))}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]


def differences(old: Row, new: Row) -> list[str]:
    """A line for each setting of a skill whose outcome is not the same; skills that only one has are passed over."""
    lines = []
    for skill in sorted(old.keys() & new.keys()):
        for setting, before in old[skill].items():
            after = new[skill].get(setting)
            if before != after:
                lines.append(f"{skill}, {setting}: {_difference(before, after)}")
    return lines


def _difference(before: Row, after: Row | None) -> str:
    if after is None:
        return "gone"
    return "; ".join(
        f"{key} {before.get(key)} -> {after.get(key)}"
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where the outcomes are written (JSON)")
    parser.add_argument("--against", type=Path, help="earlier outcomes to compare with")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth skill")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--shared", type=Path, default=DEFAULT_SHARED)
    chosen = parser.parse_args(arguments)
    entries = shared_at(chosen.shared).entries()[:: chosen.every]
    with ProcessPoolExecutor(chosen.processes) as pool:
        measured = pool.map(measure_skill, [entry.path for entry in entries], chunksize=4)
        outcomes = {entry.id: rows for entry, rows in zip(entries, measured, strict=True)}
    chosen.file.write_text(json.dumps(outcomes, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    settings = sum(len(rows) for rows in outcomes.values())
    print(f"{len(outcomes)} skills, {settings} outcomes")
    if chosen.against is None:
        return 0
    lines = differences(json.loads(chosen.against.read_text(encoding="utf-8")), outcomes)
    print(f"{len(lines)} differ")
    print("\n".join(lines[:_MAX_SHOWN]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
