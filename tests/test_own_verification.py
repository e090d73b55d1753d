"""compress verifies its own result: what a user sees when it passes and when it fails."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from tests.cli.command import run
from tests.cli.samples import DEPLOY

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.gate import CHECKS
from skill_distiller.cli.plan_file import parse_plan, plan_text
from skill_distiller.errors import RefusedError
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.saved_plan import SavedPiece, SavedPlan
from skill_distiller.report.console import print_notes, print_report
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import make_record
from skill_distiller.rewriting.model import Proposals, Rendering, RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.run import Backends, DistillOptions, Gate
from skill_distiller.skill.model import piece_ids
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

_RULE = (
    "In the long and winding history of this old and honored repository, and of all the others that are like it, one"
    " thing has held through the years: never commit secrets.\n"
)
_SKILL = f"---\nname: a\ndescription: Use when b.\n---\n# Rules\n\n{_RULE}\nRun `make`.\n"


_TURNED = _RULE.replace("never commit", "commit")


def _turned() -> SavedPlan:
    """The plan of somebody who turns the rule round and is trusted: what the tool itself writes is mended."""
    skill = parse_skill(_SKILL)
    whole = parse_plan(plan_text(distill(skill, DistillOptions(threshold=0.0))))
    (rule,) = [piece for piece, block in zip(piece_ids(skill).blocks, skill.blocks, strict=True) if block.text == _RULE]
    piece = SavedPiece(rule, RenderingKind.REWRITTEN, _TURNED, 0.99)
    return replace(whole, blocks={**whole.blocks, rule: piece}, trusted=True)


class _Turncoat:
    """Turns a rule round, and claims to have proved it."""

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """A shorter text for each block that holds the rule."""
        text = _TURNED.replace("In the long and winding history of", "In") + "\n"
        rendering = Rendering(RenderingKind.REWRITTEN, text, counter.count(text), 0.999, proved=True)
        return Proposals({block.index: (rendering,) for block in reading.skill.blocks if block.text == _RULE})


@pytest.mark.parametrize("options", [DistillOptions(), DistillOptions(mode=Mode.TOKENS, tokens=60)])
def test_what_a_renderer_turned_comes_back(options: DistillOptions) -> None:
    """Within a budget too: the gate's word counts, not that of who wrote the text."""
    result = distill(parse_skill(_SKILL), options, Backends(renderers=(_Turncoat(),)))
    assert result.evidence.verification is not None
    assert result.evidence.verification.passed
    assert "never commit secrets" in result.text


def _printed(gate: Gate = Gate.REPORT) -> tuple[str, str]:
    record = make_record(distill(parse_skill(_SKILL), DistillOptions(plan=_turned(), gate=gate)))
    report, notes = io.StringIO(), io.StringIO()
    print_report(record, Console(file=report, width=400))
    print_notes(record, Console(file=notes, width=400))
    return report.getvalue(), notes.getvalue()


def test_a_result_that_passes_says_so() -> None:
    """One line of the report, a field of the record; nothing on stderr beside the record."""
    lines = run("compress", stdin=DEPLOY.encode()).stderr.splitlines()
    assert [line for line in lines if line.startswith("Receipt complete: ")]
    result = run("compress", "--json", stdin=DEPLOY.encode())
    assert "Receipt complete" not in result.stderr
    verification = json.loads(result.stdout)["verification"]
    assert verification["passed"]
    assert [check["findings"] for check in verification["checks"]] == [[]] * len(CHECKS)
    assert sum(check["declared"] for check in verification["checks"]) > 0


def test_a_result_that_fails_warns_loudly() -> None:
    """In the report as well as beside the record, naming the check and the sentence."""
    for text in _printed():
        (line,) = [line for line in text.splitlines() if line.startswith("Verification FAILED: meaning (reversed")]
        assert "line 7 of the original" in line
        assert "Verified:" not in text


def test_the_record_of_a_result_that_fails() -> None:
    """It holds the finding."""
    result = distill(parse_skill(_SKILL), DistillOptions(plan=_turned(), gate=Gate.REPORT))
    verification = to_json(make_record(result))["verification"]
    assert isinstance(verification, dict)
    assert not verification["passed"]
    found = [item["kind"] for check in verification["checks"] for item in check["findings"]]
    assert "reversed" in found


@pytest.mark.parametrize("gate", [Gate.REFUSE, Gate.STRICT])
def test_a_result_that_fails_is_refused(gate: Gate) -> None:
    """Exit code 6: nothing is written, unless it is asked for."""
    with pytest.raises(RefusedError, match=r"fails its own verification \(meaning\)") as caught:
        _printed(gate)
    assert caught.value.exit_code == 6
    assert caught.value.hint


def test_a_paragraph_that_stands_under_every_heading() -> None:
    """Gone under one and shorter under the next: what is left stands for the one under its own heading."""
    story = "This part of the page is about the history of the desk, which two people founded who liked to read.\n"
    few = ("No borres los archivos viejos.", "Está prohibido publicar nombres.", "Solo el jefe puede publicar.")
    rules = (*few, "Jamás ejecutes el comando sin permiso.", "Espera la aprobación del responsable.")
    parts = "".join(f"\n## Part {i}\n\n{story}\n{rule}\n\n{story}" for i, rule in enumerate(rules))
    result = distill(parse_skill(f"# A\n\nRun `a` first.\n{parts}"), DistillOptions(threshold=0.8))
    assert result.evidence.verification
    assert result.evidence.verification.passed
