"""Does the 90 % interval of a calibrated estimate hold 90 % of what follows? Simulated.

For each shape of noise, each true bias of the estimator and each number of outcomes, many users report
that many outcomes each, then one more; counted is how often that one falls into the interval. The code
under test is the package's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.common.tables import table
from skill_distiller.calibration.outcomes import correct, half_width, shrunk_bias

Floats = NDArray[np.float64]
Draw = Callable[[Generator, tuple[int, int]], Floats]
COUNTS: Final = (5, 6, 7, 8, 9, 10, 12, 15, 19, 30, 50, 100, 200)
BIASES: Final = ((0.0, 5.0), (-8.0, 8.0), (15.0, 10.0), (-30.0, 5.0))  # bias and standard deviation, points
LOW, HIGH = 0.88, 0.92
_DRAWS: Final = 200_000  # outcomes a cell, so that small counts get more users
_LEAST_USERS, _MOST_USERS = 4_000, 12_000  # 4,000 users: a standard error of 0.5 points

# Each with mean 0 and standard deviation 1.
SHAPES: Final[Mapping[str, Draw]] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "uniform": lambda rng, size: rng.uniform(-1, 1, size) * 3**0.5,
    "Laplace (peaked)": lambda rng, size: rng.laplace(size=size) / 2**0.5,
    "t with 3 degrees of freedom (heavy tails)": lambda rng, size: rng.standard_t(3, size) / 3**0.5,
    "gamma (skewed)": lambda rng, size: (4 - rng.gamma(4, size=size)) / 2,
    "exponential (very skewed)": lambda rng, size: 1 - rng.exponential(size=size),
    "some fail (15 % are far worse)": lambda rng, size: _some_fail(rng, size),
    "two kinds (bimodal)": lambda rng, size: (
        rng.choice([-0.9, 0.9], size) + (1 - 0.81) ** 0.5 * rng.standard_normal(size)
    ),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The share of new outcomes, 0-1, inside the interval of `outcomes` earlier ones, and the mean half-width."""

    shape: str
    bias: float
    outcomes: int
    coverage: float
    width: float

    @property
    def holds(self) -> bool:
        """Whether the coverage is what it is said to be, within 2 points."""
        return LOW <= round(self.coverage, 3) <= HIGH


def _some_fail(rng: Generator, size: tuple[int, int]) -> Floats:
    values = rng.standard_normal(size) - 4 * (rng.random(size) < 0.15)
    return np.asarray((values + 0.6) / (1 + 16 * 0.15 * 0.85) ** 0.5)


def simulate(shape: str, bias: float, noise: float, outcomes: int, users: int, seed: int = 0) -> Cell:
    """One cell of the tables, from `users` users; a percentage is what people report, but unrounded and unbounded."""
    rng = np.random.default_rng([seed, outcomes, list(SHAPES).index(shape), int(bias) + 100])
    residuals = bias + noise * SHAPES[shape](rng, (users, outcomes + 1))
    expected = np.full_like(residuals, 50.0)
    return _cell(shape, bias, expected, expected + residuals)


def simulate_reports(bias: float, noise: float, outcomes: int, users: int, seed: int = 0) -> Cell:
    """As `simulate`, with what people really do: multiples of 5 between 0 and 100, on estimates of 70 to 98."""
    rng = np.random.default_rng([seed, outcomes, 99, int(bias) + 100])
    expected = rng.uniform(70, 98, (users, outcomes + 1))
    actual = expected + bias + noise * rng.standard_normal((users, outcomes + 1))
    return _cell("normal, in steps of 5, 0-100", bias, expected, np.clip(5 * np.round(actual / 5), 0, 100))


def _cell(shape: str, bias: float, expected: Floats, actual: Floats) -> Cell:
    hits, widths = 0, 0.0
    for estimates, found in zip(expected.tolist(), actual.tolist(), strict=True):
        pairs = list(zip(estimates[:-1], found[:-1], strict=True))
        center = correct(estimates[-1], shrunk_bias([a - e for e, a in pairs]))
        width = half_width(pairs)
        if width is None:
            raise ValueError("too few outcomes for an interval")
        hits += abs(found[-1] - center) <= width
        widths += width
    return Cell(shape, bias, expected.shape[1] - 1, hits / len(expected), widths / len(expected))


def measure(counts: tuple[int, ...] = COUNTS) -> list[Cell]:
    """Every cell."""
    cells = []
    for n in counts:
        users = max(_LEAST_USERS, min(_MOST_USERS, _DRAWS // n))
        for bias, noise in BIASES:
            cells += [simulate(shape, bias, noise, n, users) for shape in SHAPES]
            cells.append(simulate_reports(bias, noise, n, users))
    return cells


def report(cells: list[Cell]) -> str:
    """The coverage in percent: a row for each shape and number of outcomes, lowest to highest over the biases."""
    counts = list(dict.fromkeys(cell.outcomes for cell in cells))
    shapes = list(dict.fromkeys(cell.shape for cell in cells))
    rows = []
    for shape in shapes:
        row = [shape]
        for n in counts:
            found = [cell.coverage for cell in cells if (cell.shape, cell.outcomes) == (shape, n)]
            row.append(f"{100 * min(found):.1f}-{100 * max(found):.1f}")
        rows.append(row)
    outside = [cell for cell in cells if not cell.holds]
    lines = [
        "## Coverage of the 90 % interval",
        "",
        "Percent of new outcomes inside, lowest to highest over the true biases "
        f"{', '.join(f'{bias:+g}' for bias, _ in BIASES)}, by number of outcomes.",
        "",
        table(["noise", *map(str, counts)], rows),
        "",
        f"Within 88-92 %: {len(cells) - len(outside)} of {len(cells)} cells.",
        *(f"- outside: {c.shape}, bias {c.bias:+g}, n = {c.outcomes}: {100 * c.coverage:.1f} %" for c in outside),
    ]
    return "\n".join(lines)


def main() -> None:
    """Print the report."""
    sys.stdout.write(report(measure()) + "\n")


if __name__ == "__main__":
    main()
