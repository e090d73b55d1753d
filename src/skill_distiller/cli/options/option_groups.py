"""Options: groups of them as one parameter of a command, what is given in plain words, mistakes told in ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import MISSING, Field, field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from types import NoneType
from typing import Annotated, Any, Final, Protocol, TypeVar, get_args, get_type_hints

import typer
from typer.core import TyperCommand

from skill_distiller.errors import UsageError

T = TypeVar("T")
_FOR_TYPER: Final = "typer"  # the key of what a field says to Typer


def option(
    default: T,
    *names: str,
    help: str,
    metavar: str | None = None,
    min: float | None = None,
    envvar: str | None = None,
    show_default: bool | None = None,
    panel: str | None = None,
    complete: Callable[[typer.Context, str], list[tuple[str, str]]] | None = None,
) -> T:
    """A field of a group, or a parameter of a command, that is an option of these names.

    Its help stands under the title `panel`, of a field under that of its group, and shows a default that says something
    (not "", False or None) unless told otherwise. `complete` offers values to a shell, each with a few words on it.
    """
    told = typer.Option(
        *names,
        help=help,
        metavar=metavar,
        min=min,
        envvar=envvar,
        show_default=bool(default) if show_default is None else show_default,
        rich_help_panel=panel,
        autocompletion=complete,
    )
    return field(default=default, metadata={_FOR_TYPER: told})


def no_option(made: Callable[[], T]) -> T:
    """A field of a group that no option sets: each group has its own."""
    return field(default_factory=made, metadata={_FOR_TYPER: None})


def argument(
    default: T = MISSING,  # type: ignore[assignment]
    *,
    help: str,
    metavar: str,
    complete: Callable[[typer.Context, str], list[tuple[str, str]]] | None = None,
) -> T:
    """The same for an argument, which has to be given where it has no default. Its help shows none."""
    told = typer.Argument(help=help, metavar=metavar, show_default=False, autocompletion=complete)
    return field(default=default, metadata={_FOR_TYPER: told})


def command_group(help: str) -> typer.Typer:
    """A command that is a group of others, and shows its help where none of them is named."""
    return typer.Typer(
        add_completion=False,
        help=help,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command function that takes the options of its groups one by one, as Typer wants them.

    Every parameter of `command` that is annotated with a dataclass is a group, and so is a field of one. In its place
    the result has one parameter a field; called with values for them, it fills the dataclasses and hands them to
    `command`. All parameters are passed by keyword. Raises ValueError where an option comes twice.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Greeting:
    ...     name: str = "you"
    ...     loud: bool = option(False, help="In capitals.")
    >>> @expand_groups
    ... def greet(greeting: Greeting, times: int = option(1, help="How often.")) -> None:
    ...     print(times, greeting)
    >>> list(signature(greet).parameters)
    ['name', 'loud', 'times']
    >>> greet(times=2, loud=True)
    2 Greeting(name='you', loud=True)
    """
    annotations = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        group = annotations[name]
        if is_dataclass(group) and isinstance(group, type):
            groups[name] = group
            parameters += _parameters(group)
        else:
            parameters.append(_parameter(name, group, parameter.default))

    @wraps(command)
    def expanded(**given: object) -> None:
        filled = {name: _fill(group, given) for name, group in groups.items()}
        command(**filled, **given)

    expanded.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return expanded


def _parameters(group: type, panel: str | None = None) -> Iterator[Parameter]:
    """The parameters of a group, and those of the groups in it, under a title."""
    annotations, panel = get_type_hints(group, include_extras=True), getattr(group, "PANEL", panel)
    for member in fields(group):
        annotation = annotations[member.name]
        if is_dataclass(annotation) and isinstance(annotation, type):
            yield from _parameters(annotation, panel)
        elif member.metadata.get(_FOR_TYPER, member) is not None:
            yield _parameter(member.name, annotation, member, panel)


def _parameter(name: str, annotation: object, default: object, panel: str | None = None) -> Parameter:
    """The parameter that Typer sees; of a field, with its default and what it says to Typer, under a title."""
    if isinstance(default, Field):
        if _FOR_TYPER in default.metadata:
            told = copy(default.metadata[_FOR_TYPER])
            told.rich_help_panel = told.rich_help_panel or panel
            annotation = Annotated[annotation, told]
        default = Parameter.empty if default.default is MISSING else default.default
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _fill(group: type, given: dict[str, object]) -> object:
    """The group with its values taken out of what was given."""
    inner = {
        name: kind for name, kind in get_type_hints(group).items() if isinstance(kind, type) and is_dataclass(kind)
    }
    values = {member.name: given.pop(member.name) for member in fields(group) if member.name in given}
    return group(**values, **{name: _fill(kind, given) for name, kind in inner.items()})


class Command(TyperCommand):
    """A command that reads what it is given by itself, and says in a sentence of ours what it can't take.

    Typer asks pydantic, which takes as long to load as a short skill to be compressed.
    """

    def get_params(self, ctx: typer.Context) -> list[_Parameter]:  # type: ignore[override]
        """The parameters, which read what they are given by our rules."""
        return read_plainly(super().get_params(ctx))  # type: ignore[arg-type]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As Typer does it; raises UsageError for what is left over."""
        ctx.allow_extra_args = True
        try:
            left = super().parse_args(ctx, args)
        except COMMAND_LINE_ERRORS as error:
            error.ctx = error.ctx or ctx  # whose options are meant
            raise
        if left and not ctx.resilient_parsing:
            self._refuse(left[0])
        return left

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """As Typer does it; a name that ends in dots needs none behind it."""
        return [re.sub(r"\.{3}([\]}])\.{3}$", r"...\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: typer.Context, formatter: HelpFormatter) -> None:  # type: ignore[override]
        """The arguments, then the options under the titles of their groups."""
        for title, rows in help_sections(self, ctx):
            with formatter.section(title):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: typer.Context, formatter: HelpFormatter) -> None:  # type: ignore[override]
        """The examples of the command."""
        write_examples(ctx.command_path.split(" ")[1:2], formatter)

    def _refuse(self, word: str) -> None:
        takes = [param.metavar or str(param.name) for param in self.params if param.param_type_name == "argument"]
        if not takes:
            raise UsageError(f"{self.name} takes no {word!r}.", f"See skill-distiller {self.name} --help.")
        raise UsageError(f"{word!r} is one too many: {self.name} takes {' and '.join(takes)}.", "Leave it out.")


class HelpFormatter(Protocol):
    """What is asked of the formatter of Typer's help here."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """A part under a title."""

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Terms, each with what is said of it."""

    def write(self, text: str) -> None:
        """A text as it is."""


def help_sections(command: TyperCommand, ctx: typer.Context) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The titles of a command's help, each with its terms and what is said of them."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        if row := param.get_help_record(ctx):
            title = getattr(param, "rich_help_panel", None) or "Options"
            is_argument = param.param_type_name == "argument"
            sections.setdefault("Arguments" if is_argument else title, []).append(_plain_row(*row))
    last = sections.pop("Options", [])
    yield from sections.items()
    if last:
        yield ("Other" if len(sections) > 1 else "Options"), last


_TYPE: Final = re.compile(r"(?<=[\w.]) <(?:list\[)?\w+(?:\|\w+)*\]?>$")  # behind the name of an argument
_CHOICES: Final = re.compile(r"<(\w+(?:\|\w+)+)>")


def _plain_row(term: str, said: str) -> tuple[str, str]:
    """A row of the help without what newer releases of Typer say in the words of Python: types, and `x>=1`."""
    if not term.startswith("-"):
        term = _TYPE.sub("", term)
    return _CHOICES.sub(r"\1", term), said.replace("x>=", "at least ")


def examples_of(command: str) -> dict[str, str]:
    """The examples of a command: what each does, and how it is written."""
    import tomllib
    from importlib.resources import files

    text = files(__package__).joinpath("examples.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text).get(command, {}))


def write_examples(names: Sequence[str], formatter: HelpFormatter) -> None:
    """The examples of the command of the first name, each below what it does."""
    for name in names[:1]:
        if found := examples_of(name):
            formatter.write("\nExamples:\n")
            formatter.write("".join(f"  # {what}\n  {command}\n" for what, command in found.items()))


def read_plainly(parameters: list[T]) -> list[T]:
    """The parameters of a command of Typer, which read what they are given without pydantic from now on."""
    for parameter in parameters:
        if described := getattr(parameter, "type_descriptor", None):  # earlier releases of Typer do without it
            parameter.get_runtime_param = partial(_same, _Reader(described.annotation))  # type: ignore[attr-defined]
    return parameters


def _same(value: T) -> T:
    return value


class _Parameter(Protocol):
    """What is asked of Typer's parameters here."""

    opts: list[str]
    param_type_name: str
    name: str
    metavar: str | None
    nargs: int
    min: float | None


class _Reader:
    """Reads what is given for a parameter as its annotation wants it: texts, numbers, choices, flags, lists of them."""

    def __init__(self, annotation: object) -> None:
        kinds = [annotation]
        while parts := get_args(kinds[-1]):  # list[str] | None: its list, then what that is a list of
            kinds.append(next(part for part in parts if part is not NoneType))
        self._kind = kinds[-1]

    def coerce(self, value: object, param: _Parameter, ctx: typer.Context) -> object:
        """The value, None where nothing was given; raises UsageError for one that can't be read."""
        if param.nargs == -1 or getattr(param, "multiple", False):
            given = value if isinstance(value, list | tuple) else ()
            return [self._read(one, param) for one in given]
        return value if value is None else self._read(value, param)

    def _read(self, value: object, param: _Parameter) -> object:
        kind = self._kind
        if not isinstance(value, str) or kind is str:
            return value
        name = max(param.opts, key=len) if param.param_type_name == "option" else param.metavar or param.name
        if kind is bool:
            return _read_flag(value, name)
        if isinstance(kind, type) and issubclass(kind, Enum):
            choices = [str(choice.value) for choice in kind]
            if value.lower() not in choices:
                raise UsageError(f"{name} can't be {value!r}.", f"It can be {', '.join(choices)}.")
            return kind(value.lower())
        return _read_number(value, name, param.min, whole=kind is int)


def _read_number(value: str, name: str, least: float | None, *, whole: bool) -> float:
    what = "a whole number" if whole else "a number"
    try:
        number = int(value.replace(",", "")) if whole else float(value)
    except ValueError:
        raise UsageError(f"{name} takes {what}, not {value!r}.", "Write it in digits.") from None
    if least is not None and not number >= least:
        raise UsageError(f"{name} can't be less than {least:g}: {value}.", f"Give {what} from {least:g} on.")
    return number


_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


def _read_flag(value: str, name: str) -> bool:
    """What the environment says of a flag."""
    if value.lower() not in _YES | _NO:
        raise UsageError(f"{name} is yes or no, not {value!r}.", "Write 1 or 0.")
    return value.lower() in _YES


# The base of the errors of the parser, which Typer brings along or takes from Click, over one that it names.
COMMAND_LINE_ERRORS: Final[type[Any]] = typer.BadParameter.__mro__[2]
_OF_PROGRAM: Final = ("--version", "--help")
_ALIKE: Final = 0.7  # how much of an option must be the same for it to be proposed; "--tresh" is 0.67 of "--threshold"
_QUOTED: Final = re.compile(r"'([^']*)'")


def in_our_words(error: Any) -> UsageError | None:  # noqa: ANN401 - see above
    """The mistake that an error of the parser is about; None where it is no mistake but the help of a group."""
    context = getattr(error, "ctx", None)
    kind, command = type(error).__name__, context.command_path if context else "skill-distiller"
    if kind == "NoArgsIsHelpError":
        return None
    name = command.removeprefix("skill-distiller").strip() or "skill-distiller"
    look = f"See {command} --help."
    if kind == "NoSuchOption":
        return UsageError(f"{name} has no option {error.option_name}.", _near(error.option_name, context) or look)
    if kind == "MissingParameter" and context and error.param:
        return UsageError(f"{name} needs {_wanted(error.param)}.", f"Write: {_example(command, context)}")
    if kind == "BadOptionUsage":
        option = _option(error.option_name, context)
        if option is None or option.is_flag:
            return UsageError(f"{error.option_name} takes no value.", "Write it alone.")
        return UsageError(f"{error.option_name} needs a value.", f"It takes {_metavar(option)}. {look}")
    if context and hasattr(context.command, "commands") and (word := _QUOTED.search(error.message)):
        known = sorted(context.command.commands)
        near = get_close_matches(word[1], known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}."
        return UsageError(f"{name} has no command {word[1]!r}.", hint)
    return UsageError(error.format_message(), look)


def _near(given: str, context: Any) -> str:  # noqa: ANN401
    """The option of the command that was meant, as a question; "" where none is near."""
    options = [name for param in _options(context) for name in param.opts if name.startswith("--")]
    short = [name for name in (*options, *_OF_PROGRAM) if len(given) > 3 and name.startswith(given)]
    near = short[:1] or get_close_matches(given, [*options, *_OF_PROGRAM], 1, _ALIKE)
    return f"Did you mean {near[0]}?" if near else ""


def _options(context: Any) -> Iterator[Any]:  # noqa: ANN401
    params: Sequence[Any] = context.command.get_params(context) if context else ()
    return (param for param in params if param.param_type_name == "option")


def _option(name: str, context: Any) -> Any:  # noqa: ANN401
    return next((param for param in _options(context) if name in param.opts), None)


def _wanted(param: Any) -> str:  # noqa: ANN401
    """What is missing by its name, with the choices where there are some."""
    kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    choices = [choice.value for choice in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    return f"{_metavar(param)}: {', '.join(choices)}" if choices else _metavar(param)


def _metavar(param: Any) -> str:  # noqa: ANN401
    return str(param.metavar or param.name.upper())


def _example(command: str, context: Any) -> str:  # noqa: ANN401
    """How a command is written: its first example, or its arguments by name where it has none."""

    found = (line for line in examples_of(command.split(" ")[1]).values() if line.startswith(f"{command} "))
    needed = (param for param in context.command.get_params(context) if param.required)
    return next(found, None) or " ".join((command, *map(_metavar, needed)))
