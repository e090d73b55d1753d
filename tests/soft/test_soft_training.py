"""Training: the same for the same seed, whoever was killed on the way, and however many processes share it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.cli.command import PATIENCE, environment
from tests.soft.conftest import plain_settings

from skill_distiller.errors import BadInputError, RefusedError
from skill_distiller.soft.checkpoint import open_checkpoint
from skill_distiller.soft.examples import Example, write_lines
from skill_distiller.soft.networks import World
from skill_distiller.soft.train_settings import LoggedStep, make_settings, read_log
from skill_distiller.soft.training import Wanted, pick, rate_at, train

ALONE = World(0, 1, torch.device("cpu"))
BATCH = {"lr": 1e-3, "batch": 4, "accumulation": 1, "checkpointing": False}
NO_DROPOUT = {"rank": 2, "alpha": 4, "dropout": 0.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> Path:
    """A few examples for each phase."""
    folder = tmp_path_factory.mktemp("data")
    bodies = [text[start : start + 110] for text in texts for start in (0, 150)]
    recon = [Example(f"r{n}", "reconstruction", (body,)) for n, body in enumerate(bodies)]
    pairs = list(pairwise(bodies))
    align = [
        Example(f"a{n}", "alignment", pair[: 1 + n % 2], "What now?", pair[0][:40]) for n, pair in enumerate(pairs)
    ]
    (folder / "recon.jsonl").write_bytes(write_lines(recon))
    (folder / "align.jsonl").write_bytes(write_lines(align))
    return folder


def _settings(model: Path, out: Path, data: Path, **changes: Any) -> dict[str, Any]:
    phases = [
        {"name": "reconstruction", "data": [str(data / "recon.jsonl")], "epochs": 3.3},
        {"name": "alignment", "data": [str(data / "align.jsonl")], "epochs": 3, "lora": NO_DROPOUT},
    ]
    return plain_settings(model, out, **{"phases": phases, "optimizer": BATCH, **changes})


@pytest.fixture(scope="module")
def whole(tiny: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two phases that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole") / "run"
    train(make_settings(_settings(tiny, out, data)), Wanted(), ALONE)
    return out


def _told(run: Path) -> list[LoggedStep]:
    return [entry._replace(seconds=0) for entry in read_log(run)]


def _weights(run: Path) -> dict[str, str]:
    folder = open_checkpoint(run, training=True).folder
    files: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    return files


def test_a_run_leaves_its_checkpoints_and_a_log(whole: Path) -> None:
    """The last ones of each phase, no halves, an adapter where it was trained, no pickle."""
    assert [(e.phase, e.step, e.steps) for e in _told(whole)] == [
        *(("reconstruction", n, 5) for n in range(1, 6)),
        *(("alignment", n, 4) for n in range(1, 5)),
    ]
    assert sorted(p.relative_to(whole).as_posix() for p in whole.glob("*/*")) == [
        "alignment/checkpoint-000003",
        "alignment/checkpoint-000004",
        "reconstruction/checkpoint-000003",
        "reconstruction/checkpoint-000005",
    ]
    last = open_checkpoint(whole)
    assert (last.folder.name, last.has_adapter, last.progress.done) == ("checkpoint-000004", True, True)
    names = set(_weights(whole))
    assert {"slots_projector.safetensors", "adapter/adapter_model.safetensors", "compressor/model.safetensors"} <= names
    assert {Path(name).suffix for name in names} <= {".safetensors", ".json", ".jinja", ".md"}


def test_the_same_seed_gives_the_same_run(whole: Path, tiny: Path, data: Path, tmp_path: Path) -> None:
    """Losses and the bytes of all weights; another seed does not."""
    out = tmp_path / "run"
    train(make_settings(_settings(tiny, out, data)), Wanted(), ALONE)
    assert _told(out) == _told(whole)
    assert {n: h for n, h in _weights(out).items() if n.endswith("safetensors")} == {
        n: h for n, h in _weights(whole).items() if n.endswith("safetensors")
    }


_KILLED = """
import json, os, signal, sys
import torch
from pathlib import Path
from skill_distiller.soft import checkpoint
from skill_distiller.soft.train_settings import make_settings
from skill_distiller.soft.networks import World
from skill_distiller.soft.training import Wanted, pick, rate_at, train
from skill_distiller.soft.train_settings import LoggedStep, read_log
torch.set_num_threads(1)
plain, phase, step = json.loads(sys.argv[1])
def observe(entry):
    if (entry.phase, entry.step) == (phase, step):
        (Path(plain["out"]["folder"]) / phase / "checkpoint-000004.partial").mkdir(parents=True)
        os.kill(os.getpid(), signal.SIGKILL)
train(make_settings(plain), Wanted(), World(0, 1, torch.device("cpu")), observe)
"""


def test_a_killed_run_goes_on_as_if_nothing_had_been(whole: Path, tiny: Path, data: Path, tmp_path: Path) -> None:
    """From its last whole checkpoint, to the same losses and weights."""
    out = tmp_path / "run"
    plain = _settings(tiny, out, data)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, json.dumps([plain, "alignment", 4])],
        env=environment(), capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert open_checkpoint(out).folder.name == "checkpoint-000003"
    with pytest.raises(RefusedError, match="There is a run in"):
        train(make_settings(plain), Wanted(), ALONE)
    with pytest.raises(BadInputError, match="not those that the run was begun with"):
        train(make_settings({**plain, "seed": 8}), Wanted(resume=True), ALONE)
    train(make_settings(plain), Wanted(resume=True), ALONE)
    assert _told(out) == _told(whole)
    assert _weights(out)["training/optimizer.safetensors"] == _weights(whole)["training/optimizer.safetensors"]
    assert not list(out.glob("*/*.partial"))


def test_checkpointing_changes_memory_and_nothing_else(whole: Path, tiny: Path, data: Path, tmp_path: Path) -> None:
    """Activations that are computed again give the same losses and gradients."""
    settings = _settings(tiny, tmp_path / "run", data, optimizer={**BATCH, "checkpointing": True})
    train(make_settings(settings), Wanted(), ALONE)
    for found, expected in zip(_told(tmp_path / "run"), _told(whole), strict=True):
        assert found.loss == pytest.approx(expected.loss, rel=1e-6)
        assert found.norm == pytest.approx(expected.norm, rel=1e-5)


def test_phases_one_by_one_are_phases_in_a_row(whole: Path, tiny: Path, data: Path, tmp_path: Path) -> None:
    """A phase that is named starts from the one before it, and has to have one."""
    out = tmp_path / "run"
    settings = make_settings(_settings(tiny, out, data))
    with pytest.raises(BadInputError, match="alignment has nothing to start from"):
        train(settings, Wanted("alignment"), ALONE)
    train(settings, Wanted("reconstruction"), ALONE)
    train(settings, Wanted("alignment"), ALONE)
    assert _told(out) == _told(whole)


def test_an_adapter_on_the_compressor_trains_nothing_else_of_it(tiny: Path, data: Path, tmp_path: Path) -> None:
    """`tuning: lora`: the checkpoint holds an adapter in place of a model, and loads again."""
    changes = {"compressor": {"model": str(tiny), "tuning": "lora", "lora": NO_DROPOUT}}
    settings = make_settings(_settings(tiny, tmp_path / "run", data, **changes))
    last = train(settings, Wanted(), ALONE)
    assert (last / "compressor" / "adapter_model.safetensors").is_file()
    assert not (last / "compressor" / "model.safetensors").exists()
    losses = [entry.loss for entry in _told(tmp_path / "run")]
    assert losses[0] != losses[-1]


def _torchrun(plain: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(plain), encoding="utf-8")  # JSON is YAML
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d",
         "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1",
         "-m", "skill_distiller", "soft", "train", str(file), "--device=cpu"],
        env=environment(OMP_NUM_THREADS="1", GLOO_SOCKET_IFNAME="lo"), capture_output=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]


def test_two_processes_are_one(tiny: Path, data: Path, tmp_path: Path) -> None:
    """The batch shared by two processes, weights spread over both: the same losses, and weights that one can load.

    Both go through it example by example: how sums of another shape are rounded depends on the processor.
    """
    one, out = tmp_path / "one", tmp_path / "run"
    train(
        make_settings(_settings(tiny, one, data, optimizer={**BATCH, "batch": 1, "accumulation": 4})), Wanted(), ALONE
    )
    optimizer = {**BATCH, "batch": 1, "accumulation": 2}
    _torchrun(_settings(tiny, out, data, optimizer=optimizer), tmp_path / "soft.yaml")
    for found, expected in zip(_told(out), _told(one), strict=True):
        assert abs(found.loss - expected.loss) <= 1e-6 * max(1, expected.loss)
        assert abs(found.norm - expected.norm) <= 1e-5 * max(1, expected.norm)
    assert open_checkpoint(out, training=True).progress.done


def test_every_example_comes_once_an_epoch() -> None:
    """In another order each time; the same order for the same seed."""
    taken = [place for step in range(5) for place in pick(4, "s", step, 4)]
    epochs = [taken[start : start + 4] for start in range(0, 20, 4)]
    assert all(sorted(epoch) == [0, 1, 2, 3] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert pick(4, "s", 3, 4) == pick(4, "s", 3, 4)
    assert pick(2, "s", 0, 5) != pick(2, "t", 0, 5) or pick(2, "s", 1, 5) != pick(2, "t", 1, 5)


def test_the_rate_goes_up_and_then_down(plain: dict[str, Any]) -> None:
    """In a line for the warm-up, then in a cosine."""
    settings = make_settings(plain).optimizer
    rates = [rate_at(step, 20, settings) / settings.lr for step in range(20)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] < 0.01
