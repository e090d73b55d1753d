"""The line of the report that counts rewritten blocks and refused texts."""

from __future__ import annotations

import io

from lab.experiments.rules_analyzer import RulesAnalyzer
from rich.console import Console
from tests.prompted.skill import texts
from tests.prompted.test_rewrite import DISK, GOOD, TEXT

from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.providers.scripted import ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.report.console import print_report
from skill_distiller.report.json_record import to_json
from skill_distiller.report.record import make_record
from skill_distiller.run.distill import distill
from skill_distiller.run.run import Backends, DistillOptions
from skill_distiller.skill.parse import parse_skill


def report(*script: str) -> tuple[str, object]:
    """The report of a run with these replies, and the count of refused texts in its record."""
    session = Session(ScriptedProvider(script))
    backends = Backends(RulesAnalyzer(), renderers=(PromptedRewriter(session, accept_unproved=True),))
    record = make_record(distill(parse_skill(TEXT), DistillOptions(threshold=0.97), backends))
    stream = io.StringIO()
    print_report(record, Console(file=stream, width=200))
    return stream.getvalue(), to_json(record)["refused_renderings"]


def test_rewritten_blocks_are_counted() -> None:
    """A line of its own, without refusals where there are none."""
    shown, refused = report(texts(*GOOD))
    assert "\nRewritten: 4 blocks\n" in shown
    assert refused == 0


def test_refusals_are_counted() -> None:
    """One block keeps its text, for the new one lost a condition twice."""
    bad = DISK.replace("When the disk is full, d", "D")
    shown, refused = report(texts(*GOOD[:3], bad), texts(bad, first=3))
    assert "\nRewritten: 3 blocks (1 refused: lost a fact)\n" in shown
    assert refused == 1


def test_nothing_is_said_where_nothing_was_rewritten() -> None:
    """Runs without a model have no such line."""
    shown, _ = report("no", "no")
    assert "Rewritten:" not in shown
