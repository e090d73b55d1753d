"""The options of the command line that are about language models."""

from __future__ import annotations

from typing import Annotated, Final

import typer

PROVIDER_VARIABLE: Final = "SKILL_DISTILLER_PROVIDER"

Provider = Annotated[
    str,
    typer.Option(
        envvar=PROVIDER_VARIABLE,
        metavar="auto|ollama|gemini|openai|embedded|llm",
        help="Who classifies, rewrites and judges. auto: Ollama where it answers with a model, else Gemini where "
        "GEMINI_API_KEY is set, else OpenAI where OPENAI_API_KEY is, else embedded (no language model, no network). "
        "llm: as auto, but never embedded.",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The model. Default: for Ollama the first installed one that can chat, for Gemini gemini-3.8-flash, for "
        "OpenAI gpt-5.4-mini.",
        show_default=False,
    ),
]
WithCi = Annotated[bool, typer.Option("--with-ci", help="Ask the judging model three times and report an interval.")]
MaxCalls = Annotated[int | None, typer.Option(min=0, metavar="N", help="Send at most N requests.", show_default=False)]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep answers of earlier runs.")]
Offline = Annotated[bool, typer.Option("--offline", help="No network at all: embedded, or answers of earlier runs.")]
AllowSecrets = Annotated[
    bool, typer.Option("--allow-secrets", help="Send the skill to another machine even if it seems to hold secrets.")
]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="The longest that one reply may take.")]
