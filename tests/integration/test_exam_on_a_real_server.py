"""An exam with a real model behind a real server: too small to be wise, so what holds is the plumbing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.cli.command import run
from tests.integration.conftest import MODEL

from skill_distiller.report import exam_report

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SKILL = """---
name: tea
description: Makes tea. Use when tea is wanted.
---

# Tea

Boil the water. Pour it on the leaves and wait 4 minutes. Never add milk before the tea. See references/green.md.
"""
SCHEMA = json.loads((Path(exam_report.__file__).parent / "exam_result.schema.json").read_text("utf-8"))
EXAM = {
    "tasks": [
        {
            "id": "t1",
            "prompt": "How many minutes do I wait? Answer with the number alone.",
            "criteria": [
                {"id": "c1", "text": "The response says 4 minutes.", "evidence": ["wait 4 minutes"]},
                {"id": "c2", "text": "The response says 4.", "check": {"type": "contains", "value": "4"}},
            ],
        }
    ]
}


def test_a_real_model_sits_an_exam(llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three conditions answered and marked; the record is whole; the second time nobody is asked."""
    monkeypatch.setenv("OPENAI_BASE_URL", llama)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    for name, text in (("tea", SKILL), ("small", SKILL.replace("Boil the water. ", ""))):
        (tmp_path / name / "references").mkdir(parents=True)
        (tmp_path / name / "SKILL.md").write_text(text)
        (tmp_path / name / "references" / "green.md").write_text("Green tea waits 2 minutes.\n")
    (tmp_path / "exam.json").write_text(json.dumps(EXAM))
    command = ("exam", "run", tmp_path / "tea", tmp_path / "small", "--exam", tmp_path / "exam.json")
    asked = ("--provider=openai", f"--model={MODEL}", "--timeout=300", "--json")
    done = run(*command, *asked)
    if done.exit_code == 4:  # it can be of no use at all, which is told and is no score
        assert done.stdout == b""
        assert "no score" in done.stderr
        return
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.text)
    jsonschema.validate(record, SCHEMA)
    assert [sitting["condition"] for sitting in record["sittings"]] == ["no skill", "original", "small"]
    for sitting in record["sittings"]:
        assert sitting["answer"]
        assert [mark["id"] for mark in sitting["marks"]] == ["c1", "c2"]
        for mark in sitting["marks"]:
            assert not (mark["met"] and mark["id"] == "c1" and mark["quote"] not in sitting["answer"])
    assert record["models"][0]["input_tokens"] > 100
    again = json.loads(run(*command, *asked).text)
    assert again["models"][0]["calls"] == 0
    assert again["outcomes"] == record["outcomes"]
