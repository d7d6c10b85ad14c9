from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scripts.lab.latency_table import LatencyTable, TableFacts
from scripts.lab.layer_shapes import LayerShape
from scripts.lab.prune_search import TIME_STEPS, LayerCurves, best_shapes, curve, kept_importance, refine

HEADS, FFN = 2, 3


def table_of(rest: float, attention: list[float], ffn: list[float], layers: int) -> LatencyTable:
    return LatencyTable(
        facts=TableFacts("cpu", "runtime", 1, 32, layers, 8, HEADS, FFN),
        rest_ms=rest,
        head_counts=tuple(range(HEADS + 1)),
        attention_ms=tuple(attention),
        channel_counts=tuple(range(FFN + 1)),
        ffn_ms=tuple(ffn),
    )


# Whole hundreds of microseconds of any size, also more heads for less time, as measurements may have it.
times = st.integers(0, 300).map(lambda hundreds: hundreds / 10)
tables = st.builds(
    table_of,
    st.integers(1, 50).map(lambda hundreds: hundreds / 10),
    st.lists(times, min_size=HEADS + 1, max_size=HEADS + 1),
    st.lists(times, min_size=FFN + 1, max_size=FFN + 1),
    st.just(2),
)
scores = st.integers(0, 1000).map(float)
layers = st.builds(
    lambda heads, channels: LayerCurves(curve(heads), curve(channels)),
    st.lists(scores, min_size=HEADS, max_size=HEADS),
    st.lists(scores, min_size=FFN, max_size=FFN),
)
models = st.lists(layers, min_size=2, max_size=2)
shares = st.floats(0.01, 1.2)


def kept_by(curves: list[LayerCurves], table: LatencyTable, max_ms: float) -> float:
    """0 where nothing fits."""
    try:
        return kept_importance(curves, best_shapes(curves, table, max_ms))
    except ValueError:
        return 0.0


def by_brute_force(curves: list[LayerCurves], table: LatencyTable, max_ms: float) -> float:
    every = [LayerShape(heads, ffn) for heads in range(HEADS + 1) for ffn in range(FFN + 1)]
    return max(
        (
            kept_importance(curves, shapes)
            for shapes in itertools.product(every, repeat=len(curves))
            if table.model_ms(shapes) <= max_ms
        ),
        default=0.0,
    )


@given(models, tables, shares)
def test_the_time_is_never_exceeded(curves: list[LayerCurves], table: LatencyTable, share: float) -> None:
    max_ms = share * table.model_ms(table.uncut())
    try:
        shapes = best_shapes(curves, table, max_ms)
    except ValueError as error:
        assume("no part of a layer fits" in str(error))
        return
    assert len(shapes) == 2
    assert table.model_ms(shapes) <= max_ms * (1 + 1e-9)
    assert shapes == best_shapes(curves, table, max_ms)


@given(models, tables, shares)
def test_nothing_keeps_more_but_for_rounding(
    curves: list[LayerCurves], table: LatencyTable, share: float
) -> None:
    uncut = table.model_ms(table.uncut())
    max_ms = share * uncut
    found = kept_by(curves, table, max_ms)
    rounding = (len(curves) + 1) * uncut / TIME_STEPS
    assert by_brute_force(curves, table, max_ms - rounding) <= found
    assert found <= by_brute_force(curves, table, max_ms + 1e-9)


@given(models, tables, shares, shares)
def test_more_time_keeps_at_least_as_much(
    curves: list[LayerCurves], table: LatencyTable, first: float, second: float
) -> None:
    uncut = table.model_ms(table.uncut())
    less, more = sorted((first, second))
    assert kept_by(curves, table, less * uncut) <= kept_by(curves, table, more * uncut)


def a_model() -> tuple[list[LayerCurves], LatencyTable]:
    curves = [
        LayerCurves(curve([5.0, 1.0]), curve([3.0, 2.0, 1.0])),
        LayerCurves(curve([0.5, 0.5]), curve([9.0, 8.0, 7.0])),
    ]
    return curves, table_of(1.0, [0.1, 1.0, 2.0], [0.1, 1.0, 2.0, 3.0], 2)


def test_all_the_time_keeps_the_model_whole_and_a_dropped_layer_takes_none() -> None:
    curves, table = a_model()
    assert best_shapes(curves, table, 11.0) == table.uncut()
    # Room for one layer's feed-forward part and what is left of its attention.
    assert best_shapes(curves, table, 1.0 + 3.1 + 0.01) == [LayerShape(0, 0), LayerShape(0, 3)]


def test_a_time_that_is_too_short_says_what_the_rest_takes() -> None:
    curves, table = a_model()
    for max_ms in (0.5, 1.0, 1.2):
        with pytest.raises(ValueError, match=r"no part of a layer fits; 1.000 ms"):
            best_shapes(curves, table, max_ms)


def test_refining_finds_shapes_that_measure_better_and_keeps_to_the_time() -> None:
    curves, table = a_model()
    max_ms = 6.0
    asked: list[tuple[LayerShape, ...]] = []

    def loss_of(shapes: list[LayerShape]) -> float:
        """Only the heads of the last layer matter, which importance denies."""
        asked.append(tuple(shapes))
        return -shapes[1].heads

    plain = best_shapes(curves, table, max_ms)
    assert plain[1].heads == 0
    assert refine(curves, table, max_ms, loss_of=loss_of, trials=0, seed=1) == plain
    refined = refine(curves, table, max_ms, loss_of=loss_of, trials=40, seed=1)
    assert refined[1].heads > 0
    assert table.model_ms(refined) <= max_ms
    assert refined == refine(curves, table, max_ms, loss_of=loss_of, trials=40, seed=1)
    assert len(set(asked)) * 2 == len(asked)  # nothing is measured twice in one search


def test_the_curve_counts_the_best_units_first() -> None:
    assert np.allclose(curve([1.0, 4.0, 2.0]), [0, 4, 6, 7])
