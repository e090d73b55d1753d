"""The baseline LLMLingua-2: a token classifier throws words out until the budget is met (the extra `llmlingua`).

The library is its authors'; the model is loaded from safetensors alone, and code of it is never run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.exams.baselines import Baseline, Count, truncate
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import serve_offline

NAME: Final = "llmlingua-2"
MODELS: Final = ("bert-base-multilingual-cased", "xlm-roberta-large")  # one of them has to be in the name of a model
_TRIES: Final = 5  # its budget is met about: asked again for less, then cut
_KEPT: Final = ("\n",)  # what it may not throw out, or there would be no lines left

Shorten = Callable[[str, int], str]  # a text and about how many tokens to leave


def load_llmlingua(model: str, *, offline: bool = False) -> Baseline:
    """The baseline with a model: a folder, or a name on the hub, from where it is fetched unless `offline`.

    Raises UsageError without the extra and for a model that the library can't use, BadInputError where it can't be
    loaded.
    """
    missing = [name for name in ("llmlingua", "torch", "transformers") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"The baseline {NAME} needs {', '.join(missing)}.", "Run `pip install 'skill-distiller[llmlingua]'`."
        )
    if not any(name in model for name in MODELS):
        raise UsageError(
            f"{model!r} is no model for {NAME}.",
            f"Its name has to hold {' or '.join(MODELS)}, as those of its authors do.",
        )
    return baseline_of(_open(model, offline))


def _open(model: str, offline: bool) -> Shorten:
    serve_offline()  # it counts in one of tiktoken's encodings, which it would fetch
    from llmlingua import PromptCompressor

    settings: dict[str, Any] = {"trust_remote_code": False, "local_files_only": offline, "use_safetensors": True}
    try:
        compressor = PromptCompressor(model, "cpu", settings, use_llmlingua2=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BadInputError(
            f"Can't load {model!r}: {reason_of(error)}.", "Name a folder, or a name on the hub."
        ) from None

    def shorten(text: str, tokens: int) -> str:
        found = compressor.compress_prompt_llmlingua2([text], target_token=tokens, force_tokens=list(_KEPT))
        return str(found["compressed_prompt"])

    return shorten


def baseline_of(shorten: Shorten) -> Baseline:
    """The baseline of whatever shortens a text to about so many tokens; the body that is left fits the budget."""

    def baseline(skill: Skill, budget: int, count: Count, seed: int) -> str:
        text, asked = skill.body, budget
        if budget < 1:
            return ""
        for _ in range(_TRIES):
            text = shorten(skill.body, max(1, asked)).rstrip() + "\n"
            takes = count(text)
            if takes <= budget:
                return text
            asked = int(asked * budget / takes)
        return truncate(parse_skill(text), budget, count)

    return baseline
