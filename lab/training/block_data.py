"""The labelled blocks as rows of features and targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from lab.training.labels import LabelledSkill
from skill_distiller.analysis.features import BLOCK_GROUPS, OFFSETS, SECTION_GROUPS, Bags, block_features
from skill_distiller.analysis.trained import CLASSES, TYPES

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockData:
    """One row a labelled block: `hashed` rows x buckets (sparse), `columns` rows x numbers.

    `importance` is 0-10; `types` and `taxonomy` count in TYPES and CLASSES.
    """

    hashed: Any
    columns: Floats
    importance: Floats
    types: Rows
    taxonomy: Rows
    skills: npt.NDArray[np.str_]
    repos: npt.NDArray[np.str_]
    languages: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.importance)

    @cached_property
    def gram(self) -> Floats:
        """The inner products of the hashed rows, rows x rows."""
        products: Floats = (self.hashed @ self.hashed.T).toarray()
        return products

    def take(self, rows: Rows) -> BlockData:
        """Some of the rows."""
        names = ("hashed", "columns", "importance", "types", "taxonomy", "skills", "repos", "languages")
        taken = replace(self, **{name: getattr(self, name)[rows] for name in names})
        if "gram" in self.__dict__:
            taken.__dict__["gram"] = self.gram[np.ix_(rows, rows)]
        return taken

    def without(self, repos: Collection[str]) -> BlockData:
        """The rows of all other repositories."""
        return self.take(np.flatnonzero(~np.isin(self.repos, sorted(repos)))) if repos else self


def block_data(skills: Sequence[LabelledSkill]) -> BlockData:
    """The rows of labelled skills, in order."""
    skills = [labelled for labelled in skills if labelled.labels]
    hashed, columns = [], []
    for labelled in skills:
        features = block_features(labelled.skill)
        rows = [label.block for label in labelled.labels]
        hashed.append(bag_matrix(features.bags)[rows])
        columns.append(features.columns[rows])
    labels = [label for labelled in skills for label in labelled.labels]

    def each_row(values: Sequence[str]) -> npt.NDArray[np.str_]:
        return np.repeat(np.array(values), [len(labelled.labels) for labelled in skills])

    return BlockData(
        sparse.vstack(hashed).tocsr(),
        np.concatenate(columns).astype(np.float64),
        np.array([label.importance for label in labels]),
        np.array([TYPES.index(label.type) for label in labels]),
        np.array([CLASSES.index(label.taxonomy) for label in labels]),
        each_row([labelled.id for labelled in skills]),
        each_row([labelled.repo for labelled in skills]),
        each_row([labelled.language for labelled in skills]),
    )


def bag_matrix(bags: Bags) -> sparse.csr_matrix:
    """The bags of a skill as a sparse matrix, blocks x buckets."""
    edges = np.append(bags.starts, len(bags.buckets))
    values = np.repeat(bags.values.astype(np.float64), np.diff(edges))
    rows = sparse.csr_matrix((values, bags.buckets, edges), shape=(len(bags.starts), OFFSETS[-1]))
    cut = len(BLOCK_GROUPS) * bags.blocks
    own = [rows[start : start + bags.blocks] for start in range(0, cut, bags.blocks)]
    sections = (len(bags.starts) - cut) // len(SECTION_GROUPS)
    above = [rows[start : start + sections][bags.section_of] for start in range(cut, len(bags.starts), sections)]
    joined = sum(above, start=sum(own[1:], start=own[0])).tocsr()
    joined.sum_duplicates()
    return joined
