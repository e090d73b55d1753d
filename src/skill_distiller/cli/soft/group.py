"""The commands of `skill-distiller soft`, and the one that trains a compressor for a target model."""

from __future__ import annotations

from typing import Any

import typer

from skill_distiller.cli.input_output import read_side_file, write_json, write_stdout
from skill_distiller.cli.options.option_groups import argument, command_group, expand_groups, option
from skill_distiller.cli.soft.artifacts import compress, exam, verify
from skill_distiller.cli.soft.make_data import data
from skill_distiller.cli.soft.use_skills import DEVICE, JSON, OFFLINE, SCHEMA, answer, inspect, need_extra, prompt

soft = command_group("Carry skills as soft tokens (needs the extra [soft]).")
soft.add_typer(data, name="data")


@expand_groups
def train(
    file: str = argument(help="The settings of the run, as YAML.", metavar="SETTINGS"),
    phase: str = option("all", "--phase", metavar="NAME|all", help="Train this phase alone."),
    resume: bool = option(False, "--resume", help="Go on from the latest checkpoint."),
    changes: list[str] | None = option(
        None, "--set", metavar="NAME=VALUE", help="Change a setting, like optimizer.lr=2e-5. Repeatable."
    ),
    dry_run: bool = option(False, "--dry-run", help="Say what it would take, and train nothing."),
    devices: int = option(1, "--devices", min=1, help="With --dry-run: on how many GPUs."),
    device: str = DEVICE,
    offline: bool = OFFLINE,
    json_: bool = JSON,
) -> None:
    """Train a compressor for a target model, phase after phase. torchrun starts it on several GPUs."""
    from skill_distiller.soft.train_settings import MAX_SETTINGS, read_settings

    text = read_side_file(file, MAX_SETTINGS, "Name a file of settings; docs/soft.md has one.")
    settings = read_settings(text, changes or ())
    need_extra(offline=offline)
    if dry_run:
        from skill_distiller.soft.dry_run import plan_run

        plans = plan_run(settings, devices)
        record = {"schema": SCHEMA.format("plan"), "devices": devices, "phases": [_plain(plan) for plan in plans]}
        write_json(record) if json_ else write_stdout("".join(f"{_plan_line(plan)}\n" for plan in plans))
        return
    from skill_distiller.soft.networks import join_world
    from skill_distiller.soft.training import Wanted
    from skill_distiller.soft.training import train as run

    with join_world(device) as world:
        last = run(settings, Wanted(phase, resume), world, _tell)
    if world.leads:
        write_json({"schema": SCHEMA.format("train"), "checkpoint": str(last)}) if json_ else write_stdout(f"{last}\n")


def _plain(plan: Any) -> dict[str, object]:  # noqa: ANN401 - a named tuple of named tuples
    return {key: _plain(value) if hasattr(value, "_asdict") else value for key, value in plan._asdict().items()}


def _plan_line(plan: Any) -> str:  # noqa: ANN401 - its type needs torch
    sizes, cost = plan.sizes, plan.cost
    return (
        f"{plan.phase}: {plan.examples:,} examples, {cost.steps:,} steps, longest row {plan.longest_row:,} tokens; "
        f"{sizes.trained:,} parameters trained of {sizes.compressor + sizes.target:,}; "
        f"{cost.bytes_per_device / 1e9:,.2f} GB per device and activations; {cost.operations:.2g} operations, "
        f"{cost.hours:,.2f} hours at 4e14 a second"
    )


def _tell(entry: Any) -> None:  # noqa: ANN401 - an entry of the log
    tenth = max(1, entry.steps // 10)
    if entry.step % tenth == 0 or entry.step in (1, entry.steps):
        typer.echo(
            f"{entry.phase} {entry.step}/{entry.steps}: loss {entry.loss:.4f}, {entry.seconds:.1f} s a step", err=True
        )


for _command in (train, compress, exam, answer, prompt, inspect, verify):
    soft.command(_command.__name__)(_command)
