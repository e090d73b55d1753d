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
_HOMES: Final = {
    "Backends": "run.run",
    "BadInputError": "errors",
    "Counting": "run.run",
    "DistillOptions": "run.run",
    "Evidence": "run.result",
    "Gate": "run.run",
    "KeptPieces": "run.run",
    "MalformedReplyError": "errors",
    "Mode": "planning.plan",
    "PromptTooLongError": "errors",
    "ProviderError": "errors",
    "RefusedError": "errors",
    "Result": "run.result",
    "Run": "run.run",
    "Skill": "skill.model",
    "SkillDistillerError": "errors",
    "SkillFolder": "skill.folder",
    "StoppedError": "errors",
    "TargetError": "errors",
    "UnsupportedReplyError": "errors",
    "UsageError": "errors",
    "Verification": "checks.model",
    "Wording": "rewriting.model",
    "carry_out": "run.distill",
    "distill": "run.distill",
    "parse_skill": "skill.parse",
    "read_folder": "skill.read",
    "read_skill": "skill.read",
    "render_skill": "skill.model",
    "verify": "checks.gate",
    "write_folder": "skill.write_folder",
}
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
