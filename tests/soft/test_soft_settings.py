"""Settings: one file, checked as a whole before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.command import run_process
from tests.soft.conftest import MISSING, plain_settings

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.soft.train_settings import Sizes, make_settings, phase_cost, phase_steps, read_settings

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "examples" / "soft").glob("*.yaml"))


@pytest.fixture
def text(tmp_path: Path) -> str:
    """Settings as a file has them."""
    return yaml.safe_dump(plain_settings(tmp_path / "model", tmp_path / "run"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_settings_that_ship_can_be_read(file: Path) -> None:
    """And written down again, as they are beside the weights."""
    settings = read_settings(file.read_text(encoding="utf-8"))
    assert make_settings(settings.plain()) == settings
    assert settings.largest == settings.resolutions[-1]


def test_the_settings_of_the_paper() -> None:
    """Two resolutions, three phases, an adapter in the last, 8 examples a step on 8 devices."""
    settings = read_settings((ROOT / "examples" / "soft" / "qwen3-8b.yaml").read_text(encoding="utf-8"))
    assert (settings.resolutions, [phase.name for phase in settings.phases]) == (
        (256, 512), ["reconstruction", "warm-up", "alignment"],
    )  # fmt: skip
    assert settings.phases[2].lora is not None
    assert (settings.optimizer.lr, settings.projector.hidden, settings.rows.separator) == (1e-5, 4096, "\n---\n")


def test_a_setting_is_changed_on_the_command_line(text: str) -> None:
    """By its path, as often as need be, and for that run alone."""
    changed = read_settings(text, ["optimizer.lr=2e-5", "phases.0.epochs=0.5", "phases.0.data.0=a b.jsonl"])
    assert (changed.optimizer.lr, changed.phases[0].epochs, changed.phases[0].data) == (2e-5, 0.5, ("a b.jsonl",))
    assert read_settings(text).optimizer.lr == 1e-3


@pytest.mark.parametrize("change", ["optimizer.lr", "phases.4.epochs=1", "phases.x.epochs=1", "seed.more=1"])
def test_a_change_that_is_none_is_refused(text: str, change: str) -> None:
    """With exit code 2."""
    with pytest.raises(UsageError, match="--set"):
        read_settings(text, [change])


_WRONG: dict[str, tuple[str, Any, str]] = {
    "an unknown setting": ("optimizer.lrr", 1, "There is no setting 'optimizer.lrr'"),
    "a text for a number": ("optimizer.lr", "fast", "optimizer.lr is 'fast', not a number"),
    "a number for a text": ("target.model", 3, "target.model is '3', not a text"),
    "a part of a token": ("seed", 1.5, "seed is '1.5', not a whole number"),
    "yes for a number": ("seed", True, "seed is 'True', not a whole number"),
    "resolutions in no order": ("resolutions", [8, 2], "ascending"),
    "no resolutions": ("resolutions", [], "ascending"),
    "resolutions that fill a row": ("resolutions", [2, 150], "leaves less than 64 tokens"),
    "one for a list": ("resolutions", 8, "resolutions is not a list"),
    "an unknown phase": ("phases", [{"name": "more", "data": ["a"]}], "phases are not some of"),
    "a phase without data": ("phases", [{"name": "warm-up", "data": []}], "names no data"),
    "an unknown type": ("target.dtype", "int8", "target.dtype is 'int8'"),
    "an unknown tuning": ("compressor.tuning", "some", "compressor.tuning is 'some'"),
    "no steps": ("optimizer.batch", 0, "not in its range"),
    "an endless rate": ("optimizer.lr", float("inf"), "not in its range"),
    "all warm-up": ("optimizer.warmup", 1.0, "not in its range"),
}


@pytest.mark.parametrize("fault", _WRONG)
def test_settings_that_can_not_be_are_refused(tmp_path: Path, fault: str) -> None:
    """With what is wrong and exit code 3."""
    path, value, told = _WRONG[fault]
    plain = plain_settings(tmp_path, tmp_path)
    *way, last = path.split(".")
    place = plain
    for name in way:
        place = place[name]
    place[last] = value
    with pytest.raises(BadInputError, match=told):
        make_settings(plain)


@pytest.mark.parametrize("text", ["a: &b [1]\nc: *b", "!!python/object:os.system {}", "- 1", "a: {", "target: {}"])
def test_a_file_that_holds_no_settings_is_refused(text: str) -> None:
    """Aliases and tags too."""
    with pytest.raises(BadInputError):
        read_settings(text)


def test_what_a_phase_costs() -> None:
    """16 bytes a trained parameter and 2 a frozen one in bfloat16; 8 and 6 operations a token and parameter."""
    sizes = Sizes(trained=7_620_000_000, compressor=7_620_000_000, target=8_190_000_000, devices=8)
    cost = phase_cost(sizes, steps=phase_steps(100, 1.0, 8), batch=8, read=2512, rows=4768, dtype="bfloat16")
    assert cost.steps == 13
    assert cost.bytes_per_device * 8 == pytest.approx(16 * 7.62e9 + 2 * 8.19e9)
    assert cost.operations == pytest.approx(13 * 8 * (8 * 7.62e9 * 2512 + 6 * 8.19e9 * 4768))
    assert cost.hours == pytest.approx(cost.operations / 4e14 / 3600 / 8)
    assert phase_steps(3, 0.001, 8) == 1


_WITHOUT = """
from importlib.machinery import PathFinder
real = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *rest: None if name == "torch" else real(name, *rest))
from skill_distiller.cli.app import main
main()
"""


def test_without_the_extra_a_command_says_how_to_get_it(text: str, tmp_path: Path) -> None:
    """Exit code 2, one sentence and the line for pip; what needs no model works."""
    file = tmp_path / "soft.yaml"
    file.write_text(text, encoding="utf-8")
    result = run_process("soft", "train", file, program=("-c", _WITHOUT))
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "Soft tokens need torch" in result.stderr
    assert "pip install 'skill-distiller[soft]'" in result.stderr
    output = tmp_path / "recon.jsonl"
    done = run_process("soft", "data", "reconstruction", ROOT / "examples", "-o", output, program=("-c", _WITHOUT))
    assert (done.exit_code, output.exists()) == (0, True)


def test_the_extra_is_there() -> None:
    """Where it is not, most of this folder is left out."""
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed: scripts/check-soft runs the tests of tests/soft that need it")
