"""What is set and what is there: settings that a file decides, `config show`, and `providers`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from skill_distiller.cli.learnings import LEARNINGS_VARIABLE, default_learnings
from skill_distiller.cli.options.arguments import Goal, Source
from skill_distiller.cli.options.models import PROVIDER_VARIABLE, ExamModels, ModelOptions
from skill_distiller.cli.options.option_groups import command_group, expand_groups, option
from skill_distiller.report.text import printable
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.config import Config, load_config
from skill_distiller.run.run import DEFAULT_THRESHOLD
from skill_distiller.run.settings import PRICES
from skill_distiller.tokens import DEFAULT_ENCODING

if TYPE_CHECKING:
    from skill_distiller.providers.detect import Found

_Group = TypeVar("_Group", bound=Goal | Source | ModelOptions | ExamModels)
_Models = TypeVar("_Models", bound=ModelOptions | ExamModels)
_FIELDS: Final = ("threshold", "wording", "encoding", "provider")


def with_settings(group: _Group, config: Config, context: typer.Context) -> _Group:
    """A group of options in which a configuration decides what neither command line nor environment does."""
    values = {name: config.values[name] for name in _FIELDS if name in config.values and hasattr(group, name)}
    if isinstance(group, Goal) and (group.mode or group.tokens):  # another aim was named
        values.pop("threshold", None)
    free: dict[str, Any] = {name: value for name, value in values.items() if is_default(context, name)}
    if isinstance(group, ModelOptions | ExamModels):
        group = with_prices(group, config)
    return replace(group, **free)


def with_prices(models: _Models, config: Config) -> _Models:
    """The models with what a configuration says that they cost."""
    return replace(models, spending=replace(models.spending, prices=config.prices))


def is_default(context: typer.Context, parameter: str) -> bool:
    """Whether nobody gave a value for a parameter."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "DEFAULT"


def print_settings(config: Config, console: Console) -> None:
    """Say what a configuration decided, and what of it is not followed."""
    if config.base:
        print_settings(config.base, console)
    settings = config.settings
    told = [f"{key} = {value}" for key, value in settings.values.items()]
    told += [f"keep-sections of {name}" for name in settings.keep]
    told += [f"price of {name}" for name in settings.prices]
    if told:
        console.print(printable(f"Settings from {config.file}: {', '.join(told)}"))
    for key, why in settings.refused.items():
        text = f"Warning: {key} of {config.file} is not followed: {why}, and the file came with a folder. {_OWN[key]}"
        console.print(Text(printable(text), style="yellow"))


_OWN: Final = {
    "provider": f"Set it in ~/.skill-distiller.toml, or with --provider or {PROVIDER_VARIABLE}.",
    "encoding": "Set it in ~/.skill-distiller.toml, or with --encoding.",
    "learnings": f"Set it in ~/.skill-distiller.toml, or with --learnings-dir or {LEARNINGS_VARIABLE}.",
    PRICES: "Set them in ~/.skill-distiller.toml, or with --price.",
}

config = command_group("Show what is set, and where.")


@config.callback()
def _config() -> None:
    """Show what is set, and where."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is in force: its value, and whether an option's default, the environment or a file says so."""

    key: str
    value: str
    origin: str


@config.command("show")
@expand_groups
def show(*, source: Source, json_: bool = option(False, "--json", help="Print JSON.")) -> None:
    """Show each setting, its value and where it comes from. An option on the command line is above all of them."""
    found = load_config(source.config, use=not source.no_config)
    settings = [*settings_of(found, os.environ)]
    if json_:
        record = {"file": str(found.file) if found.file else None, "trusted": found.trusted}
        rows = [{"key": s.key, "value": s.value, "origin": s.origin} for s in settings]
        typer.echo(json.dumps({**record, "settings": rows, "refused": dict(found.settings.refused)}, indent=2))
        return
    width = max(len(f"{setting.key} = {setting.value}") for setting in settings)
    for setting in settings:
        typer.echo(printable(f"{f'{setting.key} = {setting.value}'.ljust(min(width, 60))}  {setting.origin}"))
    for key, why in found.settings.refused.items():
        typer.echo(printable(f"not followed: {key} of {found.file}: {why}, and the file came with a folder"))


def _origin(found: Config, part: str, key: str) -> str:
    """The file that sets a key."""
    own = key in getattr(found.settings, part) or found.base is None
    return str(found.file) if own else str(found.base.file if found.base else "")


def settings_of(found: Config, environment: Mapping[str, str]) -> Iterator[Setting]:
    """Every setting as it is in force without options on the command line."""
    defaults: dict[str, Any] = {
        "threshold": f"{DEFAULT_THRESHOLD:g}",
        "wording": Wording.DETAIL.value,
        "provider": "auto",
        "encoding": DEFAULT_ENCODING,
        "learnings": default_learnings(),
    }
    variables = {"provider": PROVIDER_VARIABLE, "learnings": LEARNINGS_VARIABLE}
    for key, default in defaults.items():
        variable = variables.get(key, "")
        if variable and environment.get(variable):
            yield Setting(key, environment[variable], variable)
        elif key in found.values:
            yield Setting(key, found.values[key], _origin(found, "values", key))
        else:
            yield Setting(key, str(default), "default")
    for name, headings in found.keep.items():
        yield Setting(f"keep-sections.{name}", ", ".join(headings), _origin(found, "keep", name))
    for name, price in found.prices.items():
        yield Setting(f"prices.{name}", price, _origin(found, "prices", name))
    for kind in ("protected", "advisory"):
        for pattern in getattr(found.patterns, kind):
            own = found.base if found.base and pattern in getattr(found.base.patterns, kind) else found
            yield Setting(f"patterns.{kind}.{pattern.name}", "set", str(own.file))


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
