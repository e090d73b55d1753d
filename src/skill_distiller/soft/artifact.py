"""A skill as a folder of soft tokens: made by one forward of the compressor, carried beside the skill, checked on use.

Soft tokens can't be read by people. They are taken only for the model, the compressor and the text that they were made
for, and `verify` makes them again from the text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from skill_distiller.errors import BadInputError, RefusedError, reason_of
from skill_distiller.skill.model import Skill
from skill_distiller.skill.safe_files import staged
from skill_distiller.soft.checkpoint import Checkpoint, Networks
from skill_distiller.soft.manifest import (
    MANIFEST,
    Selected,
    canonical,
    check_fields,
    file_name,
    is_sha256,
    read_manifest,
    sha256_below,
    sha256_of,
)
from skill_distiller.soft.prompt_layout import LAYOUT_VERSION, Ids, Piece, SoftPart, length_of

FORMAT: Final = "skill-distiller/soft-skill"
VERSION: Final = 1
_TENSOR: Final = "soft_tokens"
_FILE: Final = f"{_TENSOR}.safetensors"
_DTYPE: Final = "bfloat16"
_HINT: Final = "Make it again with `skill-distiller soft compress`."
_ROUNDING: Final = 0.02  # of the root mean square: what other processors and numbers of threads may change
_FIELDS: Final[dict[str, Any]] = {
    "format": str, "version": int, "skill": dict, "compressor": dict, "target": dict, "layout": dict, "tensor": dict,
    "resolutions": list, "selected": (dict, type(None)),
}  # fmt: skip
_PARTS: Final[dict[str, dict[str, Any]]] = {
    "skill": {"name": str, "file_sha256": str, "body_sha256": str, "body_tokens": int},
    "compressor": {"id": str},
    "target": {"model": str, "revision": str, "fingerprint": str},
    "layout": {"version": int, "separator": str},
    "tensor": {"file": str, "sha256": str, "shape": list, "dtype": str},
}


@dataclass(frozen=True, slots=True)
class SkillFacts:
    """Which text soft tokens stand for: hashes of SKILL.md and of its body, and the body's tokens for the target."""

    name: str
    file_sha256: str
    body_sha256: str
    body_tokens: int


@dataclass(frozen=True, slots=True)
class SoftArtifact:
    """An artifact on disk, its manifest and file checked; the soft tokens are read when they are asked for."""

    folder: Path
    skill: SkillFacts
    compressor: str
    target: str
    shape: tuple[int, int]
    resolutions: tuple[int, ...]
    separator: str
    selected: Selected | None
    manifest: dict[str, Any]

    def soft_tokens(self, resolution: int) -> Tensor:
        """The first soft tokens (resolution, width) in float32; nothing of the others is read."""
        with safe_open(self.folder / _FILE, "pt") as file:
            return file.get_slice(_TENSOR)[:resolution].float()

    def check_target(self, checkpoint: Checkpoint) -> None:
        """Raise BadInputError unless a checkpoint is the one that these soft tokens come from."""
        if self.target != checkpoint.fingerprint:
            raise BadInputError(f"{str(self.folder)!r} was made for another target model.", _HINT)
        if self.compressor != checkpoint.id:
            raise BadInputError(f"{str(self.folder)!r} was made by another compressor than this one.", _HINT)

    def check_skill(self, skill: Skill) -> None:
        """Raise BadInputError where the text of a skill has changed since."""
        if self.skill.body_sha256 != sha256_of(skill.body.encode()):
            raise BadInputError(
                f"The text of the skill is not the one that {str(self.folder)!r} was made from.",
                "Run `skill-distiller soft compress` again.",
            )


def make_soft_tokens(networks: Networks, bodies: Sequence[str]) -> list[Tensor]:
    """The soft tokens (largest resolution, width) of each body, one body at a time, in float32."""
    networks.step.eval()
    size = networks.preparer.settings.largest
    with torch.no_grad():
        return [networks.compressor([networks.preparer.reading(body)], size)[0].float() for body in bodies]


def describe(skill: Skill, networks: Networks) -> SkillFacts:
    """What an artifact holds of the skill that it stands for."""
    body = skill.body.encode()
    tokens = len(networks.preparer.target.encode(skill.body))
    return SkillFacts(skill.name, sha256_of(skill.text.encode()), sha256_of(body), tokens)


def write_artifact(
    folder: Path, skill: Skill, networks: Networks, checkpoint: Checkpoint, *, force: bool = False
) -> SoftArtifact:
    """Make the soft tokens of a skill and write them with their manifest; equal skills give equal bytes.

    Raises RefusedError for a folder that is there (without `force`) or that the disk does not take.
    """
    if folder.exists() and not ((force and (folder / MANIFEST).is_file()) or not any(folder.iterdir())):
        raise RefusedError(f"{str(folder)!r} exists.", "Use --force to replace an artifact, or name another with -o.")
    (tokens,) = make_soft_tokens(networks, [skill.body])
    content = save({_TENSOR: tokens.to(torch.bfloat16).cpu().contiguous()})
    settings = checkpoint.settings
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "skill": asdict(describe(skill, networks)),
        "compressor": {"id": checkpoint.id},
        "target": {
            "model": settings.target.model,
            "revision": settings.target.revision,
            "fingerprint": checkpoint.fingerprint,
        },
        "layout": {"version": LAYOUT_VERSION, "separator": settings.rows.separator},
        "tensor": {"file": _FILE, "sha256": sha256_of(content), "shape": list(tokens.shape), "dtype": _DTYPE},
        "resolutions": list(settings.resolutions),
        "selected": None,
    }
    _write(folder, {_FILE: content, str(MANIFEST): canonical(manifest)})
    return open_artifact(folder)


def write_selection(artifact: SoftArtifact, selected: Selected, exam: bytes) -> SoftArtifact:
    """Keep what an exam chose, with the exam itself, in the artifact."""
    plain = {**selected.plain(), "exam_sha256": sha256_of(exam)}
    manifest = {**artifact.manifest, "selected": plain}
    _write(artifact.folder, {"exam.jsonl": exam, str(MANIFEST): canonical(manifest)})
    return open_artifact(artifact.folder)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(exist_ok=True)
        for name, content in files.items():  # the manifest last: it tells whether the others are whole
            with staged(folder / name, content):
                pass
    except OSError as error:
        raise RefusedError(f"Can't write {str(folder)!r}: {reason_of(error)}.", "Name another place with -o.") from None


def open_artifact(folder: Path) -> SoftArtifact:
    """The artifact in a folder. Raises BadInputError for anything missing, unknown, changed, or leading elsewhere."""
    value = check_fields(read_manifest(folder, FORMAT, VERSION, _HINT), _FIELDS, "The top", _HINT)
    for name, fields in _PARTS.items():
        check_fields(value[name], fields, name, _HINT)
    tensor, layout = value["tensor"], value["layout"]
    hashes = (value["skill"]["file_sha256"], value["skill"]["body_sha256"], value["compressor"]["id"],
              value["target"]["fingerprint"], tensor["sha256"])  # fmt: skip
    sizes = (*tensor["shape"], *value["resolutions"])
    if not all(map(is_sha256, hashes)) or not all(type(size) is int and size > 0 for size in sizes):
        raise BadInputError(f"A hash or a size in {str(folder)!r} is none.", _HINT)
    resolutions = value["resolutions"]
    if resolutions != sorted(set(resolutions)) or resolutions[-1:] != tensor["shape"][:1]:
        raise BadInputError(f"The resolutions of {str(folder)!r} do not fit its soft tokens.", _HINT)
    if layout["version"] != LAYOUT_VERSION:
        raise BadInputError(f"{str(folder)!r} was made for other prompts than this version writes.", _HINT)
    file = file_name(tensor["file"], _HINT)
    if str(file) != _FILE or sha256_below(folder, file) != tensor["sha256"]:
        raise BadInputError(f"The soft tokens in {str(folder)!r} are not what the manifest says.", _HINT)
    _check_tensor(folder, tensor)
    chosen = None if value["selected"] is None else _selected(folder, value["selected"], resolutions)
    return SoftArtifact(
        folder, SkillFacts(**value["skill"]), value["compressor"]["id"], value["target"]["fingerprint"],
        (tensor["shape"][0], tensor["shape"][1]), tuple(resolutions), layout["separator"], chosen, value,
    )  # fmt: skip


def _check_tensor(folder: Path, tensor: dict[str, Any]) -> None:
    try:
        with safe_open(folder / _FILE, "pt") as file:
            names = list(file.keys())
            found = file.get_tensor(_TENSOR) if names == [_TENSOR] else torch.zeros(0)
    except (OSError, SafetensorError) as error:
        raise BadInputError(f"Can't read the soft tokens in {str(folder)!r}: {reason_of(error)}", _HINT) from None
    if list(found.shape) != tensor["shape"] or found.dtype is not torch.bfloat16 or tensor["dtype"] != _DTYPE:
        raise BadInputError(f"The soft tokens in {str(folder)!r} are of another shape or type.", _HINT)
    if not found.isfinite().all():
        raise BadInputError(f"The soft tokens in {str(folder)!r} are not finite.", _HINT)


def _selected(folder: Path, value: dict[str, Any], resolutions: Sequence[int]) -> Selected:
    digest = value.get("exam_sha256")
    plain = {key: item for key, item in value.items() if key != "exam_sha256"}
    try:
        chosen = Selected.from_plain(plain)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise BadInputError(f"What was selected in {str(folder)!r} is not what it has to be.", _HINT) from None
    if chosen.resolution not in (None, *resolutions) or not is_sha256(digest):
        raise BadInputError(f"What was selected in {str(folder)!r} is not what it has to be.", _HINT)
    if sha256_below(folder, PurePosixPath("exam.jsonl")) != digest:
        raise BadInputError(f"The exam in {str(folder)!r} is not the one that it was selected by.", _HINT)
    return chosen


class Verified(NamedTuple):
    """How soft tokens that were made again compare: the largest difference, as a share of their root mean square."""

    equal: bool
    difference: float

    @property
    def ok(self) -> bool:
        """Whether they are the same, but for what another machine rounds otherwise."""
        return self.equal or self.difference <= _ROUNDING


def verify_artifact(artifact: SoftArtifact, skill: Skill, networks: Networks, checkpoint: Checkpoint) -> Verified:
    """Make the soft tokens of a skill again and compare; raises BadInputError where text or models do not fit."""
    artifact.check_skill(skill)
    artifact.check_target(checkpoint)
    (made,) = make_soft_tokens(networks, [skill.body])
    made, kept = made.to(torch.bfloat16).float().cpu(), artifact.soft_tokens(artifact.shape[0])
    if made.shape != kept.shape:
        return Verified(False, math.inf)
    size = kept.pow(2).mean().sqrt().clamp(min=1e-12)
    return Verified(torch.equal(made, kept), float((made - kept).abs().max() / size))


class Carried(NamedTuple):
    """Skills as a prompt carries them: a piece each, the soft tokens that the pieces name, and tokens in all."""

    pieces: tuple[Piece, ...]
    soft: tuple[Tensor, ...]

    @property
    def tokens(self) -> int:
        """What the skills add to a prompt, separators aside."""
        return length_of(self.pieces)


class SoftChoice(NamedTuple):
    """An artifact at one of its resolutions."""

    artifact: SoftArtifact
    resolution: int


def carry(parts: Sequence[SoftChoice | Ids]) -> Carried:
    """Skills side by side, each as soft tokens at a resolution or as the tokens of its text."""
    pieces: list[Piece] = []
    soft: list[Tensor] = []
    for part in parts:
        if isinstance(part, SoftChoice):
            pieces.append(SoftPart(len(soft), part.resolution))
            soft.append(part.artifact.soft_tokens(part.resolution))
        else:
            pieces.append(part)
    return Carried(tuple(pieces), tuple(soft))
