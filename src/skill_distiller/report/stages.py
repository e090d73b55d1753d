"""The intermediate result of each stage as one line of JSON, for `--debug-stages`."""

from __future__ import annotations

import json

from skill_distiller.analysis.model import Analysis
from skill_distiller.checks.functionality import Functionality
from skill_distiller.checks.model import Verification
from skill_distiller.planning.frontier import Frontier
from skill_distiller.planning.plan import Plan
from skill_distiller.report.json_record import checks_to_json
from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.skill.model import Skill


def stage_line(stage: str, value: object) -> str:
    """One line of ASCII JSON: `{"stage": …, …}`."""
    return json.dumps({"stage": stage, **_describe(value)})


def _describe(value: object) -> dict[str, object]:
    match value:
        case Skill():
            return {
                "frontmatter": value.frontmatter.state.value,
                "sections": len(value.sections),
                "blocks": [{"index": b.index, "kind": b.kind.value, "line": b.line} for b in value.blocks],
            }
        case Analysis():
            return {"analyzer": value.analyzer, "verdicts": _verdicts(value)}
        case Frontier():
            return {"points": [{"tokens": t, "worth": round(w, 5)} for t, w in value.points]}
        case OneLiner():
            return {
                "lines": list(value.lines),
                "method": value.method,
                "phrases_left_out": value.left_out,
                "shares": {str(block): round(share, 3) for block, share in value.shares.items()},
            }
        case Plan():
            return {
                "refused": value.refused,
                "decisions": [
                    {
                        "block": d.block,
                        "rendering": d.rendering.kind.value,
                        "saved": d.saved,
                        "reason": d.reason.value,
                    }
                    for d in value.decisions
                ],
            }
        case Functionality():
            return {
                "score": round(value.score, 2),
                "method": value.method,
                "protected_lost": list(value.protected_lost),
            }
        case Verification() | None:
            return {"verification": checks_to_json(value)}
        case tuple():
            return {"ladders": [_ladder(item) for item in value if isinstance(item, Ladder)]}
        case _:
            raise TypeError(f"no description for {type(value).__name__}")


def _verdicts(analysis: Analysis) -> list[dict[str, object]]:
    return [
        {
            "block": index,
            "type": verdict.type.value,
            "importance": round(verdict.importance, 3),
            "confidence": round(verdict.confidence, 3),
            "protected": sorted(verdict.protected),
            "advisory": sorted(verdict.advisory),
            "facts": len(facts),
        }
        for index, (verdict, facts) in enumerate(zip(analysis.verdicts, analysis.facts, strict=True))
    ]


def _ladder(ladder: Ladder) -> dict[str, object]:
    return {
        "block": ladder.block.index,
        "rungs": [{"kind": r.kind.value, "tokens": r.tokens, "share": r.share} for r in ladder.rungs],
        "refused": ladder.refused,
    }
