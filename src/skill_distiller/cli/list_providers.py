"""`skill-distiller providers`: which language models were found, which not, and why."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def providers(
    json_: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """Show which language models can be used. Only Ollama is asked, for its models; nothing else is sent."""
    import json

    from skill_distiller.providers.detect import FINDERS
    from skill_distiller.report.progress import found_lines, found_record

    found = [find(os.environ, "") for find in FINDERS.values()]
    chosen = next((one for one in found if one.there), None)
    if json_:
        typer.echo(json.dumps(found_record(found, chosen), indent=2))
    else:
        typer.echo("\n".join(found_lines(found, chosen)))
