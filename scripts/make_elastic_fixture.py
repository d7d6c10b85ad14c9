"""Makes the small elastic tagger of random weights that the tests of the compressor cut.

    python -m scripts.make_elastic_fixture
    python -m scripts.make_elastic_fixture --smoke

Writes FIXTURES/{model.onnx,cases.json}: a file as scripts.export writes it, its units in falling order of importance,
and what torch answers in several shapes, with zeros in place of what is cut. So the cuts of the compressor are compared
with something that cuts nothing.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import onnx
import torch

from scripts.lab.arguments import run_script
from scripts.lab.aside import written_aside
from scripts.lab.batches import IGNORED_LABEL, Batch
from scripts.lab.elastic_shapes import ElasticShape, all_shapes, importance_of, masked_to, sort_units
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.serving import torch_runner
from scripts.lab.smoke import small_model

VOCABULARY, LAYERS, TYPES, LABELS = 60, 4, 5, 9
SHAPES = [
    *all_shapes({4: [0, 1, 2, 3], 2: [0, 3]}),
    ElasticShape((0, 2, 3), 0.5, 1.0),
    ElasticShape((1,), 1.0, 0.1),
]


def random_batch(texts: int, length: int) -> Batch:
    """Texts of different lengths."""
    ids = torch.randint(0, VOCABULARY, (texts, length))
    mask = (torch.arange(length) < torch.randint(3, length + 1, (texts, 1))).long()
    labels = torch.randint(0, LABELS, ids.shape).masked_fill(mask == 0, IGNORED_LABEL)
    return Batch(ids, mask, torch.randint(0, TYPES, ids.shape) * mask, labels)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fixtures", type=Path, default=Path("test/fixtures/elastic"), help="target (%(default)s)"
    )
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="where --smoke writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="write under CHECKPOINTS/smoke instead")
    args = parser.parse_args()
    target = args.checkpoints / "smoke" / "elastic-fixture" if args.smoke else args.fixtures
    random.seed(args.seed)

    # 1. A tagger with sorted units, as a file, and as that file has it.
    model = small_model(VOCABULARY, layers=LAYERS, types=TYPES, seed=args.seed).eval()
    sorted_model = sort_units(model, importance_of(model, [random_batch(8, 12) for _ in range(4)]))
    graph = tagger_graph(sorted_model)
    stored = tagger_of(graph, "elastic")

    # 2. Its answers in each shape.
    batch = random_batch(3, 9)
    cases = [
        {
            "layers": list(shape.layers),
            "heads": shape.heads,
            "ffn": shape.ffn,
            "logits": [
                round(value, 5)
                for value in torch_runner(masked_to(stored, shape).eval(), False)(batch).flatten().tolist()
            ],
        }
        for shape in SHAPES
    ]
    inputs = {name: tensor.tolist() for name, tensor in batch.inputs().items()}
    target.mkdir(parents=True, exist_ok=True)
    with written_aside(target / "model.onnx") as aside:
        onnx.save(graph, aside)
    with written_aside(target / "cases.json") as aside:
        aside.write_text(json.dumps({"inputs": inputs, "cases": cases}) + "\n", encoding="utf-8")
    print(f"{target}: {(target / 'model.onnx').stat().st_size / 1000:.0f} kB, {len(cases)} shapes")


if __name__ == "__main__":
    run_script(main)
