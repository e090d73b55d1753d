"""JSON that says what stands beside it, strictly read, with hashes of files; and how a skill is carried by an exam."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final

from skill_distiller.errors import BadInputError
from skill_distiller.exams.sitting import Reason, first_enough
from skill_distiller.skill.safe_files import chunks_below, read_below

MANIFEST: Final = PurePosixPath("manifest.json")
_MAX_MANIFEST: Final = 4_000_000  # bytes
_SHA256: Final = 64  # characters

# What of a model's configuration says nothing of what it computes.
_ASIDE: Final = frozenset(
    {"dtype", "torch_dtype", "transformers_version", "_name_or_path", "use_cache", "quantization_config",
     "_attn_implementation_autoset", "attention_dropout", "architectures"}
)  # fmt: skip


def canonical(value: object) -> bytes:
    """A value as JSON with sorted keys and a line end: the same bytes for the same value."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_of(content: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_below(root: Path, path: PurePosixPath) -> str:
    """Of a file below a folder; raises BadInputError where it can't be read, or a link leads to it."""
    digest = hashlib.sha256()
    for chunk in chunks_below(root, path):
        digest.update(chunk)
    return digest.hexdigest()


def read_manifest(root: Path, form: str, version: int, hint: str) -> dict[str, Any]:
    """The manifest in a folder, its `format` and `version` checked; raises BadInputError."""
    if not root.is_dir():
        raise BadInputError(f"There is no folder {str(root)!r}.", hint)
    content = read_below(root, MANIFEST, _MAX_MANIFEST)
    try:
        value = json.loads(content) if len(content) <= _MAX_MANIFEST else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("format") != form:
        raise BadInputError(f"{str(root)!r} is no {form}.", hint)
    if value.get("version") != version:
        raise BadInputError(f"{str(root)!r} is of version {str(value.get('version'))[:20]!r}, not {version}.", hint)
    return value


def check_fields(value: object, fields: Mapping[str, type | tuple[type, ...]], place: str, hint: str) -> dict[str, Any]:
    """The mapping, if it has exactly these fields with values of these types; raises BadInputError."""
    if not isinstance(value, dict):
        raise BadInputError(f"{place} of the manifest holds no fields.", hint)
    for name in sorted(value.keys() ^ fields.keys()):
        what = "lacks" if name in fields else "has an unknown field"
        raise BadInputError(f"{place} of the manifest {what} {name!r}.", hint)
    for name, kind in fields.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value[name], kinds) or (isinstance(value[name], bool) and bool not in kinds):
            raise BadInputError(f"{place} of the manifest: {name} is not what it has to be.", hint)
    return value


def is_sha256(text: object) -> bool:
    """Whether a value is a hash as `sha256_of` writes one."""
    return isinstance(text, str) and len(text) == _SHA256 and set(text) <= set("0123456789abcdef")


def file_name(value: str, hint: str) -> PurePosixPath:
    """The name of a file right inside the folder; raises BadInputError for a path that leads anywhere else."""
    path = PurePosixPath(value)
    if len(path.parts) != 1 or path.name != value or value.startswith("."):
        raise BadInputError(f"The manifest names a file {value[:80]!r} outside of its folder.", hint)
    return path


def model_facts(config: Mapping[str, Any], tokenizer: str, template: str) -> bytes:
    """What a fingerprint holds of a model's configuration, tokenizer and chat template."""
    kept = {key: value for key, value in config.items() if key not in _ASIDE}
    return canonical({"config": kept, "tokenizer": json.loads(tokenizer), "template": template})


class Mode(StrEnum):
    """How a skill is put into a prompt."""

    SOFT = "soft"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Selected:
    """What an exam chose for a skill: `accepted` answers at each resolution, of `asked`, and the threshold (0-1)."""

    mode: Mode
    resolution: int | None
    accepted: Mapping[int, int]
    asked: int
    threshold: float
    reason: Reason

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "mode": self.mode.value,
            "resolution": self.resolution,
            "accepted": {str(size): count for size, count in self.accepted.items()},
            "asked": self.asked,
            "threshold": self.threshold,
            "reason": self.reason.name.lower(),
        }

    @classmethod
    def from_plain(cls, value: Mapping[str, Any]) -> Selected:
        """The selection that `plain` wrote; raises ValueError, TypeError or KeyError for any other value."""
        if value.keys() != cls.__dataclass_fields__.keys() or type(value["asked"]) is not int:
            raise ValueError("other fields than those of a selection")
        mode, size = Mode(value["mode"]), value["resolution"]
        if (mode is Mode.SOFT) != (type(size) is int):
            raise ValueError("a mode without its resolution")
        accepted = {int(key): int(count) for key, count in value["accepted"].items()}
        return cls(mode, size, accepted, value["asked"], float(value["threshold"]), Reason[value["reason"].upper()])


def offered(resolutions: Sequence[int], body_tokens: int) -> tuple[int, ...]:
    """The resolutions that take fewer tokens than the text."""
    return tuple(size for size in resolutions if size < body_tokens)


def select(accepted: Mapping[int, int], asked: int, wanted: int, threshold: float) -> Selected:
    """The mode of a skill: the smallest resolution with enough accepted answers, else the text.

    `accepted` has the resolutions that are offered, `asked` the questions with a reference answer, of `wanted`. With
    fewer than half of those there is nothing to go by.
    """
    if not accepted:
        return Selected(Mode.TEXT, None, {}, asked, threshold, Reason.SHORT)
    size, reason = first_enough(sorted(accepted.items()), asked, wanted, threshold)
    return Selected(Mode.SOFT if size else Mode.TEXT, size, accepted, asked, threshold, reason)


def together(chosen: Sequence[Selected | None], resolutions: Sequence[int]) -> int | None:
    """The resolution for several skills in one prompt, None for text: the largest mode that was selected holds for all.

    A skill without an exam counts as the largest resolution.
    """
    sizes = [resolutions[-1] if one is None else one.resolution for one in chosen]
    return None if None in sizes else max(size for size in sizes if size is not None)
