"""`skill-distiller soft answer` and `prompt`: skills carried into a prompt, as soft tokens or as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skill_distiller.cli.input_output import check_target, read_input, write_atomically, write_json, write_stdout
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.soft.open_models import JSON, SCHEMA, Models
from skill_distiller.errors import UsageError
from skill_distiller.soft.resolution import together

if TYPE_CHECKING:
    from skill_distiller.soft.artifact import SoftArtifact, SoftChoice
    from skill_distiller.soft.checkpoint import Networks


@dataclass(frozen=True, slots=True)
class Carrying:
    """How skills are carried into a prompt."""

    resolution: str = option(
        "", "--resolution", metavar="K|text|none", help="The same for all skills. Default: what their exams chose."
    )
    each_own: bool = option(False, "--each-own", help="Each skill as its own exam chose, not all as the largest.")
    skill: list[str] | None = option(
        None, "--skill", metavar="SKILL", help="The text of a skill that is carried as text. Repeatable."
    )
    query: str = option("", "--query", metavar="TEXT", help="What is asked.")
    system: str = option("", "--system", metavar="TEXT", help="A system text.")


@expand_groups
def answer(
    models: Models,
    carrying: Carrying,
    artifacts: list[str] = argument(help="Folders of artifacts.", metavar="ARTIFACTS"),
    most_tokens: int = option(512, "--answer-tokens", min=1, help="How long the answer may get."),
    json_: bool = JSON,
) -> None:
    """Answer a query with skills as soft tokens, the adapter on; with --resolution=none without."""
    networks, parts, told = _carried(models, carrying, artifacts)
    from contextlib import nullcontext

    from skill_distiller.soft.artifact import carry
    from skill_distiller.soft.examination import answer as ask

    carried = carry(parts)
    with nullcontext() if parts else networks.target.without_adapter():
        found = ask(networks.target, carrying.query, carried, most_tokens, carrying.system or None)
    if json_:
        record = {"skills": told, "skill_tokens": carried.tokens, **found._asdict()}
        write_json({"schema": SCHEMA.format("answer"), **record})
    else:
        write_stdout(found.text + "\n")


def _carried(
    models: Models, carrying: Carrying, names: list[str]
) -> tuple[Networks, list[SoftChoice | tuple[int, ...]], list[dict[str, object]]]:
    """The networks, the skills as they are carried, and the same in words."""
    if not carrying.query.strip():
        raise UsageError("There is no query.", "Give one with --query.")
    texts = [read_input(path) for path in carrying.skill or ()]
    checkpoint, networks = models.open()
    from skill_distiller.soft.artifact import SoftChoice, open_artifact
    from skill_distiller.soft.manifest import sha256_of

    opened = [open_artifact(Path(name)) for name in names]
    for artifact in opened:
        artifact.check_target(checkpoint)
    if carrying.resolution == "none":
        return networks, [], []
    by_hash = {sha256_of(skill.body.encode()): skill for skill in texts}
    parts: list[SoftChoice | tuple[int, ...]] = []
    told: list[dict[str, object]] = []
    encode = networks.target.layout.encode
    for artifact, size in zip(opened, _resolutions(carrying, opened), strict=True):
        skill = by_hash.pop(artifact.skill.body_sha256, None)
        if size is None and skill is None:
            raise UsageError(
                f"{str(artifact.folder)!r} is to be carried as text, which it does not hold.",
                "Name its skill with --skill, or a --resolution.",
            )
        parts.append(encode(skill.body) if size is None and skill else SoftChoice(artifact, size or 0))
        told.append({"name": artifact.skill.name, "mode": "soft" if size else "text", "resolution": size})
    for skill in by_hash.values():
        parts.append(encode(skill.body))
        told.append({"name": skill.name, "mode": "text", "resolution": None})
    return networks, parts, told


def _resolutions(carrying: Carrying, opened: list[SoftArtifact]) -> list[int | None]:
    if carrying.resolution == "text":
        return [None] * len(opened)
    if carrying.resolution:
        if not carrying.resolution.isdigit() or not 0 < int(carrying.resolution) <= min(a.shape[0] for a in opened):
            raise UsageError(
                f"--resolution={carrying.resolution!r} is not to be had.",
                f"Resolutions: {', '.join(map(str, opened[0].resolutions))}, text, none.",
            )
        return [int(carrying.resolution)] * len(opened)
    if carrying.each_own:
        return [a.selected.resolution if a.selected else a.resolutions[-1] for a in opened]
    return [together([a.selected for a in opened], opened[0].resolutions)] * len(opened)


@expand_groups
def prompt(
    models: Models,
    carrying: Carrying,
    artifacts: list[str] = argument(help="Folders of artifacts.", metavar="ARTIFACTS"),
    output: str = option("", "-o", "--output", metavar="FILE", help="Write the embeddings here, as safetensors."),
    force: bool = option(False, "--force", help="Overwrite a file that is there."),
    json_: bool = JSON,
) -> None:
    """Write a whole prompt as embeddings (tokens, width), template included, as vLLM takes them."""
    if not output:
        raise UsageError("There is no file to write to.", "Name one with -o.")
    file = check_target(output, None, folder_given=False, force=force)
    networks, parts, told = _carried(models, carrying, artifacts)
    import torch
    from safetensors.torch import save

    from skill_distiller.soft.artifact import carry
    from skill_distiller.soft.rows import fill

    carried = carry(parts)
    with torch.no_grad():
        pieces = networks.target.layout.question(carrying.query, carried.pieces, carrying.system or None)
        embedded = fill(networks.target, pieces, carried.soft).to(torch.bfloat16).cpu().contiguous()
    write_atomically(file, save({"prompt_embeds": embedded}))
    if json_:
        write_json(
            {"schema": SCHEMA.format("prompt"), "file": str(file), "shape": list(embedded.shape), "skills": told}
        )
    else:
        write_stdout(f"{file}\n")
