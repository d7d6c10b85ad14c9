"""Fits on validation how far a variant's probabilities can be believed, and checks it on test.

    python -m scripts.calibrate --names full full-int8
    python -m scripts.calibrate --smoke

Reads CHECKPOINTS/evaluations/NAME.{json,npz} of scripts.evaluate, which must be of the model file that is
there, and writes CHECKPOINTS/calibration/NAME.json, where scripts.write_card finds it:

- the temperature T of least negative log-likelihood of the gold labels under softmax(logits / T);
- the expected calibration error (15 equal-width bins) before and after, of tokens (probability of the decoded
  label) and of entities (mean probability of a span's labels; right if label and both borders are gold's);
- the isotonic map from the smallest token margin of a text (best - second best probability, after T) to the
  probability that its set of entities is not gold's, and how well it tells wrong answers on test.
"""

from __future__ import annotations

import argparse
import json

from scripts.lab.arguments import (
    Places,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.calibration import TEMPERATURES, calibrate
from scripts.lab.evaluated import SPLITS, read_evaluated
from scripts.lab.records import sha256_of, write_json


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("calibrate")
    group.add_argument("--names", nargs="+", default=["full"], help="variants to calibrate (full)")
    return parser.parse_args()


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        # Imported only here, because it loads transformers, which nothing else in this script needs.
        from scripts.lab.smoke_evaluation import smoke_evaluation

        for name in args.names:
            smoke_evaluation(places, name)
    show_config(args)
    for name in args.names:
        refuse_overwrite(places.measurement("calibration", name), args.force)
    for name in args.names:
        calibrate_variant(places, name)


def calibrate_variant(places: Places, name: str) -> None:
    """Writes and prints the calibration of one variant; FileNotFoundError or ValueError where it is not evaluated."""
    # 1. What scripts.evaluate left, of the model file that is there.
    target = places.measurement("calibration", name)
    model_file = places.models / name / "model.onnx"
    figures = places.measurement("evaluations", name)
    for path, step in ((model_file, "export or scripts.quantize"), (figures, "evaluate")):
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; run scripts.{step} first")
    digest = sha256_of(model_file)
    if json.loads(figures.read_text(encoding="utf-8")).get("sha256") != digest:
        raise ValueError(f"the evaluation of {name} is of another model file; run scripts.evaluate again")
    splits = read_evaluated(figures.with_suffix(".npz"), digest)

    # 2. Fit, check, write.
    found = calibrate(splits)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_json(target, {"sha256": digest, **found})

    temperature = found["temperature"]
    if not TEMPERATURES[0] * 1.01 < temperature < TEMPERATURES[1] * 0.99:
        print(
            f"{name}: the temperature {temperature} is a limit of its range: the logits of validation "
            "tell all or nothing of its labels",
            flush=True,
        )
    for level in ("token", "entity"):
        for split in SPLITS:
            error = found["expectedCalibrationError"][level][split]
            print(
                f"{name} {split}: {level} calibration error {error['before']:.4f}, "
                f"{error['after']:.4f} at temperature {temperature}",
                flush=True,
            )
    print(f"{name} test: margins tell wrong texts by {json.dumps(found['marginQuality']['test'])}")


if __name__ == "__main__":
    run_script(main)
