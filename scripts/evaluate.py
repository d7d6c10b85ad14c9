"""Measures served F1: one corpus sentence a request, exact spans in code points, against gold.

    python -m scripts.evaluate --data ../shared/data/conll2003 --names full full-int8
    python -m scripts.evaluate --data FOLDER --names full-int8 --splits validation --url http://127.0.0.1:8080
    python -m scripts.evaluate --smoke

Without --url the model runs here in onnxruntime, and the figures are written to
CHECKPOINTS/evaluations/NAME.json, where scripts.write_card finds them, with the logits behind them in NAME.npz
(see scripts.lab.evaluation_dump), which scripts.calibrate and scripts.report read. With --url a running gateway
is asked through POST /ner, and nothing is written. Choose by validation; test is for reporting.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from scripts.lab.arguments import (
    Places,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.cards import tokenizer_of
from scripts.lab.corpus import as_text
from scripts.lab.encoding import encode_texts, load_tokenizer
from scripts.lab.evaluation_dump import dump_arrays, write_dump
from scripts.lab.gateway_client import ask_gateway
from scripts.lab.processor import processor_name
from scripts.lab.records import now, sha256_of, write_json
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.scoring import entity_f1, report
from scripts.lab.serving import answer_texts, as_triples
from scripts.lab.smoke_products import smoke_variant

FP32_BATCH_SIZE = 16  # texts; test_evaluate.py holds that the answers stay those of single texts


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("evaluate")
    group.add_argument("--names", nargs="+", default=["full"], help="variants to measure (full)")
    group.add_argument(
        "--model", type=Path, help="another model.onnx than that of the one variant; nothing is written"
    )
    group.add_argument("--splits", nargs="+", default=["validation", "test"], choices=("validation", "test"))
    group.add_argument("--url", help="a running gateway to ask instead, such as http://127.0.0.1:8080")
    group.add_argument(
        "--no-case-types", action="store_true", help="for models without case classes (cased bases)"
    )
    group.add_argument(
        "--batch-size",
        type=int,
        help="texts of like length that run together; dynamic int8 takes 1 only, because its activation scales "
        f"depend on what runs together ({FP32_BATCH_SIZE} for fp32)",
    )
    group.add_argument(
        "--threads", type=int, default=0, help="0 = as many as the runtime likes (%(default)s)"
    )
    return parser.parse_args()


def batch_size_of(asked: int | None, model_file: Path) -> int:
    """How many texts may run together with the answers of single requests. Raises ValueError."""
    nodes = onnx.load(model_file, load_external_data=False).graph.node
    alone = any(node.op_type == "DynamicQuantizeLinear" for node in nodes)
    if asked is None:
        return 1 if alone else FP32_BATCH_SIZE
    if asked < 1 or (alone and asked != 1):
        raise ValueError(
            f"--batch-size {asked}: expected {'1, as the model is dynamic int8' if alone else '1 or more'}"
        )
    return asked


def ask(args: argparse.Namespace, places: Places, name: str) -> None:
    """Prints what a running gateway makes of the splits."""
    for split in args.splits:
        sentences = places.read_split(split)
        texts = [as_text(sentence)[0] for sentence in sentences]
        spans = [as_triples(answer) for answer in ask_gateway(args.url, texts, name)]
        show(name, split, report(sentences, spans))


def show(name: str, split: str, figures: dict[str, object]) -> None:
    more = f"precision {figures['precision']:.4f}, recall {figures['recall']:.4f}"
    if "argmaxF1" in figures:
        more += f", argmax F1 {figures['argmaxF1']:.4f}"
    print(f"{name} {split}: served F1 {figures['f1']:.4f} ({more})", flush=True)


def main() -> None:
    args = parse()
    if args.model is not None and len(args.names) != 1:
        raise ValueError(f"--model is one variant's file, but --names has {len(args.names)}; expected one")
    places = resolve_places(args)
    missing = [name for name in args.names if not (places.models / name / "model.onnx").is_file()]
    if args.smoke and missing:
        for name in missing:
            smoke_variant(places, name)
    show_config(args)
    if args.url is None and args.model is None:
        for name in args.names:
            refuse_overwrite(places.measurement("evaluations", name), args.force)
    for name in args.names:
        if args.url is None:
            evaluate_variant(args, places, name)
        else:
            ask(args, places, name)


def evaluate_variant(args: argparse.Namespace, places: Places, name: str) -> None:
    """Runs one variant here, prints its figures and writes them."""
    # 1. The model, and what may run together.
    model_file = args.model or places.models / name / "model.onnx"
    runner = onnx_runner(open_session(model_file, args.threads))
    batch_size = batch_size_of(args.batch_size, model_file)
    tokenizer = load_tokenizer(tokenizer_of(places.models, name))
    digest = sha256_of(model_file)

    # 2. One pass over each split.
    figures: dict[str, object] = {}
    arrays: dict[str, np.ndarray] = {}
    for split in args.splits:
        sentences = places.read_split(split)
        texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
        case_types = not args.no_case_types
        answers = answer_texts(
            runner,
            tokenizer,
            texts,
            case_types=case_types,
            batch_size=batch_size,
            what=f"{name} {split}",
        )
        figures[split] = {
            **report(sentences, [as_triples(answer.viterbi) for answer in answers]),
            "argmaxF1": entity_f1(gold, [as_triples(answer.argmax) for answer in answers]),
        }
        arrays |= dump_arrays(split, encode_texts(tokenizer, texts, case_types), gold, answers)
        show(name, split, figures[split])

    # 3. Both files; the one that names the other's model comes last.
    if args.model is None:
        target = places.measurement("evaluations", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_dump(target.with_suffix(".npz"), digest, arrays)
        write_json(
            target,
            {
                "sha256": digest,
                "runtime": f"onnxruntime {onnxruntime.__version__}",
                "cpu": processor_name(),
                "measuredAt": now(),
                **figures,
            },
        )


if __name__ == "__main__":
    run_script(main)
