"""The hulls against every choice there is."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.planning.hull import Curve, Step, best_of, close_hull, ladder_steps, merge_steps


@st.composite
def _ladders(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    """Tokens that fall strictly to zero or more, worths that do not rise; whole numbers, so that sums are exact."""
    size = draw(st.integers(1, 5))
    tokens = sorted(draw(st.sets(st.integers(0, 40), min_size=size, max_size=size)), reverse=True)
    worths = sorted(draw(st.lists(st.integers(0, 40), min_size=size, max_size=size)), reverse=True)
    return tokens, [float(worth) for worth in worths]


Points = list[tuple[int, float]]


def walk(tokens: int, worth: float, steps: list[Step]) -> Points:
    """The points that steps lead through."""
    points = [(tokens, worth)]
    for step in steps:
        points.append((points[-1][0] - step.saved, points[-1][1] - step.lost))
    return points


def check_hull(points: Points, choices: Points) -> None:
    """The points are the upper hull of the choices: each is one of them, and none lies above the line."""
    assert set(points) <= set(choices)
    assert points[0][0] == max(tokens for tokens, _ in choices)
    assert points[-1][0] == min(tokens for tokens, _ in choices)
    for (t1, w1), (t2, w2) in pairwise(points):
        assert t1 > t2
        assert w1 >= w2
        slope = Fraction(w1 - w2) / (t1 - t2)
        assert all(Fraction(w) <= Fraction(w2) + slope * (t - t2) for t, w in choices)


def _sums(ladders: list[tuple[list[int], list[float]]]) -> Points:
    pairs = [list(zip(tokens, worths, strict=True)) for tokens, worths in ladders]
    return [(sum(t for t, _ in chosen), sum(w for _, w in chosen)) for chosen in product(*pairs)]


@given(_ladders())
def test_ladder_steps(ladder: tuple[list[int], list[float]]) -> None:
    """One ladder's steps run along its hull; each step names the rung where it ends."""
    tokens, worths = ladder
    steps = ladder_steps(7, tokens, worths)
    check_hull(walk(tokens[0], worths[0], steps), _sums([ladder]))
    at = tokens[0]
    for step in steps:
        at -= step.saved
        assert step.changes == ((7, tokens.index(at)),)
    assert all(above.slope <= below.slope for above, below in pairwise(steps))


@given(st.lists(_ladders(), min_size=1, max_size=4))
def test_merge_steps(ladders: list[tuple[list[int], list[float]]]) -> None:
    """Merged steps run along the hull of all sums of choices."""
    steps = merge_steps(ladder_steps(i, *ladder) for i, ladder in enumerate(ladders))
    start = (sum(tokens[0] for tokens, _ in ladders), sum(worths[0] for _, worths in ladders))
    check_hull(walk(*start, steps), _sums(ladders))


@given(st.lists(_ladders(), min_size=1, max_size=3), st.integers(1, 20))
def test_close_hull(ladders: list[tuple[list[int], list[float]]], heading: int) -> None:
    """With one more point where all is gone, the steps run along the hull of the sums and that point."""
    steps = merge_steps(ladder_steps(i, *ladder) for i, ladder in enumerate(ladders))
    tokens = sum(tokens[0] for tokens, _ in ladders) + heading
    worth = sum(worths[0] for _, worths in ladders)
    choices = [(t + heading, w) for t, w in _sums(ladders)] + [(0, 0.0)]
    closed = close_hull(steps, tokens, worth, ((0, 1), (9, 1)))
    check_hull(walk(tokens, worth, closed), choices)
    assert closed[-1].changes == ((0, 1), (9, 1))


def test_a_step_that_is_undercut_is_folded() -> None:
    """Where the way to the third rung is cheaper a token than the way to the second, there is one step."""
    assert ladder_steps(0, [10, 9, 1], [1.0, 0.5, 0.4]) == [Step(9, 0.6, ((0, 2),))]


def test_ties_keep_their_order() -> None:
    """Steps of one slope stay in reading order, so that a result is the same every time."""
    first, second = Step(2, 1.0, ((0, 1),)), Step(4, 2.0, ((1, 1),))
    assert merge_steps([[first], [second]]) == [first, second]
    assert merge_steps([[second], [first]]) == [second, first]


@st.composite
def _curves(draw: st.DrawFn) -> list[Curve]:
    """Ways to write the same few items; the second and later ones start somewhere below."""
    curves = []
    for number in range(draw(st.integers(1, 3))):
        ladders = draw(st.lists(_ladders(), min_size=1, max_size=3))
        steps = merge_steps(ladder_steps(i, *ladder) for i, ladder in enumerate(ladders))
        saved, lost = (draw(st.integers(1, 40)), float(draw(st.integers(0, 40)))) if number else (0, 0.0)
        curves.append(Curve(saved, lost, ((0, 10 * number),) if number else (), steps))
    return curves


@given(_curves())
def test_best_of(curves: list[Curve]) -> None:
    """The steps run along the hull of all points of all curves, and name the state that they lead to."""
    choices: dict[tuple[int, float], list[dict[int, int]]] = {}
    for curve in curves:
        state, point = dict(curve.start), (-curve.saved, -curve.lost)
        choices.setdefault(point, []).append(state)
        for step in curve.steps:
            state = state | dict(step.changes)
            point = (point[0] - step.saved, point[1] - step.lost)
            choices.setdefault(point, []).append(state)
    found = best_of(curves)
    points = walk(0, 0.0, found)
    lowest = min(tokens for tokens, _ in choices)
    assert points[-1] == (lowest, max(worth for tokens, worth in choices if tokens == lowest))
    reached: dict[int, int] = {}
    for (t1, w1), (t2, w2), step in zip(points, points[1:], found, strict=False):
        reached |= dict(step.changes)
        named = {item: rung for item, rung in reached.items() if rung}
        assert named in [{item: rung for item, rung in state.items() if rung} for state in choices[t2, w2]]
        slope = Fraction(w1 - w2) / (t1 - t2)
        assert all(Fraction(w) <= Fraction(w2) + slope * (t - t2) for t, w in choices if t <= t1)


def test_a_step_of_one_of_several_ways_names_all_that_it_takes() -> None:
    """A heading that goes names what is below it and went before; else that could be brought back without it."""
    steps = [Step(5, 1.0, ((0, 1),)), Step(4, 2.0, ((0, 1), (1, 1), (9, 1)))]
    assert best_of([Curve(0, 0.0, (), steps)]) == steps
