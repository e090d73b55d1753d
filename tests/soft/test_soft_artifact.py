"""Artifacts: equal bytes for equal skills, taken only for the text, the model and the compressor they were made for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.cli.command import PATIENCE, Result, environment, run
from tests.cli.samples import DEPLOY
from tests.soft.conftest import plain_settings, record_of

from skill_distiller.skill.parse import parse_skill
from skill_distiller.soft.artifact import open_artifact
from skill_distiller.soft.checkpoint import load_networks, open_checkpoint
from skill_distiller.soft.examples import Example, write_lines
from skill_distiller.soft.manifest import canonical, sha256_of


class Place(NamedTuple):
    """A folder with settings, a trained compressor, a skill and its artifact."""

    root: Path
    run: Path
    skill: Path
    artifact: Path

    def soft(self, command: str, *arguments: str | Path) -> Result:
        """A command on the artifact, with the compressor."""
        return run("soft", command, *arguments, f"--compressor={self.run}", "--device=cpu", "--offline")


def _train(root: Path, model: Path, texts: list[str], seed: int = 7) -> Path:
    recon = root / "recon.jsonl"
    recon.write_bytes(write_lines([Example(str(n), "reconstruction", (text[:90],)) for n, text in enumerate(texts)]))
    align = root / "align.jsonl"
    align.write_bytes(write_lines([Example("a", "alignment", (texts[0][:90],), "What now?", "Read the diff.")]))
    phases = [
        {"name": "reconstruction", "data": [str(recon)]},
        {"name": "alignment", "data": [str(align)], "epochs": 3},
    ]
    plain = plain_settings(model, root / "run", phases=phases, seed=seed)
    (root / "soft.yaml").write_text(json.dumps(plain), encoding="utf-8")
    result = run("soft", "train", root / "soft.yaml", "--device=cpu", "--offline")
    assert result.exit_code == 0, result.stderr
    assert "reconstruction 2/2: loss" in result.stderr
    assert result.text.strip() == str(root / "run" / "alignment" / "checkpoint-000002")
    return root / "run"


@pytest.fixture(scope="module")
def place(tiny: Path, texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Trained and compressed once."""
    root = tmp_path_factory.mktemp("soft")
    skill = root / "deploy-notes"
    skill.mkdir()
    (skill / "SKILL.md").write_text(DEPLOY, encoding="utf-8")
    found = Place(root, _train(root, tiny, texts), skill, root / "deploy-notes.soft")
    result = found.soft("compress", skill)
    assert (result.exit_code, result.text.strip()) == (0, str(found.artifact)), result.stderr
    return found


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Place:
    """The same with an artifact of its own."""
    artifact = tmp_path / "a.soft"
    shutil.copytree(place.artifact, artifact)
    return place._replace(artifact=artifact)


_AGAIN = "import sys, torch; torch.set_num_threads(1); from skill_distiller.cli.app import main; main()"


def test_another_process_makes_the_same_bytes(place: Place, tmp_path: Path) -> None:
    """Tensor and manifest, to the last byte; and the file has no metadata."""
    again = tmp_path / "again.soft"
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, "soft", "compress", str(place.skill), f"--compressor={place.run}",
         "--device=cpu", "-o", str(again)],
        env=environment(PYTHONHASHSEED="5"), capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    for name in ("manifest.json", "soft_tokens.safetensors"):
        assert (again / name).read_bytes() == (place.artifact / name).read_bytes()
    assert b"__metadata__" not in (again / "soft_tokens.safetensors").read_bytes()


def test_a_resolution_is_read_alone(place: Place) -> None:
    """The first soft tokens are those of the whole."""
    opened = open_artifact(place.artifact)
    whole = load_file(place.artifact / "soft_tokens.safetensors")["soft_tokens"].float()
    assert torch.equal(opened.soft_tokens(2), whole[:2])
    assert opened.shape == (8, 64)


def test_what_was_made_is_verified(place: Place) -> None:
    """By making it again; the record says how it compares."""
    result = place.soft("verify", place.artifact, place.skill, "--json")
    assert result.exit_code == 0, result.stderr
    assert record_of(result) == {
        "schema": "skill-distiller/soft-verify/1", "verified": True, "equal": True, "difference": 0.0,
    }  # fmt: skip


def _set(path: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        *way, last = path.split(".")
        place = manifest
        for name in way:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
        (folder / "manifest.json").write_bytes(canonical(manifest))

    return change


def _retensor(**tensors: torch.Tensor) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "soft_tokens.safetensors"
        save_file(tensors, file)
        _set("tensor.sha256", sha256_of(file.read_bytes()))(folder)

    return change


def _link(folder: Path) -> None:
    file = folder / "soft_tokens.safetensors"
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")


def _cut(folder: Path) -> None:
    file = folder / "soft_tokens.safetensors"
    file.write_bytes(file.read_bytes()[:-2])


_TOKENS = torch.zeros(8, 64, dtype=torch.bfloat16)
_REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "another format": (_set("format", "x"), "is no skill-distiller/soft-skill"),
    "a later version": (_set("version", 2), "is of version '2'"),
    "an unknown field": (_set("more", 1), "has an unknown field 'more'"),
    "an unknown field below": (_set("skill.more", 1), "skill of the manifest has an unknown field 'more'"),
    "a missing field": (_set("skill.name", None), "lacks 'name'"),
    "a wrong type": (_set("skill.body_tokens", "many"), "body_tokens is not what it has to be"),
    "other prompts": (_set("layout.version", 9), "was made for other prompts"),
    "no hash": (_set("compressor.id", "abc"), "A hash or a size"),
    "resolutions that do not fit": (_set("resolutions", [2, 4]), "do not fit its soft tokens"),
    "resolutions of nothing": (_set("resolutions", []), "do not fit its soft tokens"),
    "a path out": (_set("tensor.file", "../soft_tokens.safetensors"), "outside of its folder"),
    "a selection of nothing": (_set("selected", {"mode": "soft"}), "What was selected"),
    "a selection without its exam": (
        _set("selected", {"mode": "text", "resolution": "x", "exam_sha256": "0" * 64}), "What was selected",
    ),
    "a changed file": (_cut, "are not what the manifest says"),
    "a link": (_link, "Can't read 'soft_tokens.safetensors'"),
    "another shape": (_retensor(soft_tokens=_TOKENS[:4]), "of another shape or type"),
    "another type": (_retensor(soft_tokens=_TOKENS.float()), "of another shape or type"),
    "another tensor": (_retensor(other=_TOKENS), "of another shape or type"),
    "infinite numbers": (_retensor(soft_tokens=_TOKENS + float("inf")), "are not finite"),
}  # fmt: skip


@pytest.mark.parametrize("fault", _REFUSED)
def test_an_artifact_with_a_fault_is_refused(copied: Place, fault: str) -> None:
    """With what is wrong, exit code 3 and nothing on stdout."""
    change, told = _REFUSED[fault]
    change(copied.artifact)
    result = run("soft", "inspect", copied.artifact)
    assert (result.exit_code, result.stdout) == (3, b"")
    assert told in result.stderr


def test_soft_tokens_of_something_else_are_not_verified(copied: Place) -> None:
    """However well their manifest is made up: exit code 6."""
    _retensor(soft_tokens=_TOKENS)(copied.artifact)
    result = copied.soft("verify", copied.artifact, copied.skill)
    assert (result.exit_code, result.stdout) == (6, b"")
    assert "does not hold the soft tokens of this skill" in result.stderr


def test_a_changed_skill_needs_another_artifact(copied: Place, tmp_path: Path) -> None:
    """Verification and exam say so."""
    changed = tmp_path / "SKILL.md"
    changed.write_text(DEPLOY.replace("must", "may") + "\nMore.\n", encoding="utf-8")
    for command in ("verify", "exam"):
        result = copied.soft(command, copied.artifact, changed)
        assert (result.exit_code, result.stdout) == (3, b"")
        assert "The text of the skill is not the one" in result.stderr


def test_another_compressor_or_target_is_refused(place: Place, texts: list[str], tmp_path: Path, tiny: Path) -> None:
    """An artifact says whose it is; so does a checkpoint."""
    other = place._replace(run=_train(tmp_path, tiny, texts, seed=8))
    result = other.soft("answer", place.artifact, "--query=Why?")
    assert (result.exit_code, result.stdout) == (3, b"")
    assert "was made by another compressor" in result.stderr
    moved = tmp_path / "moved"
    shutil.copytree(tiny, moved)
    assert place.soft("answer", place.artifact, "--query=Why?", "--answer-tokens=3", f"--target={moved}").exit_code == 0
    weights = load_file(moved / "model.safetensors")
    save_file({n: w + 0.5 if "embed" in n else w for n, w in weights.items()}, moved / "model.safetensors",
              metadata={"format": "pt"})  # fmt: skip
    result = place.soft("answer", place.artifact, "--query=Why?", f"--target={moved}")
    assert (result.exit_code, result.stdout) == (3, b"")
    assert "is not the model that" in result.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("slots_projector.safetensors", "is not what was saved"),
        ("compressor/model.safetensors", "is not what was saved"),
        ("adapter/adapter_model.safetensors", "is not what was saved"),
        ("manifest.json", "is no skill-distiller/soft-checkpoint"),
        ("adapter/adapter_model.bin", "that was not saved with it"),
    ],
)
def test_a_checkpoint_that_was_changed_is_refused(place: Place, tmp_path: Path, name: str, told: str) -> None:
    """Any file of it that is used, and one that was put there."""
    run_ = tmp_path / "run"
    shutil.copytree(place.run, run_)
    (run_ / "alignment" / "checkpoint-000002" / name).write_bytes(b"{}")
    result = place._replace(run=run_).soft("answer", place.artifact, "--query=Why?")
    assert (result.exit_code, result.stdout) == (3, b"")
    assert told in result.stderr


def test_nothing_is_overwritten(copied: Place, tmp_path: Path) -> None:
    """An artifact only with --force, anything else never."""
    result = copied.soft("compress", copied.skill, "-o", copied.artifact)
    assert (result.exit_code, result.stdout) == (6, b"")
    assert copied.soft("compress", copied.skill, "-o", copied.artifact, "--force").exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("mine", encoding="utf-8")
    assert copied.soft("compress", copied.skill, "-o", other, "--force").exit_code == 6
    assert [path.name for path in other.iterdir()] == ["file"]
    assert copied.soft("compress", copied.skill, "-o", tmp_path / "no" / "a.soft").exit_code == 2


def test_a_query_is_answered_with_skills_in_every_form(copied: Place) -> None:
    """As soft tokens, as text beside them, and without any."""
    arguments = ("--query=What now?", "--answer-tokens=5", "--json")
    soft = record_of(copied.soft("answer", copied.artifact, *arguments))
    assert (soft["skill_tokens"], soft["skills"][0]["mode"], soft["skills"][0]["resolution"]) == (8, "soft", 8)
    small = record_of(copied.soft("answer", copied.artifact, copied.artifact, "--resolution=2", *arguments))
    assert small["skill_tokens"] == 4
    beside = record_of(
        copied.soft("answer", copied.artifact, f"--skill={copied.skill}", "--resolution=text", *arguments)
    )
    assert beside["skill_tokens"] == open_artifact(copied.artifact).skill.body_tokens
    none = record_of(copied.soft("answer", copied.artifact, "--resolution=none", *arguments))
    assert (none["skills"], none["skill_tokens"]) == ([], 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--resolution=9", "--query=Why?"), "--resolution='9' is not to be had"),
        (("--resolution=text", "--query=Why?"), "is to be carried as text, which it does not hold"),
        ((), "There is no query"),
    ],
)
def test_what_can_not_be_carried_is_said(copied: Place, arguments: tuple[str, ...], told: str) -> None:
    """With exit code 2."""
    result = copied.soft("answer", copied.artifact, *arguments)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert told in result.stderr


def test_the_prompt_for_a_server_is_the_prompt_of_an_answer(copied: Place, tmp_path: Path) -> None:
    """Template, soft tokens and query, as embeddings."""
    file = tmp_path / "prompt.safetensors"
    result = copied.soft("prompt", copied.artifact, "--query=Why?", "--resolution=2", "-o", file, "--json")
    assert result.exit_code == 0, result.stderr
    ((name, embedded),) = load_file(file).items()
    assert (name, list(embedded.shape)) == ("prompt_embeds", record_of(result)["shape"])
    kept = open_artifact(copied.artifact).soft_tokens(2).to(torch.bfloat16)
    assert any(torch.equal(embedded[start : start + 2], kept) for start in range(len(embedded) - 1))
    assert copied.soft("prompt", copied.artifact, "--query=Why?", "-o", file).exit_code == 6


def test_an_exam_is_kept_in_the_artifact(copied: Place, tmp_path: Path) -> None:
    """A model of two layers passes none: the text is what it gets, and the answers are there to be read."""
    questions = tmp_path / "questions.txt"
    questions.write_text("What now?\nWhat then?\n", encoding="utf-8")
    result = copied.soft(
        "exam", copied.artifact, copied.skill, f"--questions-file={questions}", "--answer-tokens=30", "--json"
    )
    assert result.exit_code == 0, result.stderr
    selected = record_of(result)["selected"]
    assert (selected["mode"], selected["resolution"]) == ("text", None)
    assert selected["exam_sha256"] == sha256_of((copied.artifact / "exam.jsonl").read_bytes())
    opened = open_artifact(copied.artifact)
    assert opened.selected is not None
    (copied.artifact / "exam.jsonl").write_bytes(b"{}\n")
    assert "is not the one that it was selected by" in run("soft", "inspect", copied.artifact).stderr


def test_a_run_can_be_looked_at(place: Place, tmp_path: Path) -> None:
    """Its losses as numbers and as a picture, its checkpoint, the examples."""
    record: dict[str, Any] = record_of(run("soft", "inspect", place.run, "--json"))
    assert (record["kind"], record["phase"], record["has_adapter"]) == ("run", "alignment", True)
    assert record["losses"]["reconstruction"]["steps"] == 2
    picture = tmp_path / "curve.svg"
    assert run("soft", "inspect", place.run, f"--curve={picture}").exit_code == 0
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert record_of(run("soft", "inspect", place.root / "recon.jsonl", "--json"))["examples"] == 3
    assert run("soft", "inspect", place.run, "--curve=curve.txt").exit_code == 2


def test_a_dry_run_says_what_it_takes(place: Place) -> None:
    """Parameters, bytes by the formula, steps, hours; nothing is written."""
    result = run(
        "soft", "train", place.root / "soft.yaml", "--dry-run", "--devices=2", "--json", "--set=out.folder=nowhere"
    )
    assert result.exit_code == 0, result.stderr
    first, last = record_of(result)["phases"]
    sizes = first["sizes"]
    assert first["cost"]["bytes_per_device"] == (16 * sizes["trained"] + 4 * sizes["target"]) / 2
    assert sizes["compressor"] == sizes["trained"]
    assert last["sizes"]["trained"] > sizes["trained"]
    assert not Path("nowhere").exists()
    assert "reconstruction: 3 examples, 2 steps" in run("soft", "train", place.root / "soft.yaml", "--dry-run").text


def test_a_run_is_not_begun_over(place: Place) -> None:
    """Exit code 6; settings that can't be are told before anything is loaded."""
    result = run("soft", "train", place.root / "soft.yaml", "--device=cpu")
    assert (result.exit_code, result.stdout) == (6, b""), result.stderr
    result = run("soft", "train", place.root / "soft.yaml", "--set=optimiser.lr=1")
    assert (result.exit_code, result.stdout) == (3, b"")
    assert "Did you mean 'optimizer'?" in result.stderr


def test_the_lab_measures_what_soft_tokens_carry(place: Place, texts: list[str]) -> None:
    """A row for each skill and resolution; what does not hang on the resolution is the same in both."""
    from lab.soft.__main__ import Contexts

    skills = [
        parse_skill(f"---\nname: {name}\ndescription: x\n---\n{text}") for name, text in zip("ab", texts, strict=False)
    ]
    contexts = Contexts(load_networks(open_checkpoint(place.run)), skills)
    found = [row for number in (0, 1) for row in contexts.losses(number, [contexts.answers[number]])]
    assert [(one.skill, one.resolution) for one in found] == [("a", 2), ("a", 8), ("b", 2), ("b", 8)]
    assert (found[0].nothing, found[0].text) == (found[1].nothing, found[1].text)
    assert found[0].own != found[0].other
    assert all(0 < loss < 12 for one in found for loss in one[3:] if not isnan(loss))
    quote = contexts.layout.encode("Write the summary")
    (short, _) = contexts.losses(0, [quote, quote])
    assert short.tokens == 2 * len(quote)
    assert short.own != found[0].own
    assert [(cost.resolution, cost.bytes) for cost in contexts.costs(1)] == [(2, 2 * 64 * 2), (8, 8 * 64 * 2)]
