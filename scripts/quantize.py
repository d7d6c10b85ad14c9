"""Makes the dynamic int8 variant of an exported model.

    python -m scripts.quantize --source models/full/model.onnx --name full-int8
    python -m scripts.quantize --source checkpoints/onnx/pruned-ffn50/model.onnx --name pruned-ffn50-int8
    python -m scripts.quantize --smoke

Weights int8 with a scale a column, activations uint8 at run time and shared by query, key and value, word
embeddings int8 with a scale a row. See scripts/lab/onnx_quantize.py. Writes MODELS/NAME/model.onnx.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from scripts.lab.arguments import (
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.onnx_quantize import KEPT_IN_FLOAT, quantize
from scripts.lab.runtime import open_session, shape_feeds


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("quantize")
    group.add_argument("--source", type=Path, help="model.onnx that scripts.export wrote")
    group.add_argument("--name", default="full-int8", help="name of the variant (%(default)s)")
    group.add_argument(
        "--keep", nargs="*", default=list(KEPT_IN_FLOAT), help="weights that stay float (%(default)s)"
    )
    group.add_argument(
        "--weight-bits",
        type=int,
        choices=(7, 8),
        default=8,
        help="7 for CPUs without VNNI, whose products saturate",
    )
    return parser.parse_args()


def read_graph(source: Path) -> onnx.ModelProto:
    try:
        return onnx.load(source)
    except DecodeError as error:
        raise ValueError(f"{source}: no ONNX model, or a damaged one ({error})") from error


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke and args.source is None:
        # Imported only here, because they load transformers, which nothing else in this script needs.
        from scripts.lab.onnx_graph import tagger_graph
        from scripts.lab.smoke import small_model

        args.source = places.checkpoints / "source.onnx"
        onnx.save(tagger_graph(small_model(100, layers=6)), args.source)
    show_config(args)
    if args.source is None:
        raise ValueError("pass --source MODEL.onnx, as written by scripts.export (or --smoke)")
    if not args.source.is_file():
        raise FileNotFoundError(
            f"{args.source}: no such file; expected the model.onnx that scripts.export writes"
        )
    target = places.models / args.name / "model.onnx"
    refuse_overwrite(target, args.force)

    quantized = quantize(read_graph(args.source), keep=args.keep, weight_bits=args.weight_bits)
    # A sanity check: finite, and not far from the source on random ids.
    feeds = shape_feeds(2, 16, vocabulary=100, seed=args.seed)
    expected = open_session(args.source, threads=1).run(None, feeds)[0]
    with written_aside(target) as aside:
        onnx.save(quantized, aside)
        got = open_session(aside, threads=1).run(None, feeds)[0]
        if not np.isfinite(got).all():
            raise RuntimeError(f"{args.name}: the quantized model answers with numbers that are not finite")
    difference = float(np.abs(expected - got).mean())
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, logits differ by {difference:.3f} on average")


if __name__ == "__main__":
    run_script(main)
