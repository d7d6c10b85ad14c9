"""Measures served F1: one corpus sentence a request, exact spans in code points, against gold.

    python -m scripts.evaluate --data ../shared/data/conll2003 --name full-int8
    python -m scripts.evaluate --data FOLDER --name full-int8 --splits validation --url http://127.0.0.1:8080
    python -m scripts.evaluate --smoke

Without --url the model runs here in onnxruntime, one text at a time as dynamic int8 needs it, and the figures
are written to CHECKPOINTS/evaluations/NAME.json, where scripts.write_card finds them. With --url a running
gateway is asked through POST /ner, and nothing is written. Choose by validation; test is for reporting.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnxruntime

from scripts.lab.arguments import (
    parser_for,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.cards import sha256_of, tokenizer_of, write_json
from scripts.lab.corpus import as_text, read_split
from scripts.lab.encoding import load_tokenizer
from scripts.lab.gateway_client import ask_gateway
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.scoring import entity_f1, report
from scripts.lab.serving import answer_texts, as_triples


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("evaluate")
    group.add_argument("--name", default="full", help="variant to measure (%(default)s)")
    group.add_argument(
        "--model", type=Path, help="another model.onnx than that of the variant; nothing is written"
    )
    group.add_argument("--splits", nargs="+", default=["validation", "test"], choices=("validation", "test"))
    group.add_argument("--url", help="a running gateway to ask instead, such as http://127.0.0.1:8080")
    group.add_argument(
        "--no-case-types", action="store_true", help="for models without case classes (cased bases)"
    )
    group.add_argument(
        "--threads", type=int, default=0, help="0 = as many as the runtime likes (%(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke and not (places.models / args.name / "model.onnx").is_file():
        # Imported only here, because it loads transformers, which nothing else in this script needs.
        from scripts.lab.smoke_products import smoke_variant

        smoke_variant(places, args.name)
    show_config(args)
    figures: dict[str, object] = {}
    model_file = args.model or places.models / args.name / "model.onnx"
    if args.url is None:
        runner = onnx_runner(open_session(model_file, args.threads))
        tokenizer = load_tokenizer(tokenizer_of(places.models, args.name))

    for split in args.splits:
        sentences = read_split(places.need_data(), split)
        texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
        if args.url is not None:
            spans = [as_triples(answer) for answer in ask_gateway(args.url, texts, args.name)]
            figures[split] = report(sentences, spans)
        else:
            answers = answer_texts(
                runner, tokenizer, texts, case_types=not args.no_case_types, what=f"{args.name} {split}"
            )
            argmax = entity_f1(gold, [as_triples(answer.argmax) for answer in answers])
            figures[split] = {
                **report(sentences, [as_triples(answer.viterbi) for answer in answers]),
                "argmaxF1": argmax,
            }
        found = figures[split]
        more = f"precision {found['precision']:.4f}, recall {found['recall']:.4f}"
        if "argmaxF1" in found:
            more += f", argmax F1 {found['argmaxF1']:.4f}"
        print(f"{args.name} {split}: served F1 {found['f1']:.4f} ({more})", flush=True)

    if args.url is None and args.model is None:
        target = places.checkpoints / "evaluations" / f"{args.name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            target,
            {"sha256": sha256_of(model_file), "runtime": f"onnxruntime {onnxruntime.__version__}", **figures},
        )


if __name__ == "__main__":
    run_script(main)
