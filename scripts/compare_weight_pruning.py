"""Prunes the weights of one tagger in every way of scripts.prune_weights and measures what that gives, for the report.

    python -m scripts.compare_weight_pruning --data ../shared/data/conll2003
    python -m scripts.compare_weight_pruning --data FOLDER --only magnitude-90 movement-90
    python -m scripts.compare_weight_pruning --smoke

Every row is a command of its own with the same number of steps, and is measured as the ONNX file that it comes to,
stored as the released ones are: zeros among the weights, bytes, bytes compressed by gzip, F1 of validation and test,
and run times against those of the dense file. Both run in this process, in turn, and the ratio is taken within each
round. The dense row is measured against itself, which tells what such a ratio is worth. Writes
CHECKPOINTS/weight-pruning/ROW.json with the figures, and ROW.npz with what F1 is counted from. Rows that are there are
left as they are, so that a run which was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.evaluate import FP32_BATCH_SIZE
from scripts.lab.arguments import (
    Places,
    clear,
    over_zero,
    parser_for,
    positive,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.bootstrap import f1_of
from scripts.lab.evaluated import SPLITS
from scripts.lab.latency_rounds import measure_rounds, speedup, summary
from scripts.lab.learning_rows import Budget
from scripts.lab.model import load_checkpoint
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.other_script import run_other
from scripts.lab.processor import processor_name
from scripts.lab.records import now, read_made_by, sha256_of, write_json
from scripts.lab.rewritten_graph import stored_weights
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.serving import served_counts
from scripts.lab.smoke_products import smoke_checkpoint
from scripts.lab.versions import library_versions
from scripts.lab.weight_pruning_rows import DENSE, PruningRow, chosen_rows

KIND = "weight-pruning"  # folder of CHECKPOINTS
STORAGE = "fp16"  # of the matrices, as in the released files
GZIP_LEVEL = 6  # what gzip takes by itself


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--teacher", default="full", help="checkpoint to prune and to learn from (%(default)s)"
    )
    group.add_argument("--only", nargs="+", metavar="ROW", help=f"these rows and {DENSE} (all)")
    group.add_argument("--epochs", type=positive, default=1, help="of every trained row (%(default)s)")
    group.add_argument("--steps-per-epoch", type=positive, default=150, help="(%(default)s)")
    group.add_argument("--batch-size", type=positive, default=32, help="texts a step (%(default)s)")
    group.add_argument("--lr", type=over_zero, default=2e-4, help="peak learning rate (%(default)s)")
    group.add_argument("--rounds", type=positive, default=9, help="of run times (%(default)s)")
    group.add_argument(
        "--seconds", type=over_zero, default=0.25, help="time for a file and shape in a round (%(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    # 1. Settings and rows.
    args = parse()
    places = resolve_places(args)
    places.need_data()
    if args.smoke:
        args.epochs, args.steps_per_epoch, args.rounds, args.seconds = 1, 2, 2, 0.002
        smoke_checkpoint(places, args.teacher)
        clear(places.checkpoints / KIND)
    show_config(args)
    rows = chosen_rows(args.only)
    budget = Budget(args.epochs, args.steps_per_epoch, args.batch_size)

    # 2. The dense model, which all rows begin as.
    teacher = places.checkpoints / args.teacher
    model, tokenizer, case_types = load_checkpoint(teacher)
    if not case_types:
        raise ValueError(
            f"{teacher}: a cased model, and run times are of models with case classes; pass another --teacher"
        )
    digest = sha256_of(teacher / "model.safetensors")
    dense = tagger_graph(model.eval(), STORAGE).SerializeToString()

    # 3. One after the other, each in a process of its own.
    for index, row in enumerate(rows, start=1):
        product = places.measurement(KIND, row.name)
        if product.is_file() and not args.force:
            if read_made_by(product, "compare_weight_pruning").get("teacherSha256") != digest:
                raise ValueError(
                    f"{product}: it is of another {args.teacher}; pass --force to measure all rows again"
                )
            print(f"== {row.name} ({index}/{len(rows)}): {product} is there", flush=True)
            continue
        print(f"== {row.name} ({index}/{len(rows)})", flush=True)
        facts: dict[str, object] = {
            "command": None,
            "steps": 0,
            "checkpointSha256": digest,
            "trainSeconds": 0.0,
        }
        found = model
        checkpoint = places.checkpoints / row.checkpoint
        if row.name != DENSE:
            facts = prune(row, args, places, budget)
            found, _, _ = load_checkpoint(checkpoint)
        facts["teacherSha256"] = digest
        measure(row, found.eval(), dense, tokenizer, facts, args=args, places=places)
        clear(checkpoint)
    print(f"{len(rows)} rows in {places.checkpoints / KIND}; scripts.report shows them")


def prune(row: PruningRow, args: argparse.Namespace, places: Places, budget: Budget) -> dict[str, object]:
    """Makes the checkpoint of a row where it is missing; returns how it was made."""
    arguments = [*row.arguments(), "--name", row.checkpoint, "--teacher", args.teacher]
    if row.is_trained:
        arguments += [*budget.arguments(), "--lr", f"{args.lr:g}", "--freeze-embeddings"]
        arguments += ["--replace-share", "0", "--lower-share", "0"]
    else:
        arguments += ["--epochs", "0"]
    command = (
        f"python -m scripts.prune_weights {' '.join(arguments)} --scheme {places.scheme} --seed {args.seed}"
    )
    checkpoint = places.checkpoints / row.checkpoint
    training = checkpoint / "training.json"
    if not training.is_file() or read_made_by(training, "prune_weights").get("command") != command:
        clear(checkpoint)  # of another run that was interrupted, if there is one
        run_other("prune_weights", arguments, places, args.seed)
    record = read_made_by(training, "prune_weights")
    return {
        "command": command,
        "steps": budget.steps if row.is_trained else 0,
        "textsPerStep": budget.batch_size if row.is_trained else 0,
        "trainSentences": record.get("trainSentences", 0),
        "history": record["history"],
        "trainSeconds": round(sum(epoch["trainSeconds"] for epoch in record["history"]), 1),
        "checkpointSha256": sha256_of(checkpoint / "model.safetensors"),
    }


def measure(
    row: PruningRow,
    model: BertForTokenClassification,
    dense: bytes,
    tokenizer: Tokenizer,
    facts: Mapping[str, object],
    *,
    args: argparse.Namespace,
    places: Places,
) -> None:
    # 1. The file, and what is in it.
    graph = tagger_graph(model, STORAGE)
    file = graph.SerializeToString()
    session = open_session(file, threads=1)

    # 2. F1.
    counts = {
        split: served_counts(
            onnx_runner(session),
            tokenizer,
            places.read_split(split),
            case_types=True,
            batch_size=FP32_BATCH_SIZE,
            what=f"{row.name} {split}",
        )
        for split in SPLITS
    }
    f1 = {split: round(float(f1_of(found.sum(axis=0))), 5) for split, found in counts.items()}

    # 3. Run times, in turn with the dense file.
    sessions = {"row": session, "dense": open_session(dense, threads=1)}
    vocabulary = tokenizer.get_vocab_size()
    rounds = measure_rounds(
        sessions,
        dict.fromkeys(sessions, vocabulary),
        rounds=args.rounds,
        seconds=args.seconds,
        seed=args.seed,
    )

    # 4. Both files; the one that the report looks for comes last.
    path = places.measurement(KIND, row.name)
    with written_aside(path.with_suffix(".npz")) as aside:
        np.savez_compressed(aside, **counts)
    zeros = zero_shares(graph)
    write_json(
        path,
        {
            "name": row.name,
            "what": row.what,
            "method": row.method,
            "share": row.share,
            **facts,
            "zeros": zeros,
            "storage": STORAGE,
            "sizeBytes": len(file),
            "gzipBytes": len(gzip.compress(file, GZIP_LEVEL, mtime=0)),
            "gzipLevel": GZIP_LEVEL,
            "f1": f1,
            "ms": {
                name: {shape: summary(medians, 4) for shape, medians in shapes.items()}
                for name, shapes in rounds.items()
            },
            "speedup": speedup(rounds["row"], rounds["dense"]),
            "threads": 1,
            "rounds": args.rounds,
            "secondsARound": args.seconds,
            "seed": args.seed,
            "runtime": f"onnxruntime {onnxruntime.__version__}",
            "cpu": processor_name(),
            "measuredAt": now(),
            "versions": library_versions(),
        },
    )
    print(
        f"{row.name}: {zeros['encoder']:.1%} zeros, F1 {f1['validation']:.4f} on validation, {f1['test']:.4f} on test",
        flush=True,
    )


def zero_shares(graph: onnx.ModelProto) -> dict[str, float]:
    """Share of zeros among the encoder's matrices and among all, as the file stores them."""
    zeros = {"encoder": 0, "all": 0}
    numbers = {"encoder": 0, "all": 0}
    for name, value in stored_weights(graph).items():
        if value.ndim != 2:
            continue
        for kind in ("encoder", "all") if name.startswith("layer.") else ("all",):
            zeros[kind] += value.size - int(np.count_nonzero(value))
            numbers[kind] += value.size
    return {kind: round(zeros[kind] / numbers[kind], 5) for kind in zeros}


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole row, and within a row after its last whole epoch")
