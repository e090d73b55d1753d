"""The rules of the Agent Skills format (agentskills.io/specification) for a skill's frontmatter."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import yaml

from skill_distiller.skill.model import FrontmatterState, Skill

MAX_NAME: Final = 64  # characters, as in all of these
MAX_DESCRIPTION: Final = 1024
MAX_COMPATIBILITY: Final = 500
FIELDS: Final = frozenset({"name", "description", "license", "allowed-tools", "metadata", "compatibility"})
# Fields that clients have added; the specification has none of them.
CLIENT_FIELDS: Final = frozenset(
    "agent argument-hint arguments author category context disable-model-invocation disallowed-tools effort hooks"
    " homepage keywords mode model paths shell tags tools triggers user-invocable version when_to_use".split()
)
_BOM: Final = "\ufeff"


class Fault(NamedTuple):
    """A rule that a frontmatter breaks; `client` is True for a field that only some clients know."""

    field: str
    text: str
    client: bool = False


def format_faults(skill: Skill, folder_name: str = "", allowed_fields: Collection[str] = ()) -> tuple[Fault, ...]:
    """Every rule that a skill's frontmatter breaks.

    `folder_name` is what its name has to equal, "" where that is not known. The fields in
    `allowed_fields` are taken as if the specification had them.
    """
    frontmatter = skill.frontmatter
    if frontmatter.state is not FrontmatterState.OK:
        return (Fault("frontmatter", frontmatter.state.value),)
    return tuple(_faults(skill, folder_name, allowed_fields))


def _faults(skill: Skill, folder_name: str, allowed_fields: Collection[str]) -> Iterator[Fault]:
    fields = skill.frontmatter.fields
    if skill.frontmatter.raw.startswith(_BOM):
        yield Fault("frontmatter", "byte order mark before it")
    for name in _twice(skill.frontmatter.raw):
        yield Fault(name, "given twice")
    for name in fields:
        if name not in FIELDS and name not in allowed_fields:
            yield Fault(name, "unknown field", name in CLIENT_FIELDS)
    yield from _name_faults(fields.get("name"), folder_name)
    yield from _text_faults("description", fields.get("description"), MAX_DESCRIPTION)
    if "compatibility" in fields:
        yield from _length_faults("compatibility", fields["compatibility"], MAX_COMPATIBILITY)


def _name_faults(value: object, folder_name: str) -> Iterator[Fault]:
    yield from _text_faults("name", value, 0)
    if not isinstance(value, str) or not value.strip():
        return
    name = unicodedata.normalize("NFKC", value.strip())
    if len(name) > MAX_NAME:
        yield Fault("name", f"longer than {MAX_NAME} characters")
    if name != name.lower():
        yield Fault("name", "capital letters")
    if name.startswith("-") or name.endswith("-"):
        yield Fault("name", "a hyphen at its start or end")
    if "--" in name:
        yield Fault("name", "two hyphens in a row")
    if not all(character.isalnum() or character == "-" for character in name):
        yield Fault("name", "characters other than letters, digits and hyphens")
    if folder_name and unicodedata.normalize("NFKC", folder_name) != name:
        yield Fault("name", "not the name of the folder")


def _text_faults(field: str, value: object, most: int) -> Iterator[Fault]:
    if value is None or (isinstance(value, str) and not value.strip()):
        yield Fault(field, "missing or empty")
    else:
        yield from _length_faults(field, value, most)


def _length_faults(field: str, value: object, most: int) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(field, "not a text")
    elif most and len(value) > most:
        yield Fault(field, f"longer than {most} characters")


def _twice(raw: str) -> list[str]:
    """The top-level fields that a frontmatter gives more than once; YAML would take the last."""
    lines = raw.lstrip(_BOM).rstrip().splitlines()
    keys = [line.split(":", 1)[0] for line in lines if ":" in line and not line[:1].isspace()]
    if len(keys) == len(set(keys)):
        return []
    node = yaml.compose("\n".join(lines[1:-1]), Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return []
    names = Counter(str(key.value) for key, _ in node.value)
    return [name for name, times in names.items() if times > 1]
