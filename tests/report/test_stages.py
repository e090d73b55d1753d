"""The lines of `--debug-stages`."""

from __future__ import annotations

import json

import pytest
from tests.cli.samples import HOSTILE

from skill_distiller.report.json_record import stage_line
from skill_distiller.run.distill import distill
from skill_distiller.skill.parse import parse_skill


def test_every_stage_is_one_line_of_ascii() -> None:
    """Whatever a skill holds, a stage's line is JSON in ASCII, without a line break."""
    lines: list[str] = []
    distill(parse_skill(HOSTILE), observe=lambda stage, value: lines.append(stage_line(stage, value)))
    assert lines
    assert [line for line in lines if not line.isascii() or not line.isprintable()] == []
    assert [next(iter(json.loads(line))) for line in lines] == ["stage"] * len(lines)


def test_a_stage_that_nobody_described_is_a_defect() -> None:
    """A new stage has to say how it is shown."""
    with pytest.raises(TypeError, match="no description for object"):
        stage_line("surprise", object())
