"""Makes and measures one variant in every way that scripts.quantize knows, for the report.

    python -m scripts.compare_quantization --data ../shared/data/conll2003
    python -m scripts.compare_quantization --data FOLDER --only int8 w4 --parts f1
    python -m scripts.compare_quantization --data FOLDER --parts times --force
    python -m scripts.compare_quantization --smoke

First row by row: the file, made by scripts.quantize, its F1 on validation and test with one sentence a request, its F1
on validation where texts run together in padded batches, and how far it agrees with the float file on the project's
reference sentences. Then the run times of all rows that are there: one thread, one process, each round visits every
file in an order that is rotated; the ratio to the float file is taken within each round. fp16-compute is made for
GPUs: here it is shown that it answers, and what a CPU takes for it.

Writes CHECKPOINTS/quantization/ROW.json, with ROW.npz that F1 is counted from, and CHECKPOINTS/quantization/times.json;
the files lie in CHECKPOINTS/quantization/models. What is there is left as it is, so that a run which was interrupted
goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

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
from scripts.lab.cards import agreement_of, read_reference_sentences, reference_of, tokenizer_of
from scripts.lab.encoding import load_tokenizer
from scripts.lab.evaluated import SPLITS
from scripts.lab.latency_rounds import measure_rounds, speedup, summary
from scripts.lab.other_script import run_other
from scripts.lab.processor import processor_name
from scripts.lab.quantization_rows import FLOAT_ROW, QuantizationRow, chosen_rows
from scripts.lab.records import now, read_made_by, sha256_of, write_json
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.serving import served_counts
from scripts.lab.smoke_products import smoke_variant
from scripts.lab.versions import library_versions

KIND = "quantization"  # folder of CHECKPOINTS
PARTS = ("f1", "times")
TOGETHER = 16  # texts of a padded batch, as they come in the corpus


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("comparison")
    group.add_argument("--variant", default="full", help="float variant to quantize (%(default)s)")
    group.add_argument(
        "--only",
        nargs="+",
        metavar="ROW",
        help=f"these rows and {FLOAT_ROW} (all); times are of all that are there",
    )
    group.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure (%(default)s)"
    )
    group.add_argument("--threads", type=positive, default=1, help="of F1; run times have one (%(default)s)")
    group.add_argument("--rounds", type=positive, default=9, help="of run times (%(default)s)")
    group.add_argument(
        "--seconds", type=over_zero, default=0.3, help="time for a file and shape in a round (%(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    # 1. Settings, rows and the float file.
    args = parse()
    places = resolve_places(args)
    places.need_data()
    if args.smoke:
        args.rounds, args.seconds = 2, 0.002
        smoke_variant(places, args.variant)
        clear(places.checkpoints / KIND)
    show_config(args)
    rows = chosen_rows(args.only)
    source = places.models / args.variant / "model.onnx"
    check_source(source, args.variant)

    # 2. Files and what they answer.
    if "f1" in args.parts:
        measure_rows(rows, source, args, places)

    # 3. Run times of all rows, together.
    if "times" in args.parts:
        measure_times(source, args, places)


def check_source(source: Path, variant: str) -> None:
    if not source.is_file():
        raise FileNotFoundError(f"{source}: no such file; run scripts.export --names {variant} first")
    card = source.with_name("card.json")
    if card.is_file() and not json.loads(card.read_text(encoding="utf-8"))["inputs"]["caseTypes"]:
        raise ValueError(
            f"--variant {variant}: it is fed no case classes, which scripts.quantize calibrates with"
        )


def file_of(row: QuantizationRow, source: Path, places: Places) -> Path:
    return source if row.name == FLOAT_ROW else models_of(places) / row.name / "model.onnx"


def models_of(places: Places) -> Path:
    return places.checkpoints / KIND / "models"


def measure_rows(
    rows: Sequence[QuantizationRow], source: Path, args: argparse.Namespace, places: Places
) -> None:
    digest = sha256_of(source)
    missing = []
    for index, row in enumerate(rows, start=1):
        product = places.measurement(KIND, row.name)
        if product.is_file() and not args.force:
            if read_made_by(product, "compare_quantization").get("sourceSha256") != digest:
                raise ValueError(
                    f"{product}: it is of another {args.variant}; pass --force to measure all rows again"
                )
            print(f"== {row.name} ({index}/{len(rows)}): {product} is there", flush=True)
        else:
            missing.append((index, row))
    if not missing:
        return
    tokenizer_file = tokenizer_of(places.models, args.variant)
    tokenizer = load_tokenizer(tokenizer_file)
    texts = read_reference_sentences()
    expected = reference_of(source, tokenizer, texts, case_types=True)
    for index, row in missing:
        print(f"== {row.name} ({index}/{len(rows)})", flush=True)
        file = file_of(row, source, places)
        if row.name != FLOAT_ROW:
            make(row, source, tokenizer_file, args, places)
            onnx.checker.check_model(onnx.load(file))

        # 1. One sentence a request, and several in a padded batch.
        run = onnx_runner(open_session(file, args.threads))
        counts = {
            split: served_counts(
                run, tokenizer, places.read_split(split), case_types=True, what=f"{row.name} {split}"
            )
            for split in SPLITS
        }
        counts["together"] = served_counts(
            run,
            tokenizer,
            places.read_split("validation"),
            case_types=True,
            batch_size=TOGETHER,
            by_length=False,
            what=f"{row.name} together",
        )
        f1 = {name: round(float(f1_of(found.sum(axis=0))), 5) for name, found in counts.items()}

        # 2. Its own answers against the float file's.
        found = reference_of(file, tokenizer, texts, case_types=True)
        agreement = round(agreement_of(expected, found), 5)

        # 3. Both files; that which says the row is there comes last.
        path = places.measurement(KIND, row.name)
        with written_aside(path.with_suffix(".npz")) as aside:
            np.savez_compressed(aside, **counts)
        write_json(
            path,
            {
                "name": row.name,
                "kind": row.kind,
                "what": row.what,
                "forGpus": row.for_gpus,
                "command": command_of(row, args.variant),
                "variant": args.variant,
                "sourceSha256": digest,
                "sha256": sha256_of(file),
                "sizeBytes": file.stat().st_size,
                "f1": {split: f1[split] for split in SPLITS},
                "together": {"texts": TOGETHER, "split": "validation", "f1": f1["together"]},
                "agreement": {"sentences": len(texts), "f1": agreement},
                "seed": args.seed,
                "cpu": processor_name(),
                "measuredAt": now(),
                "versions": library_versions(),
            },
        )
        print(
            f"{row.name}: F1 {f1['validation']:.4f} on validation ({f1['together']:.4f} in padded batches), "
            f"{f1['test']:.4f} on test, agreement {agreement:.4f}, {file.stat().st_size / 1e6:.1f} MB",
            flush=True,
        )


def make(
    row: QuantizationRow, source: Path, tokenizer_file: Path, args: argparse.Namespace, places: Places
) -> None:
    """Writes the file of a row, in a process of its own."""
    models = models_of(places)
    beside = models / "tokenizer" / tokenizer_file.name  # scripts.quantize looks for it beside its product
    beside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer_file, beside)
    arguments = [
        *row.arguments,
        "--source",
        str(source),
        "--name",
        row.name,
        "--models",
        str(models),
        "--force",
    ]
    if args.smoke and row.is_calibrated:
        arguments += ["--calibration-sentences", "4"]
    run_other("quantize", arguments, places, args.seed)


def command_of(row: QuantizationRow, variant: str) -> str | None:
    if row.name == FLOAT_ROW:
        return None
    source = f"models/{variant}/model.onnx"
    calibrated = " --data DATA" if row.is_calibrated else ""
    return f"python -m scripts.quantize --source {source} --name {row.name} {' '.join(row.arguments)}{calibrated}"


def measure_times(source: Path, args: argparse.Namespace, places: Places) -> None:
    # 1. The files of all rows that are there.
    files: dict[str, Path] = {}
    digests: dict[str, str] = {}
    for row in chosen_rows(None):
        product = places.measurement(KIND, row.name)
        if not product.is_file():
            continue
        file = file_of(row, source, places)
        if not file.is_file() or sha256_of(file) != read_made_by(product, "compare_quantization").get(
            "sha256"
        ):
            raise ValueError(
                f"{file}: missing, or another than {product} was measured on; run again with --parts f1 --force"
            )
        files[row.name], digests[row.name] = file, sha256_of(file)
    if FLOAT_ROW not in files:
        raise FileNotFoundError(
            f"{places.measurement(KIND, FLOAT_ROW)}: no such file; run with --parts f1 first, or with both parts"
        )
    target = places.measurement(KIND, "times")
    if target.is_file() and not args.force:
        before = read_made_by(target, "compare_quantization").get("rows", {})
        if {name: found.get("sha256") for name, found in before.items()} == digests:
            print(f"== times: {target} is there", flush=True)
            return

    # 2. All of them in turn.
    print(f"== times of {', '.join(files)}", flush=True)
    vocabulary = load_tokenizer(tokenizer_of(places.models, args.variant)).get_vocab_size()
    waiting = os.getloadavg()[0]  # before we add to it
    sessions = {name: open_session(file, threads=1) for name, file in files.items()}
    found = measure_rounds(
        sessions,
        dict.fromkeys(sessions, vocabulary),
        rounds=args.rounds,
        seconds=args.seconds,
        seed=args.seed,
    )
    times = {
        name: {
            "sha256": digests[name],
            "ms": {shape: summary(medians, 4) for shape, medians in rounds.items()},
            "speedup": speedup(rounds, found[FLOAT_ROW]),
        }
        for name, rounds in found.items()
    }
    write_json(
        target,
        {
            "variant": args.variant,
            "baseline": FLOAT_ROW,
            "threads": 1,
            "rounds": args.rounds,
            "secondsARound": args.seconds,
            "runtime": f"onnxruntime {onnxruntime.__version__}",
            "cpu": processor_name(),
            "cores": os.cpu_count(),
            "loadBefore": round(waiting, 2),
            "measuredAt": now(),
            "rows": times,
        },
    )
    for name, row in times.items():
        described = "  ".join(
            f"{shape} {row['ms'][shape]['median']:8.3f} ms, x {each['median']:.2f} "
            f"({each['min']:.2f} to {each['max']:.2f})"
            for shape, each in row["speedup"].items()
        )
        print(f"{name:26} {described}", flush=True)


if __name__ == "__main__":
    run_script(main, resumes_after="its last whole row")
