"""Who does the thinking in a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from skill_distiller.analysis import Analyzer, TrainedAnalyzer
from skill_distiller.compression import Models
from skill_distiller.evaluation import EmbeddedJudge, Judge
from skill_distiller.renderings import Renderer
from skill_distiller.renderings.oneliner import EmbeddedOneLiner, OneLinerWriter


@dataclass(frozen=True, slots=True)
class Backends:
    """Who does the thinking; embedded unless told otherwise. `renderers` work beside those of the models."""

    analyzer: Analyzer = field(default_factory=TrainedAnalyzer)
    judge: Judge = field(default_factory=EmbeddedJudge)
    models: Models = field(default_factory=Models)
    renderers: tuple[Renderer, ...] = ()
    one_liner: OneLinerWriter = field(default_factory=EmbeddedOneLiner)
