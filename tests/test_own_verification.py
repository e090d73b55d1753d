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
from skill_distiller.errors import RefusedError
from skill_distiller.planning.plan import Mode
from skill_distiller.report.console import print_notes, print_report
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import make_record
from skill_distiller.rewriting.model import Proposals, Rendering, RenderingKind
from skill_distiller.run.backends import Backends
from skill_distiller.run.distill import distill
from skill_distiller.run.run import DistillOptions, Gate
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

_RULE = (
    "In the long and winding history of this old and honored repository, and of all the others that are like it, one"
    " thing has held through the years: never commit secrets.\n"
)
_SKILL = f"---\nname: a\ndescription: Use when b.\n---\n# Rules\n\n{_RULE}\nRun `make`.\n"


class _Turncoat:
    """Turns a rule round, and claims to have proved it."""

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """The same text for each block that holds the rule."""
        text = _RULE.replace("In the long and winding history of", "In").replace("never commit", "commit")
        text += "\n"
        rendering = Rendering(RenderingKind.REWRITTEN, text, counter.count(text), 0.999, proved=True)
        return Proposals({block.index: (rendering,) for block in reading.skill.blocks if block.text == _RULE})


_TRICKED = Backends(renderers=(_Turncoat(),))


# So few that the rule does not come back, as it else would.
_TIGHT = DistillOptions(mode=Mode.TOKENS, tokens=45)


def _printed(gate: Gate = Gate.REPORT) -> tuple[str, str]:
    record = make_record(distill(parse_skill(_SKILL), replace(_TIGHT, gate=gate), _TRICKED))
    report, notes = io.StringIO(), io.StringIO()
    print_report(record, Console(file=report, width=400))
    print_notes(record, Console(file=notes, width=400))
    return report.getvalue(), notes.getvalue()


def test_a_result_that_passes_says_so() -> None:
    """One line of the report, a field of the record; nothing on stderr beside the record."""
    names = ", ".join(check.name for check in CHECKS)
    line = f"Verified: every loss is in the receipt; no other was found ({names})"
    assert line in run("compress", stdin=DEPLOY.encode()).stderr.splitlines()
    result = run("compress", "--json", stdin=DEPLOY.encode())
    assert "Verified" not in result.stderr
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
    verification = to_json(make_record(distill(parse_skill(_SKILL), replace(_TIGHT, gate=Gate.REPORT), _TRICKED)))[
        "verification"
    ]
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
