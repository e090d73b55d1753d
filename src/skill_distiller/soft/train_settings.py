"""The settings of a training run: one YAML file, checked as a whole, and what the run will take of memory and time.

With the log of the run: one line of JSON a step, the same whether the run was interrupted or not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.skill.frontmatter import read_fields

MAX_SETTINGS: Final = 256 * 1024  # characters of a file of settings
PHASES: Final = ("reconstruction", "warm-up", "alignment")
TUNINGS: Final = ("full", "lora")
DTYPES: Final = ("float32", "bfloat16")
_LEAST_ROOM: Final = 64  # tokens of a row that are left beside the soft tokens
_HINT: Final = "docs/soft.md lists the settings."


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """A LoRA adapter: `modules` is `all-linear` or the names of the modules that get one, joined by commas."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    modules: str = "all-linear"


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The model that soft tokens are made for: a folder or a name on the hub, and the type of its weights."""

    model: str
    revision: str = ""
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class CompressorSettings:
    """The model that reads skills. `full` trains all of it (the paper), `lora` an adapter (one GPU is enough)."""

    model: str
    revision: str = ""
    tuning: str = "full"
    lora: LoraSettings = field(default_factory=LoraSettings)


@dataclass(frozen=True, slots=True)
class ProjectorSettings:
    """The projector; with `match_scale` it begins with outputs as large as the target's embeddings."""

    layers: int = 3
    hidden: int = 4096
    match_scale: bool = False


@dataclass(frozen=True, slots=True)
class RowSettings:
    """How long things may get, in tokens, and what stands between the soft tokens of two skills."""

    max_skill_tokens: int = 4096
    max_row_tokens: int = 4096
    separator: str = "\n---\n"


@dataclass(frozen=True, slots=True)
class PhaseSettings:
    """One phase of training. `init` is the checkpoint it starts from, "" for that of the phase before."""

    name: str
    data: tuple[str, ...]
    epochs: float = 1.0
    lora: LoraSettings | None = None
    init: str = ""


@dataclass(frozen=True, slots=True)
class OptimizerSettings:
    """AdamW with a cosine after a warm-up; `batch` examples a process at a time, `accumulation` times a step."""

    lr: float = 1e-5
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    batch: int = 1
    accumulation: int = 8
    checkpointing: bool = True


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where checkpoints go, every so many steps, and how many of a phase are kept."""

    folder: str
    every: int = 200
    keep: int = 3


@dataclass(frozen=True, slots=True)
class SoftSettings:
    """All settings of a training run; they are written beside the weights and say how large everything is."""

    target: TargetSettings
    compressor: CompressorSettings
    resolutions: tuple[int, ...]
    phases: tuple[PhaseSettings, ...]
    out: OutputSettings
    projector: ProjectorSettings = field(default_factory=ProjectorSettings)
    rows: RowSettings = field(default_factory=RowSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    seed: int = 42

    @property
    def largest(self) -> int:
        """The largest resolution: the number of slots."""
        return self.resolutions[-1]

    def plain(self) -> dict[str, Any]:
        """The settings as plain data, as `make_settings` takes them."""
        return asdict(self)


def read_settings(text: str, changes: Sequence[str] = ()) -> SoftSettings:
    """The settings in a YAML text, with changes like `phases.0.epochs=0.5` made to it.

    Raises BadInputError for settings that can't be, UsageError for a change that is none.
    """
    values = read_fields(text, MAX_SETTINGS)
    if values is None:
        raise BadInputError("The settings are not valid YAML (or have tags, aliases or too deep a nesting).", _HINT)
    plain: dict[str, Any] = deepcopy(dict(values))  # what was read is remembered, and changes are made in place
    for change in changes:
        _change(plain, change)
    return make_settings(plain)


def _change(values: dict[str, Any], change: str) -> None:
    path, equals, text = change.partition("=")
    read = read_fields(f"value: {text}")
    if not equals or read is None:
        raise UsageError(f"--set {change!r} sets nothing.", "Write it like --set optimizer.lr=2e-5.")
    *way, last = path.split(".")
    place: Any = values
    try:
        for name in way:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        place[int(last) if isinstance(place, list) else last] = read["value"]
    except (TypeError, ValueError, IndexError, AttributeError):
        raise UsageError(f"--set {change!r} leads nowhere.", "Name a setting, like phases.0.epochs.") from None


def make_settings(values: Mapping[str, Any]) -> SoftSettings:
    """The settings that plain data say; raises BadInputError where a key or a value can't be."""
    settings: SoftSettings = _make(SoftSettings, values, "")
    for wrong in _problems(settings):
        raise BadInputError(wrong, _HINT)
    return settings


def _make(kind: Any, value: Any, place: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """A value as the type says; `place` names it in messages."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:  # of a type and None
        return None if value is None else _make(inner[0], value, place)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise BadInputError(f"{place} is not a list.", _HINT)
        return tuple(_make(inner[0], item, f"{place}.{number}") for number, item in enumerate(value))
    if is_dataclass(kind) and isinstance(kind, type):
        return _make_group(kind, value, place)
    if kind is float and isinstance(value, str):  # YAML takes 1e-5 for a text
        try:
            value = float(value)
        except ValueError:
            raise BadInputError(f"{place} is {value!r}, not a number.", _HINT) from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        wanted = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}[kind]
        raise BadInputError(f"{place} is {str(value)[:40]!r}, not {wanted}.", _HINT)
    return value


def _make_group(kind: type, value: Any, place: str) -> Any:  # noqa: ANN401 - the same
    if not isinstance(value, Mapping):
        raise BadInputError(f"{place or 'The file'} holds no settings by name.", _HINT)
    kinds, known = get_type_hints(kind), {one.name: one for one in fields(kind)}
    within = f"{place}." if place else ""
    for key in value:
        if key not in known:
            nearest = get_close_matches(str(key), known, 1)
            hint = f"Did you mean {nearest[0]!r}?" if nearest else f"Known here: {', '.join(known)}."
            raise BadInputError(f"There is no setting {within + str(key)!r}.", hint)
    for name, one in known.items():
        if name not in value and one.default is MISSING and one.default_factory is MISSING:
            raise BadInputError(f"The setting {within + name!r} is missing.", _HINT)
    return kind(**{key: _make(kinds[key], item, within + key) for key, item in value.items()})


def _problems(settings: SoftSettings) -> list[str]:
    """What does not fit together, a sentence each."""
    found, sizes = [], settings.resolutions
    rows, phases, steps = settings.rows, settings.phases, settings.optimizer
    lora = settings.compressor.lora
    if not sizes or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
        found.append("resolutions are not positive numbers in ascending order.")
    elif sizes[-1] + _LEAST_ROOM >= rows.max_row_tokens:
        found.append(f"rows.max_row_tokens leaves less than {_LEAST_ROOM} tokens beside {sizes[-1]} soft tokens.")
    names = [phase.name for phase in phases]
    if not names or names != [name for name in PHASES if name in names]:
        found.append(f"phases are not some of {', '.join(PHASES)}, each once and in this order.")
    found += [f"The phase {phase.name} names no data." for phase in phases if not phase.data]
    if settings.target.dtype not in DTYPES:
        found.append(f"target.dtype is {settings.target.dtype!r}, not one of {', '.join(DTYPES)}.")
    if settings.compressor.tuning not in TUNINGS:
        found.append(f"compressor.tuning is {settings.compressor.tuning!r}, not one of {', '.join(TUNINGS)}.")
    found += [f"phases.{p.name}.lora: only the alignment trains one." for p in phases[:-1] if p.lora]
    counts = (rows.max_skill_tokens, steps.batch, steps.accumulation, settings.out.every, settings.out.keep, lora.rank)
    shapes = (settings.projector.layers, settings.projector.hidden)
    shares = (*(phase.epochs for phase in phases), steps.lr, steps.clip)
    if min(counts + shapes) < 1 or not all(0 < share < math.inf for share in shares) or not 0 <= steps.warmup < 1:
        found.append("A size, a count, a rate or a share is not in its range.")
    return found


class Sizes(NamedTuple):
    """Parameters of a run: those that are trained, all of the compressor, all of the target; and its devices."""

    trained: int
    compressor: int
    target: int
    devices: int = 1


class Cost(NamedTuple):
    """What a phase takes: steps, bytes of weights and optimizer on each device, operations, and hours at 4e14 a second.

    Activations come on top: some 8 to 10 GB a device at 8 billion parameters and 4,096 tokens.
    """

    steps: int
    bytes_per_device: int
    operations: float
    hours: float


_GPU_SPEED: Final = 4e14  # operations a second that an H100 reaches at 40 % of its peak in bfloat16


def phase_steps(examples: int, epochs: float, batch: int) -> int:
    """Optimizer steps for so many examples, `batch` of them a step."""
    return max(1, math.ceil(examples * epochs / batch))


def phase_cost(sizes: Sizes, steps: int, batch: int, read: float, rows: float, dtype: str) -> Cost:
    """The cost of a phase whose examples have `read` tokens before the compressor and `rows` before the target, each.

    16 bytes for a trained parameter (weight, gradient and two moments in float32), 4 or 2 for a frozen one.
    With checkpointing a trained token takes 8 operations a parameter, one through a frozen model 6.
    """
    frozen = sizes.compressor + sizes.target - sizes.trained
    weights = 16 * sizes.trained + (2 if dtype == "bfloat16" else 4) * max(0, frozen)
    operations = steps * batch * (8.0 * sizes.compressor * read + 6.0 * sizes.target * rows)
    return Cost(steps, math.ceil(weights / sizes.devices), operations, operations / _GPU_SPEED / 3600 / sizes.devices)


LOG: Final = "log.jsonl"


class LoggedStep(NamedTuple):
    """A step: loss in nats per token, over all resolutions and at each, and the gradient's size before clipping."""

    phase: str
    step: int
    steps: int
    loss: float
    by_resolution: tuple[float, ...]
    lr: float
    norm: float
    seconds: float


def add_to_log(run: Path, entry: LoggedStep) -> None:
    """Write a step down."""
    with (run / LOG).open("a", encoding="utf-8") as log:
        log.write(_line(entry))


def _line(entry: LoggedStep) -> str:
    return json.dumps(entry._asdict()) + "\n"


def read_log(run: Path) -> Iterator[LoggedStep]:
    """The entries of a run's log, in order; raises BadInputError where it has none that can be read."""
    try:
        for line in (run / LOG).read_text(encoding="utf-8").splitlines():
            value = json.loads(line)
            yield LoggedStep(**{**value, "by_resolution": tuple(value["by_resolution"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise BadInputError(f"{str(run)!r} holds no log of training.", "Name the folder of a run.") from None


def cut_log(run: Path, settings: SoftSettings, last: tuple[str, int] | None) -> None:
    """Take out of the log what came after a step that training goes on from; all of it for None."""
    if last is None:
        (run / LOG).unlink(missing_ok=True)
        return
    order = [phase.name for phase in settings.phases]
    end = (order.index(last[0]), last[1])
    kept = [entry for entry in read_log(run) if (order.index(entry.phase), entry.step) <= end]
    (run / LOG).write_text("".join(map(_line, kept)), encoding="utf-8")
