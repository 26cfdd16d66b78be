"""Cases that answer alike, counted together, and how their answers pass through an aggregation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import pairwise

import narwhals as nw
import numpy as np
import polars as pl

_PACKED = 39  # three-valued answers that fit into one whole number


@dataclass
class Patterns:
    """Cases that answer alike, counted together.

    ``codes`` tell what each pattern answers to each question: 0 no, 1 yes, 2 unknown; *none* says no, *all*
    yes. ``group`` tells which of the ``groups`` it is of (one, ``None``, where the cohort has none), and
    ``cluster``, where there are any, of which patient or site. ``weights`` and ``squares`` are sums of the
    cases' weights, and of their squares.
    """

    codes: dict[str, np.ndarray]
    groups: list[str | None]
    group: np.ndarray
    weights: np.ndarray
    squares: np.ndarray
    cluster: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.codes |= {"none": np.zeros(len(self.weights), int), "all": np.ones(len(self.weights), int)}

    def crossed(self, *names: str) -> tuple[np.ndarray, np.ndarray]:
        """Sums of weights, and of their squares, by group and by the answers to these questions.

        Shape (groups, 3, ..., 3): no, yes, unknown along each axis; with clusters, the squares as
        :func:`with_clusters` makes them.
        """
        code = reduce(lambda code, name: 3 * code + self.codes[name], names, self.group)
        shape = (len(self.groups), *[3] * len(names))
        sums = (np.bincount(code, x, np.prod(shape)) for x in (self.weights, self.squares))
        counts, squares = (x.reshape(shape) for x in sums)
        if self.cluster is not None:
            cells, (group, place) = 3 ** len(names), self._clusters
            own = np.bincount(place * cells + code % cells, self.weights, len(group) * cells)
            squares = with_clusters(squares, own.reshape(-1, *shape[1:]), group)
        return counts, squares

    @cached_property
    def _clusters(self) -> tuple[np.ndarray, np.ndarray]:
        """The group of each cluster within a group, and of each pattern which of these it belongs to."""
        code = self.group * (self.cluster.max(initial=0) + 1) + self.cluster
        _, first, place = np.unique(code, return_index=True, return_inverse=True)
        return self.group[first], place

    def only(self, name: str) -> Patterns:
        """The patterns that do not answer this by no, if there are clusters: no other cluster counts."""
        if self.cluster is None:
            return self
        keep = self.codes[name] > 0
        rows = {x: getattr(self, x)[keep] for x in ("group", "weights", "squares", "cluster")}
        return replace(self, codes={x: codes[keep] for x, codes in self.codes.items()}, **rows)

    def bits(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Of every pattern the questions that it answers by yes, and by unknown: the i-th as bit i."""
        codes = np.array([self.codes[name] for name in names]).reshape(len(names), len(self.weights))
        return tuple((1 << np.arange(len(names), dtype=np.int64)) @ (codes == answer) for answer in (1, 2))


def with_clusters(squares: np.ndarray, own: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Sums of squares by group and cell, and behind each cell its products with all cells over clusters.

    ``squares`` have a group along the first axis, ``own`` the weights of a cluster within a group, sorted by
    ``group``. The products are those of the cluster-robust variance of a sum, enlarged by :func:`few`.
    """
    cells, made = own[0].size if len(own) else 1, []
    for start, stop in pairwise(np.searchsorted(group, np.arange(len(squares) + 1))):
        flat = own[start:stop].reshape(-1, cells)
        made.append(few(flat.sum(1)) * (flat.T @ flat))
    return np.concatenate([squares[..., None], np.reshape(made, (*squares.shape, cells))], -1)


def by_outcome(counts: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """The products of :func:`with_clusters` where cases were sampled by their outcome, and how many is known.

    Then only whom a policy refers among cases of one outcome is left to chance: (..., referred, outcome).
    """
    shares = counts / np.maximum(counts.sum(-2, keepdims=True), np.finfo(float).tiny)
    about = np.eye(3)[:, :, None] - shares[..., None, :, :]
    products = np.einsum("...rc,...rsc,...ruc,cd->...scud", squares, about, about, np.eye(3))
    return np.concatenate([0 * squares[..., None], products.reshape(*squares.shape, 9)], -1)


def few(sizes: np.ndarray) -> float:
    """By what a variance over clusters of these sizes grows: few or uneven ones tell no more than that.

    Of c equal ones c / (c - 1), until 1.96 errors are t's with c - 1. Where a few hold most cases, their mean
    lies near them: with shares p, p'p over what the sum of squares about the mean is then expected to be (of
    clusters that differ by as much each), and as many fewer degrees of freedom as 1 / p'p is below c.
    """
    from scipy.stats import t

    p = sizes[sizes > 0] / sizes.sum()
    if (c := len(p)) < 2:
        return np.nan
    even = p @ p
    freedom = max(1, (c - 1) / (c * even))
    return even / (p**2 @ (1 - 2 * p + even)) * (t.ppf(0.975, freedom) / t.ppf(0.975, np.inf)) ** 2


def packed(answers: Mapping[str, nw.Expr]) -> dict[str, nw.Expr]:
    """Columns of whole numbers that hold all answers, each a digit to the base of three."""
    columns: dict[str, nw.Expr] = {}
    for i, answer in enumerate(answers.values()):
        pack, place = f"pack {i // _PACKED}", i % _PACKED
        unknown = nw.when(answer.is_null()).then(2).otherwise(0)
        digit = nw.when(answer).then(1).otherwise(unknown).cast(nw.Int64) * 3**place
        columns[pack] = columns[pack] + digit if place else digit
    return columns


def unpacked(counted: pl.DataFrame, names: Iterable[str]) -> dict[str, np.ndarray]:
    """The answers to these questions, from the columns of :func:`packed`: 0 no, 1 yes, 2 unknown."""
    packs = {name: counted[name].to_numpy() for name in counted.columns if name.startswith("pack ")}
    places = {name: divmod(i, _PACKED) for i, name in enumerate(names)}
    return {name: packs[f"pack {pack}"] // 3**place % 3 for name, (pack, place) in places.items()}
