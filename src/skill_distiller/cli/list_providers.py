"""`skill-distiller providers`: which language models were found, which not, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from skill_distiller.cli.options.option_groups import expand_groups, option

if TYPE_CHECKING:
    from skill_distiller.providers.detect import Found


@expand_groups
def providers(json_: bool = option(False, "--json", help="Print them as JSON.")) -> None:
    """Show which language models can be used. Only Ollama is asked, for its models; nothing else is sent."""
    import json

    from skill_distiller.providers.detect import FINDERS

    found = [find(os.environ, "") for find in FINDERS.values()]
    chosen = next((one.name for one in found if one.available), "embedded")
    if json_:
        typer.echo(json.dumps({"providers": [asdict(one) for one in found], "auto": chosen}, indent=2))
    else:
        typer.echo("\n".join(_lines(found, chosen)))


def _lines(found: Sequence[Found], chosen: str) -> Iterator[str]:
    """One line for each kind of provider, and which one `auto` would take."""
    from skill_distiller.providers.model import NO_PROVIDER
    from skill_distiller.report.text import printable

    for one in found:
        what = f"{one.model} at {one.address}" if one.available else "no"
        yield printable(f"{one.name}: {what}; {one.reason}")
    yield "embedded: always there; no language model, no network"
    yield f"auto would take: {chosen}"
    if chosen == "embedded":
        yield NO_PROVIDER
