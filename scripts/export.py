"""Writes checkpoints as ONNX: standard operators, weights stored as fp16 and widened when the runtime loads
them.

    python -m scripts.export --names full distilled-3l
    python -m scripts.export --names pruned-ffn50 --out checkpoints/onnx
    python -m scripts.export --smoke

Writes OUT/NAME/model.onnx (OUT: the models folder) and, with it, the tokenizer that the gateway reads. The
result is compared with the checkpoint on a few texts before it takes its place.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.arguments import (
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.batches import SpecialTokens, collate
from scripts.lab.encoding import encode_texts
from scripts.lab.model import load_checkpoint
from scripts.lab.odd_texts import HANDMADE
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.serving import torch_runner
from scripts.lab.smoke_products import smoke_checkpoint

# fp16 storage moved the logits of the released models by less than half of this.
TOLERANCE = 0.05


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    export = parser.add_argument_group("export")
    export.add_argument(
        "--names", nargs="+", default=["full"], help="checkpoints, and names of the variants (full)"
    )
    export.add_argument("--out", type=Path, help="folder of variants to write to (the models folder)")
    export.add_argument(
        "--storage", choices=("fp16", "fp32"), default="fp16", help="of the matrices (%(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        for name in args.names:
            smoke_checkpoint(places, name)
    show_config(args)
    targets = {name: (args.out or places.models) / name / "model.onnx" for name in args.names}
    for target in targets.values():
        refuse_overwrite(target, args.force)

    for name, target in targets.items():
        model, tokenizer, case_types = load_checkpoint(places.checkpoints / name)
        difference = write_compared(target, model.eval(), tokenizer, case_types, args.storage)
        folder = write_tokenizer(places.models, name, tokenizer)
        print(
            f"{target}: {target.stat().st_size / 1e6:.1f} MB, logits within {difference:.4f} of the "
            f"checkpoint; tokenizer in {folder}",
            flush=True,
        )


def write_compared(
    target: Path, model: BertForTokenClassification, tokenizer: Tokenizer, case_types: bool, storage: str
) -> float:
    """Writes the model aside and renames it where its logits are the checkpoint's; returns their difference.

    Raises RuntimeError where they differ by more than TOLERANCE.
    """
    texts = [text for text in HANDMADE if text.strip()][:16]
    encoded = [item for item in encode_texts(tokenizer, texts, case_types) if item.ids]
    batch = collate(encoded, SpecialTokens.of(tokenizer))
    kept = batch.attention_mask.numpy() == 1
    expected = torch_runner(model, False)(batch)[kept]
    with written_aside(target) as aside:
        onnx.save(tagger_graph(model, storage), aside)
        got = onnx_runner(open_session(aside, threads=1))(batch)[kept]
        difference = float(np.abs(expected - got).max())
        if not difference <= TOLERANCE:
            raise RuntimeError(
                f"the exported {target.parent.name} differs from its checkpoint by {difference:.4f} in a logit"
            )
    return difference


def write_tokenizer(models: Path, name: str, tokenizer: Tokenizer) -> Path:
    """Writes the tokenizer once for all variants that share it; returns its folder."""
    folder = models / "tokenizer"
    wanted = json.loads(tokenizer.to_str())
    shared = folder / "tokenizer.json"
    if shared.is_file() and json.loads(shared.read_text(encoding="utf-8")) != wanted:
        folder = models / f"tokenizer-{name}"
    if not (folder / "tokenizer.json").is_file():
        compact = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
        with written_aside(folder / "tokenizer.json") as aside:
            aside.write_text(compact + "\n", encoding="utf-8")
    return folder


if __name__ == "__main__":
    run_script(main)
