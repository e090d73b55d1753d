"""The record of a run, its stages, a verification and an entry of the calibration store as plain data.

The contracts are docs/json.md with two schemas, and docs/calibration.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.analysis.reading import TYPE_NAMES, Analysis, Verdict
from skill_distiller.calibration.outcomes import Stage
from skill_distiller.checks.model import RECORD_SCHEMAS, Check, Finding, Level, Verification
from skill_distiller.checks.receipt import Change, Functionality, SectionReceipt
from skill_distiller.language.facts import block_facts
from skill_distiller.planning.frontier import Frontier
from skill_distiller.planning.plan import Decision, Mode, Plan
from skill_distiller.providers.model import Usage
from skill_distiller.report.calibration_text import shown_score
from skill_distiller.report.losses import new_files
from skill_distiller.report.record import COUNTED_NAMES, Record, SectionRecord, find_needs, gate_to_json
from skill_distiller.rewriting.example_sets import ExampleSelection
from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.model import OutcomeKind
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.result import Note
from skill_distiller.skill.model import Block, Skill, piece_ids, source_digest
from skill_distiller.tokens import TokenCounter

RECORD_SCHEMA: Final = RECORD_SCHEMAS[-1]
VERIFY_SCHEMA: Final = "skill-distiller/verify/2"
Json = dict[str, object]


def to_json(record: Record) -> Json:
    """The record of a run, as `compress --json` prints it: figures, sections, receipt and the distilled text itself."""
    result, options = record.result, record.result.run.options
    counter, analysis = result.run.counter, result.reading.analysis
    return {
        "schema": RECORD_SCHEMA,
        "version": __version__,
        "skill": result.original.name,
        "source_sha256": source_digest(result.original),
        "mode": options.mode,
        "threshold": options.threshold if options.mode is Mode.THRESHOLD else None,
        "target_tokens": options.tokens,
        "wording": options.wording,
        "analyzer": analysis.analyzer,
        "token_scorer": result.run.token_scorer or None,
        "provider": usage_to_json(record.usage) if record.usage else None,
        "judge_provider": usage_to_json(record.usages[1]) if len(record.usages) > 1 else None,
        **members(counter, encoding="encoding", tokens_exact="exact"),
        **members(result, "input_tokens", "output_tokens"),
        "reduction": round(result.reduction, 4),
        "functionality": _functionality(record),
        "calibration": _calibration(record),
        "classification_confidence": round(analysis.confidence, 3),
        "changed": result.changed,
        "removed": {COUNTED_NAMES[kind][1]: count for kind, count in record.removed.items()},
        "kept": [TYPE_NAMES[kind][1] for kind in record.kept],
        "reworded_blocks": record.reworded,
        "notes": [_note(note) for note in result.notes],
        "sections": [_section(section) for section in record.sections],
        "token_level": {
            "types": [
                {**members(score, "type", section_count="sections"), "compression": _rounded(score.compression, 4)}
                for score in record.token_level.scores
            ],
            "phrases": list(record.token_level.phrases),
        },
        "needs": [
            {
                "id": need.piece.id,
                "line": need.piece.line,
                "needed_by": {"id": need.by.id, "line": need.by.line},
                "kind": need.kind.value,
                "why": need.why,
            }
            for need in find_needs(result)
        ],
        "receipt": [section_receipt(section) for section in result.evidence.receipt.sections],
        "verification": checks_to_json(result.evidence.verification),
        "gate": gate_to_json(result.evidence.gate),
        "one_liner": result.one_liner
        and members(result.one_liner, "trigger", "action", "result", "method", phrases_left_out="left_out"),
        "refused_renderings": result.plan.refused,
        "refusals": refusals_to_json(result.original, result.plan),
        "doubts": doubts_to_json(result.original, result.functionality),
        "new_files": new_files(result),
        "text": result.text,
        "original": result.original.text,
    }


def refusals_to_json(skill: Skill, plan: Plan) -> list[Json]:
    """The texts of a model that were not let in, each with the pieces it was for."""
    ids = piece_ids(skill).blocks if plan.refusals else ()
    return [
        {"ids": [ids[i] for i in refusal.blocks], **members(refusal, "before", "after", "faults", "partly")}
        for refusal in plan.refusals
    ]


def doubts_to_json(skill: Skill, functionality: Functionality) -> list[Json]:
    """What was in question of a model's texts, with the word of the judge on each."""
    settled = functionality.settled
    ids = piece_ids(skill).blocks if settled else ()
    return [
        {
            "ids": [ids[i] for i in one.doubt.blocks],
            **members(one.doubt, "before", "after", "faults"),
            **members(one, "word", "quote"),
        }
        for one in settled
    ]


def members(of: object, *same: str, **named: str) -> Json:
    """Members of a value: `same` under their own names, `named` by what the record calls them; tuples become lists."""
    names = {**dict(zip(same, same, strict=True)), **named}
    found = {key: getattr(of, name) for key, name in names.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def usage_to_json(usage: Usage) -> Json:
    """What was asked of a language model in a run."""
    others = asdict(usage)
    return {"name": others.pop("provider"), **others, "seconds": round(usage.seconds, 2)}


def _functionality(record: Record) -> Json:
    functionality = record.result.functionality
    return {
        "score": shown_score(functionality.score, record.floor, 1),
        "method": functionality.method,
        "interval": _rounded(functionality.interval, 1),
        "calibrated": record.estimate.stage is Stage.CALIBRATED,
        **members(functionality, "protected_found", "protected_lost", "missing"),
        **members(record, "advisory_found", "advisory_removed"),
    }


def _calibration(record: Record) -> Json:
    estimate, score = record.estimate, record.result.functionality.score
    changed = record.result.changed  # what did not change needs no correction
    interval = estimate.interval(score) if changed else None
    corrected = estimate.corrected(score) if changed else score
    return {
        "id": record.entry_id or None,
        **members(estimate, "stage", runs="n", outcomes="outcomes"),
        "bias": round(estimate.bias, 2),
        "corrected_score": shown_score(corrected, record.floor, 1),
        "half_width": _rounded(estimate.half_width, 2) if changed else None,
        "interval": interval and [round(bound, 1) for bound in interval],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _note(note: Note) -> Json:
    sections = [asdict(section) for section in note.sections]
    others = {"sections": sections or None, "tokens": note.tokens, "functionality": note.score}
    return {"kind": note.kind, "detail": note.detail, **{k: v for k, v in others.items() if v is not None}}


def _section(section: SectionRecord) -> Json:
    return {
        **members(section.original, "heading", "level", "line"),
        "type": section.type,
        "importance": round(section.importance, 3),
        "confidence": round(section.confidence, 3),
        "outcome": section.outcome,
        **members(section.blocks, blocks="total", blocks_removed="removed", blocks_shortened="shortened"),
        **members(section.tokens, tokens_before="original", tokens_after="candidate"),
        "examples": _examples(section.examples) if section.examples else None,
    }


def _examples(examples: ExampleSelection) -> Json:
    counts = members(examples, "total", "selected", "one_liners", "lines")
    return {**counts, "coverage": round(examples.coverage, 3), "mode": examples.mode}


def section_receipt(section: SectionReceipt) -> Json:
    return {
        **members(section, "heading", "level", heading_id="id", heading_removed="heading_dropped"),
        "changes": [_change(change) for change in section.changes],
        "lost_facts": [members(fact, "kind", fact="text", key="key", line="line") for fact in section.lost],
    }


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        **members(change.block, block="index", kind="kind"),
        **members(change, "type", "rendering", "reason"),
        **members(change.block, first_line="line", last_line="last_line"),
        **members(change, "before", "after", tokens_saved="saved"),
        **({"stands_with": change.stands_with} if change.stands_with else {}),
    }


def verification_to_json(verification: Verification, skill: str, counter: TokenCounter) -> Json:
    """The record of `verify` over a skill of that name, as `verify --json` prints it: every finding."""
    return {
        "schema": VERIFY_SCHEMA,
        "version": __version__,
        "skill": skill,
        **members(counter, encoding="encoding", tokens_exact="exact"),
        **members(verification.tokens, original_tokens="original", candidate_tokens="candidate"),
        "changed": verification.changed,
        "accounted": {verdict.value: count for verdict, count in verification.comparison.count().items()},
        **_checks(verification, tuple(Level)),
    }


def checks_to_json(verification: Verification | None) -> Json | None:
    """What `compress` found in its own result: declared losses, which its receipt names, are counted only.

    None where nothing was verified.
    """
    return None if verification is None else _checks(verification, (Level.FAILURE, Level.LOOK, Level.WARNING))


def _checks(verification: Verification, levels: Collection[Level]) -> Json:
    return {"passed": verification.passed, "checks": [_check(check, levels) for check in verification.checks]}


def _check(check: Check, levels: Collection[Level]) -> Json:
    return {
        "name": check.name,
        "passed": check.passed,
        "declared": check.count(Level.DECLARED),
        "to_look_at": check.count(Level.LOOK),
        "findings": [_finding(finding) for finding in check.findings if finding.level in levels],
    }


def _finding(finding: Finding) -> Json:
    file = "candidate" if finding.in_candidate else "original"
    return {**members(finding, "kind", "level", "text", "detail"), "file": file, "line": finding.line or None}


_NAME_LENGTH: Final = 200  # characters; a skill may call itself anything, and a thousand entries are read in each run


def to_entry(record: Record) -> Json:
    """The record as an entry of the calibration store: every field but `id` and `timestamp`, which the store gives.

    `expected` is the judge's score without any correction, so that corrections never add up. No path
    is kept: the file may be shared.
    """
    result, functionality, counter = record.result, record.result.functionality, record.result.run.counter
    provider, model = record.made_with
    sections = [section for section in record.sections if section.blocks.total]
    removed = sum(section.outcome is OutcomeKind.REMOVED for section in sections)
    lost = set(functionality.protected_lost)
    score = shown_score(functionality.score, record.floor, 1)
    return {
        "skill": result.original.name[:_NAME_LENGTH],
        **members(result.run.options, "mode", "threshold"),
        **members(result, "input_tokens", "output_tokens"),
        "reduction_pct": round(100 * result.reduction),
        "sections_total": len(sections),
        "sections_kept": len(sections) - removed,
        "sections_removed": removed,
        "classification_confidence_mean": round(result.reading.analysis.confidence, 3),
        "functionality_score": score,
        "protected_patterns_found": list(functionality.protected_found),
        "protected_patterns_preserved": [name for name in functionality.protected_found if name not in lost],
        "advisory_patterns_found": record.advisory_found,
        "advisory_patterns_removed": record.advisory_removed,
        "expected": {"functionality": score},
        "actual": None,
        "evaluation_method": functionality.method,
        "provider": provider,
        "model": model or None,
        "analyzer": result.reading.analysis.analyzer,
        "analyzer_version": __version__,  # its rules and weights are part of the package
        **members(counter, encoding="encoding", tokens_exact="exact"),
        "tool_version": __version__,
        "content_hash": f"sha256:{hashlib.sha256(result.original.text.encode('utf-8', 'replace')).hexdigest()}",
    }


def stage_line(stage: str, value: object) -> str:
    """One line of ASCII JSON: `{"stage": …, …}`."""
    return json.dumps({"stage": stage, **_describe(value)})


def _describe(value: object) -> Json:
    match value:
        case Skill():
            blocks = [members(block, "index", "kind", "line") for block in value.blocks]
            return {"frontmatter": value.frontmatter.state, "sections": len(value.sections), "blocks": blocks}
        case Analysis():
            judged = enumerate(zip(value.verdicts, value.skill.blocks, strict=True))
            return {"analyzer": value.analyzer, "verdicts": [_verdict(i, *pair) for i, pair in judged]}
        case Frontier():
            return {"points": [{"tokens": t, "worth": round(w, 5)} for t, w in value.points]}
        case OneLiner():
            shares = {str(block): round(share, 3) for block, share in value.shares.items()}
            return {**members(value, "lines", "method", phrases_left_out="left_out"), "shares": shares}
        case Plan():
            return {"refused": value.refused, "decisions": [_decision(decision) for decision in value.decisions]}
        case Functionality():
            return {"score": round(value.score, 2), **members(value, "method", "protected_lost")}
        case Verification() | None:
            return {"verification": checks_to_json(value)}
        case tuple():
            return {"ladders": [_ladder(item) for item in value if isinstance(item, Ladder)]}
        case _:
            raise TypeError(f"no description for {type(value).__name__}")


def _verdict(index: int, verdict: Verdict, block: Block) -> Json:
    return {
        "block": index,
        "type": verdict.type,
        "importance": round(verdict.importance, 3),
        "confidence": round(verdict.confidence, 3),
        "protected": sorted(verdict.protected),
        "advisory": sorted(verdict.advisory),
        "facts": len(block_facts(block)),
    }


def _decision(decision: Decision) -> Json:
    rendering = decision.rendering.kind
    return {"block": decision.block, "rendering": rendering, "saved": decision.saved, "reason": decision.reason}


def _ladder(ladder: Ladder) -> Json:
    rungs = [members(rung, "kind", "tokens", "share") for rung in ladder.rungs]
    return {"block": ladder.block.index, "rungs": rungs, "refused": ladder.refused}
