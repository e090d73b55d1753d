"""The exams, each with a model that never saw the repository of its skill."""

from __future__ import annotations

from lab.common.exam import load_exams
from lab.common.repos import load_repos
from lab.common.shared import Shared
from lab.training.block_data import BlockData
from lab.training.blocks import model_without
from lab.training.worth import Sitting
from skill_distiller.analysis.trained import TrainedAnalyzer


def sit_exams(shared: Shared, blocks: BlockData) -> list[Sitting]:
    """One sitting an exam, by name. Fits one model for each repository: some minutes."""
    repo_of = load_repos(shared.root)
    exams = [(exam, repo_of[exam.skill.path.parent.name]) for exam in load_exams(shared) if exam.skill.path]
    analyzers = {repo: TrainedAnalyzer(model_without(blocks, repo)) for repo in sorted({repo for _, repo in exams})}
    return [Sitting(repo, exam, analyzers[repo].analyze(exam.skill)) for exam, repo in exams]
