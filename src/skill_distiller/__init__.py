"""Make agent skills smaller and show what they still carry.

>>> from skill_distiller import distill
>>> result = distill("---\\nname: a\\ndescription: Use when b.\\n---\\n# A\\n\\nRun `a`.\\n", threshold=0.8)
>>> result.output_tokens <= result.input_tokens
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from skill_distiller._version import __version__

if TYPE_CHECKING:
    from skill_distiller.checks.gate import verify
    from skill_distiller.checks.model import Verification
    from skill_distiller.errors import (
        BadInputError,
        MalformedReplyError,
        PromptTooLongError,
        ProviderError,
        RefusedError,
        SkillDistillerError,
        StoppedError,
        TargetError,
        UnsupportedReplyError,
        UsageError,
    )
    from skill_distiller.planning.plan import Mode
    from skill_distiller.rewriting.model import Wording
    from skill_distiller.run.distill import carry_out, distill
    from skill_distiller.run.result import Evidence, Result
    from skill_distiller.run.run import Backends, Counting, DistillOptions, Gate, KeptPieces, Run
    from skill_distiller.skill.folder import SkillFolder
    from skill_distiller.skill.model import Skill, render_skill
    from skill_distiller.skill.parse import parse_skill
    from skill_distiller.skill.read import read_folder, read_skill
    from skill_distiller.skill.write_folder import write_folder

# Loaded on first use: `skill-distiller --version` must not pay for a Markdown parser and a tokenizer.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "checks.gate": ("verify",),
    "checks.model": ("Verification",),
    "errors": (
        "BadInputError",
        "MalformedReplyError",
        "PromptTooLongError",
        "ProviderError",
        "RefusedError",
        "SkillDistillerError",
        "StoppedError",
        "TargetError",
        "UnsupportedReplyError",
        "UsageError",
    ),
    "planning.plan": ("Mode",),
    "rewriting.model": ("Wording",),
    "run.distill": ("carry_out", "distill"),
    "run.result": ("Evidence", "Result"),
    "run.run": ("Backends", "Counting", "DistillOptions", "Gate", "KeptPieces", "Run"),
    "skill.folder": ("SkillFolder",),
    "skill.model": ("Skill", "render_skill"),
    "skill.parse": ("parse_skill",),
    "skill.read": ("read_folder", "read_skill"),
    "skill.write_folder": ("write_folder",),
}
_HOMES: Final = {name: module for module, names in _NAMES.items() for name in names}
__all__ = [
    "Backends",
    "BadInputError",
    "Counting",
    "DistillOptions",
    "Evidence",
    "Gate",
    "KeptPieces",
    "MalformedReplyError",
    "Mode",
    "PromptTooLongError",
    "ProviderError",
    "RefusedError",
    "Result",
    "Run",
    "Skill",
    "SkillDistillerError",
    "SkillFolder",
    "StoppedError",
    "TargetError",
    "UnsupportedReplyError",
    "UsageError",
    "Verification",
    "Wording",
    "__version__",
    "carry_out",
    "distill",
    "parse_skill",
    "read_folder",
    "read_skill",
    "render_skill",
    "verify",
    "write_folder",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"skill_distiller.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
