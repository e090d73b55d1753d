"""`skill-distiller providers`: which language models were found, which not, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from skill_distiller.cli.option_groups import expand_groups, option

if TYPE_CHECKING:
    from skill_distiller.providers.detect import Found


@expand_groups
def providers(json_: bool = option(False, "--json", help="Print them as JSON.")) -> None:
    """Show which language models can be used. Only Ollama is asked, for its models; nothing else is sent."""
    import json

    from skill_distiller.providers.detect import FINDERS

    found = [find(os.environ, "") for find in FINDERS.values()]
    chosen = next((one.name for one in found if one.there), "embedded")
    typer.echo(json.dumps(_record(found, chosen), indent=2) if json_ else "\n".join(_lines(found, chosen)))


def _lines(found: Sequence[Found], chosen: str) -> Iterator[str]:
    """One line for each kind of provider, and which one `auto` would take."""
    from skill_distiller.report.text import printable

    for one in found:
        what = f"{one.model} at {one.address}" if one.there else "no"
        yield printable(f"{one.name}: {what}; {one.reason}")
    yield "embedded: always there; no language model, no network"
    yield f"auto would take: {chosen}"


def _record(found: Sequence[Found], chosen: str) -> dict[str, object]:
    return {
        "providers": [
            {"name": f.name, "available": f.there, "reason": f.reason, "model": f.model, "address": f.address}
            for f in found
        ],
        "auto": chosen,
    }
