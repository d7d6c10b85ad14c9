from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.lab.latency_table import LatencyTable, TableFacts, read_table, table_path, write_table
from scripts.lab.layer_shapes import LayerShape
from scripts.lab.layer_timing import measure_table
from scripts.lab.smoke import small_model

FACTS = TableFacts("cpu", "runtime", 1, 32, 2, 32, 4, 64)
TABLE = LatencyTable(FACTS, 0.5, (0, 2, 4), (0.1, 0.3, 0.4), (0, 32, 64), (0.2, 1.2, 2.2))


def test_times_add_up_and_are_interpolated() -> None:
    assert TABLE.layer_ms(LayerShape(4, 64)) == pytest.approx(2.6)
    assert TABLE.layer_ms(LayerShape(1, 16)) == pytest.approx(0.2 + 0.7)
    assert TABLE.layer_ms(LayerShape(0, 64)) == pytest.approx(2.3)
    assert TABLE.layer_ms(LayerShape(0, 0)) == 0
    assert TABLE.model_ms(TABLE.uncut()) == pytest.approx(0.5 + 5.2)
    assert TABLE.channel_grid() == list(range(0, 65, 4))


def test_a_table_is_read_again_only_for_the_same_machine_and_model(tmp_path: Path) -> None:
    path = table_path(tmp_path, 32)
    assert read_table(path, FACTS) is None
    write_table(path, TABLE, {"rounds": 1})
    assert read_table(path, FACTS) == TABLE
    for other in ({"cpu": "another"}, {"runtime": "newer"}, {"tokens": 8}, {"hidden": 64}):
        assert read_table(path, replace(FACTS, **other)) is None
    path.write_text('{"facts": {}}')
    with pytest.raises(ValueError, match=r"latency-table-32.json: expected a table"):
        read_table(path, FACTS)


@pytest.mark.parametrize(
    "change",
    [
        {"head_counts": (0, 2)},
        {"head_counts": (0, 4, 2)},
        {"channel_counts": (1, 32, 64)},
        {"attention_ms": (0.1, -0.1, 0.1)},
    ],
)
def test_broken_tables_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected increasing|below 0"):
        replace(TABLE, **change)


def test_real_graphs_are_measured_and_sums_compared_with_whole_models() -> None:
    facts = TableFacts.here(small_model(50, layers=2, hidden=64, heads=4).config, 16)
    table, record = measure_table(facts, rounds=3, head_step=2, channel_steps=2)
    assert (table.head_counts, table.channel_counts) == ((0, 2, 4), (0, 64, 128))
    assert table.rest_ms > 0
    assert table.model_ms(table.uncut()) > table.rest_ms
    assert [len(check["heads"]) for check in record["additivity"]] == [2, 2, 2]
    assert all(check["measuredMs"] > 0 for check in record["additivity"])


def test_the_table_is_made_by_its_script_and_pruning_reuses_it(
    run_script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_script("measure_latency_table", "--smoke", "--checkpoints", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "attention of a layer: 0 heads" in done.stdout
    path = table_path(tmp_path / "smoke", 32)
    before = path.read_bytes()
    looked = run_script("prune", "--smoke", "--checkpoints", tmp_path, "--candidates", "0.5", "0.9")
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.count("served F1 before recovery") == 2
    assert not (tmp_path / "smoke" / "pruned").exists()
    done = run_script("prune", "--smoke", "--checkpoints", tmp_path, "--target-share", "0.6")
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == before
    record = json.loads((tmp_path / "smoke" / "pruned" / "training.json").read_text())
    assert len(record["layerShapes"]) == 6
    assert record["layers"] == [
        index for index, shape in enumerate(record["layerShapes"]) if any(shape.values())
    ]
    assert record["predictedMs"] <= 0.6 * record["uncutMs"] + 1e-3
    config = json.loads((tmp_path / "smoke" / "pruned" / "config.json").read_text())
    assert config["layer_shapes"] == [shape for shape in record["layerShapes"] if any(shape.values())]
    done = run_script("prune", "--smoke", "--checkpoints", tmp_path, "--max-ms", "0")
    assert done.returncode == 2
    assert "no part of a layer fits" in done.stderr
