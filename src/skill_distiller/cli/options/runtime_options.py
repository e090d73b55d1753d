"""The options that name an agent to try a description in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from skill_distiller.cli.options.arguments import exclude
from skill_distiller.cli.options.option_groups import option
from skill_distiller.errors import UsageError
from skill_distiller.run.runtimes.confirm import DEFAULT_QUERIES, Trial
from skill_distiller.run.runtimes.runtime_table import QUERY, find_runtime, runtime_names


@dataclass(frozen=True, slots=True)
class Trying:
    """The agent that a new description is tried in before it is taken."""

    PANEL: ClassVar[str] = "Runtime"
    runtime: str = option(
        "",
        metavar="NAME|COMMAND",
        help=f"Take it only where this agent loads the skill as before: {', '.join(runtime_names())}, or a command "
        f"with {QUERY} in it that ends with 0 where it does and with 1 where not.",
    )
    runtime_model: str = option("", metavar="NAME", help="The model of the agent. Default: the agent's own.")
    runtime_queries: int = option(
        DEFAULT_QUERIES, min=1, metavar="N", help="How many requests of the skill the agent is given."
    )
    runtime_runs: int = option(1, min=1, metavar="N", help="How often it is given each; half have to agree.")

    def trial(self, *, offline: bool, allow_secrets: bool) -> Trial | None:
        """The trial that is asked for; raises UsageError for what does not go together."""
        if not self.runtime:
            if self.runtime_model or self.runtime_queries != DEFAULT_QUERIES or self.runtime_runs != 1:
                raise UsageError("--runtime-model and its like need --runtime.", "Name an agent with --runtime.")
            return None
        exclude(("--runtime", True, "--offline", offline))
        runtime = find_runtime(self.runtime, self.runtime_model)
        return Trial(runtime, os.environ, self.runtime_queries, self.runtime_runs, allow_secrets)
