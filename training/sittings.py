"""The exams, each with models that never saw the repository of its skill."""

from __future__ import annotations

from benchmarks.exam import load_exams
from benchmarks.shared import Shared

from skill_distiller.analysis import TrainedAnalyzer
from training.block_data import BlockData
from training.blocks import model_without as blocks_without
from training.tightenings import load_repos
from training.words import Words
from training.words import model_without as words_without
from training.worth import Sitting


def sit_exams(shared: Shared, blocks: BlockData, words: Words) -> list[Sitting]:
    """One sitting an exam, by name. Fits one pair of models for each repository: some minutes."""
    repo_of = load_repos(shared.root)
    exams = [(exam, repo_of[exam.skill.path.parent.name]) for exam in load_exams(shared) if exam.skill.path]
    analyzers = {repo: TrainedAnalyzer(blocks_without(blocks, repo)) for repo in sorted({repo for _, repo in exams})}
    pruners = {repo: words_without(words, repo) for repo in analyzers}
    return [Sitting(repo, exam, analyzers[repo].analyze(exam.skill), pruners[repo]) for exam, repo in exams]
