"""Makes a quantized variant of an exported model; dynamic int8 is what the gateway serves on CPUs.

    python -m scripts.quantize --source models/full/model.onnx --name full-int8
    python -m scripts.quantize --source checkpoints/onnx/pruned-ffn50/model.onnx --name pruned-ffn50-int8
    python -m scripts.quantize --source models/full/model.onnx --name full-w4 --method w4
    python -m scripts.quantize --source models/full/model.onnx --name full-static --method int8-static --data FOLDER
    python -m scripts.quantize --smoke

`--method int8`: weights int8 with a scale a column, activations uint8 at run time and shared by query, key and value,
word embeddings int8 with a scale a row. See scripts/lab/onnx_quantize.py.
`int8-static`: the ranges of activations are found beforehand on training sentences of --data; only products with
weights are quantized, with a scale a column; `--calibration-percentile` clips the ranges. `int8-static-naive` is what
to leave alone: every operator, one scale a tensor, few sentences; `--calibration-padded` gives it those as one padded
batch, which stretches the range of masked scores to the mask's -10000.
`w8`, `w4`: weights only, in blocks of 32 rows. `fp16-compute`: for GPUs, where int8 gains nothing.
See scripts/lab/quantization_methods.py. Writes MODELS/NAME/model.onnx.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from scripts.lab.arguments import (
    Places,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.cards import tokenizer_of
from scripts.lab.onnx_quantize import KEPT_IN_FLOAT, quantize
from scripts.lab.quantization_methods import (
    METHODS,
    Feeds,
    compute_in_halves,
    equal_windows,
    quantize_statically,
    quantize_weights,
)
from scripts.lab.quantization_rows import NAIVE_SENTENCES, STATIC_SENTENCES
from scripts.lab.runtime import open_session, shape_feeds


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("quantize")
    group.add_argument("--source", type=Path, help="model.onnx that scripts.export wrote")
    group.add_argument("--name", default="full-int8", help="name of the variant (%(default)s)")
    group.add_argument("--method", choices=METHODS, default="int8", help="(%(default)s)")
    group.add_argument(
        "--calibration-sentences",
        type=int,
        help="training sentences for the static methods "
        f"({STATIC_SENTENCES}, or {NAIVE_SENTENCES} for the naive one)",
    )
    group.add_argument(
        "--calibration-percentile",
        type=float,
        help="share of values in percent, such as 99.99, that ranges hold; with --method int8-static only (all values)",
    )
    group.add_argument(
        "--calibration-padded",
        action="store_true",
        help="calibrate on sentences that are padded to the longest of them, as a batch has them; with --method "
        "int8-static-naive only",
    )
    group.add_argument(
        "--keep", nargs="*", default=list(KEPT_IN_FLOAT), help="weights that stay float (%(default)s)"
    )
    group.add_argument(
        "--weight-bits",
        type=int,
        choices=(7, 8),
        default=8,
        help="7 for CPUs without VNNI, whose products saturate; with --method int8 only",
    )
    args = parser.parse_args()
    if args.weight_bits != 8 and args.method != "int8":
        parser.error(f"--weight-bits {args.weight_bits}: only --method int8 has it, not {args.method}")
    if args.calibration_padded and args.method != "int8-static-naive":
        parser.error(
            f"--calibration-padded: only --method int8-static-naive has it, not {args.method}; leave it out"
        )
    if args.calibration_percentile is not None:
        if args.method != "int8-static":
            parser.error(
                f"--calibration-percentile: only --method int8-static has it, not {args.method}; leave it out"
            )
        if not 50 < args.calibration_percentile <= 100:
            parser.error(
                f"--calibration-percentile {args.calibration_percentile}: expected more than 50 and at most 100"
            )
    if args.calibration_sentences is not None:
        if not args.method.startswith("int8-static"):
            parser.error(
                f"--calibration-sentences: --method {args.method} needs no calibration; leave it out"
            )
        if args.calibration_sentences < 1:
            parser.error(f"--calibration-sentences {args.calibration_sentences}: expected 1 or more")
    return args


def read_graph(source: Path) -> onnx.ModelProto:
    try:
        return onnx.load(source)
    except DecodeError as error:
        raise ValueError(f"{source}: no ONNX model, or a damaged one ({error})") from error


def calibration_feeds(args: argparse.Namespace, places: Places) -> list[Feeds]:
    """Training sentences, drawn with the seed and encoded as the gateway does: in windows of one length, or as one
    padded batch.
    """
    # Imported only here, because they load torch, which nothing else in this script needs.
    from scripts.lab.batches import SpecialTokens, collate
    from scripts.lab.corpus import as_text
    from scripts.lab.encoding import encode_texts, load_tokenizer

    naive = args.method == "int8-static-naive"
    count = args.calibration_sentences or (NAIVE_SENTENCES if naive else STATIC_SENTENCES)
    sentences = places.read_split("train")
    if args.smoke:
        count = min(count, len(sentences))
    if count > len(sentences):
        raise ValueError(
            f"--calibration-sentences {count}: the training split has {len(sentences)}; ask for fewer"
        )
    chosen = random.Random(args.seed).sample(sentences, count)
    tokenizer = load_tokenizer(tokenizer_of(places.models, args.name))
    special = SpecialTokens.of(tokenizer)
    encoded = encode_texts(tokenizer, [as_text(sentence)[0] for sentence in chosen])
    kept = [item for item in encoded if item.ids]
    batches = [kept] if args.calibration_padded else [[item] for item in kept]
    feeds = [
        {name: tensor.numpy() for name, tensor in collate(batch, special).inputs().items()}
        for batch in batches
    ]
    return feeds if args.calibration_padded else equal_windows(feeds)


def quantized_by_method(args: argparse.Namespace, places: Places, source: onnx.ModelProto) -> onnx.ModelProto:
    if args.method == "int8":
        return quantize(source, keep=args.keep, weight_bits=args.weight_bits)
    if args.method in ("w8", "w4"):
        return quantize_weights(source, int(args.method[1]), keep=args.keep)
    if args.method == "fp16-compute":
        return compute_in_halves(source)
    naive = args.method == "int8-static-naive"
    return quantize_statically(
        source,
        calibration_feeds(args, places),
        naive=naive,
        keep=args.keep,
        percentile=args.calibration_percentile,
    )


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke and args.source is None:
        # Imported only here, because they load transformers, which nothing else in this script needs.
        from scripts.lab.onnx_graph import tagger_graph
        from scripts.lab.smoke import small_model, small_tokenizer
        from scripts.lab.smoke_products import smoke_variant

        smoke_variant(places, "full")  # for its tokenizer
        args.source = places.checkpoints / "source.onnx"
        onnx.save(tagger_graph(small_model(small_tokenizer().get_vocab_size(), layers=6)), args.source)
    show_config(args)
    if args.source is None:
        raise ValueError("pass --source MODEL.onnx, as written by scripts.export (or --smoke)")
    if not args.source.is_file():
        raise FileNotFoundError(
            f"{args.source}: no such file; expected the model.onnx that scripts.export writes"
        )
    target = places.models / args.name / "model.onnx"
    refuse_overwrite(target, args.force)

    quantized = quantized_by_method(args, places, read_graph(args.source))
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
