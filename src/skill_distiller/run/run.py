"""A run: what is asked for, and what is at hand to do it."""

from __future__ import annotations

from dataclasses import dataclass, field

from skill_distiller.planning.choose import Observer
from skill_distiller.run.backends import Backends
from skill_distiller.run.options import DistillOptions
from skill_distiller.tokens import TokenCounter, load_counter


def watch_nothing(stage: str, value: object) -> None:
    """The observer of a run that nobody watches."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked for (`options`), who does the thinking (`backends`), and who is told of each stage (`observe`).

    A run holds nothing that belongs to one skill: many skills can go through it, in threads and in
    worker processes (an embedded run can be pickled).
    """

    options: DistillOptions = field(default_factory=DistillOptions)
    backends: Backends = field(default_factory=Backends)
    observe: Observer = watch_nothing

    @property
    def counter(self) -> TokenCounter:
        """What counts tokens in the encoding asked for; raises UsageError for an encoding that is not known."""
        return load_counter(self.options.encoding, offline=self.options.offline)

    @property
    def token_scorer(self) -> str:
        """Who measures how much a phrase tells; "" where no phrases are scored."""
        return self.backends.models.phrases.name if self.backends.models.phrases else ""
