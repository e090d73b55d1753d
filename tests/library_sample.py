"""The library as a program uses it: it runs, and every name in it has the type that it says."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from skill_distiller import (
    Backends,
    DistillOptions,
    KeptPieces,
    Mode,
    ProviderError,
    RefusedError,
    Result,
    Run,
    Skill,
    SkillDistillerError,
    SkillFolder,
    TargetError,
    UsageError,
    Verification,
    Wording,
    carry_out,
    distill,
    parse_skill,
    read_folder,
    read_skill,
    verify,
)


def use(path: Path, text: str) -> list[str]:
    """All that the README says of the library, on a skill at a path and on its text."""
    result = distill(path, threshold=0.8)
    assert_type(result, Result)
    assert_type(result.text, str)
    assert_type(result.functionality.score, float)
    assert_type(result.input_tokens, int)
    assert_type([fact.text for fact in result.evidence.receipt.lost], list[str])
    assert_type(result.evidence.verification, Verification | None)

    folder = read_folder(path)
    assert_type(folder, SkillFolder)
    skill = read_skill(path)
    assert_type(skill, Skill)
    assert distill(skill, threshold=0.8).text == distill(folder, threshold=0.8).text
    small = distill(text, tokens=max(1, result.input_tokens - 1), wording="terse")
    options = DistillOptions(threshold=0.7, wording=Wording.KEEP, keep=KeptPieces(sections=("Steps",)))
    kept = carry_out(Run(options, Backends()), parse_skill(text))
    lines = distill(text, mode=Mode.ONELINER)
    assert_type(verify(skill, kept.distilled).passed, bool)
    try:
        distill(text, DistillOptions(tokens=1))
    except TargetError as error:
        assert_type(error.smallest, int)
    except (UsageError, RefusedError, ProviderError) as error:
        assert_type(error.hint, str)
    except SkillDistillerError as error:
        assert_type(error.exit_code, int)
    return [result.text, small.text, kept.text, lines.text]
