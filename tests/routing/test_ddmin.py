"""Delta debugging: what is left is minimal, and the test is asked no more than it may be."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.routing.ddmin import minimize

NEEDS = st.integers(0, 10).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.sets(st.integers(0, max(0, n - 1)), min_size=1, max_size=3), max_size=4)
    )
)


@given(NEEDS)
def test_against_all_subsets(case: tuple[int, list[set[int]]]) -> None:
    """Where more is never worse, no smaller set inside of the one found passes."""
    count, needs = case
    needs = needs if count else []
    found = minimize(range(count), lambda kept: all(need & kept for need in needs))
    assert all(need & found.kept for need in needs)
    smaller = (set(part) for size in range(len(found.kept)) for part in combinations(sorted(found.kept), size))
    assert not any(all(need & part for need in needs) for part in smaller)


@given(st.integers(0, 14), st.integers(0, 1000))
def test_any_test_at_all(count: int, seed: int) -> None:
    """Whatever the test says: no single thing can go, no set is asked about twice, at most n² + 3n calls."""
    said: dict[frozenset[int], bool] = {}
    draw = random.Random(seed)

    def accepts(kept: frozenset[int]) -> bool:
        assert kept not in said
        said[kept] = draw.random() < 0.3
        return said[kept]

    found = minimize(range(count), accepts)
    assert found.calls == len(said) <= count * count + 3 * count
    assert not any(said.get(found.kept - {one}, False) for one in found.kept)
    assert all(found.kept - {one} in said for one in found.kept)
    assert said.get(found.kept, len(found.kept) == count)


def test_nothing_at_all_is_tried_first() -> None:
    """One call where nothing is needed, and the answer is remembered."""
    assert minimize([3, 5, 8], lambda kept: True) == (frozenset(), 1, 0)
    assert minimize([], lambda kept: False) == (frozenset(), 0, 0)
