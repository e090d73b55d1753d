"""What the tests of soft tokens share: the extra has to be installed, one thread, and a model made in seconds."""

from __future__ import annotations

import json
import os
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.command import Result

EXTRA = ("torch", "transformers", "peft", "safetensors")
MISSING = [name for name in EXTRA if find_spec(name) is None]
# What needs no extra: settings, data, the choice of a resolution.
WITHOUT = (
    "test_soft_settings.py",
    "test_soft_data.py",
    "test_soft_alignment.py",
    "test_soft_selection.py",
    "test_llmlingua.py",
)
collect_ignore = [] if not MISSING else [
    path.name for path in Path(__file__).parent.glob("test_*.py") if path.name not in WITHOUT
]  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


def pytest_report_header() -> str:
    """Why tests are left out, where they are."""
    return f"soft: {', '.join(MISSING)} not installed, most of tests/soft is left out" if MISSING else "soft: whole"


def record_of(result: Result) -> dict[str, Any]:
    """The record that a command printed, which is as its schema says."""
    assert result.exit_code == 0, result.stderr
    schema = resources.files("skill_distiller.soft").joinpath("records.schema.json").read_text("utf-8")
    value: dict[str, Any] = json.loads(result.text)
    jsonschema.validate(value, json.loads(schema))
    return value


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """One thread, no hub, no bars."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", OMP_NUM_THREADS="1")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if not MISSING:
        import torch
        from transformers.utils import logging

        torch.set_num_threads(1)
        logging.disable_progress_bar()


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """The bodies of the skills that ship as examples."""
    from skill_distiller.skill.read import read_skill

    return [read_skill(path).body for path in sorted(ROOT.glob("examples/*/SKILL.md"))]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> Path:
    """A model of two layers that has learned a little of the examples."""
    from lab.soft.tiny import make_model

    return make_model(tmp_path_factory.mktemp("model") / "tiny", texts, steps=300)


@pytest.fixture
def plain(tiny: Path, tmp_path: Path) -> dict[str, Any]:
    """Settings for the tiny model, as plain data."""
    return plain_settings(tiny, tmp_path / "run")


def plain_settings(model: Path, out: Path, **changes: Any) -> dict[str, Any]:
    """Settings for a model as plain data: two resolutions, small everything."""
    return {
        "target": {"model": str(model)},
        "compressor": {"model": str(model)},
        "resolutions": [2, 8],
        "projector": {"hidden": 96, "match_scale": True},
        "rows": {"max_skill_tokens": 48, "max_row_tokens": 160},
        "phases": [{"name": "reconstruction", "data": ["recon.jsonl"]}],
        "optimizer": {"lr": 1e-3, "batch": 2, "accumulation": 1, "checkpointing": False},
        "out": {"folder": str(out), "every": 3},
        "seed": 7,
        **changes,
    }
