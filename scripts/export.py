"""Writes a checkpoint as ONNX: standard operators, weights stored as fp16 and widened when the runtime loads
them.

    python -m scripts.export --name full
    python -m scripts.export --name pruned-ffn50 --out checkpoints/onnx
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
import torch

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
        "--name", default="full", help="checkpoint to export, and name of the variant (%(default)s)"
    )
    export.add_argument("--out", type=Path, help="folder of variants to write to (the models folder)")
    export.add_argument(
        "--storage", choices=("fp16", "fp32"), default="fp16", help="of the matrices (%(default)s)"
    )
    return parser.parse_args()


def main() -> None:
    # 1. Settings and checkpoint.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        smoke_checkpoint(places, args.name)
    show_config(args)
    directory = (args.out or places.models) / args.name
    target = directory / "model.onnx"
    refuse_overwrite(target, args.force)
    model, tokenizer, case_types = load_checkpoint(places.checkpoints / args.name)
    model.eval()

    # 2. Write aside, compare, rename.
    texts = [text for text in HANDMADE if text.strip()][:16]
    encoded = [item for item in encode_texts(tokenizer, texts, case_types) if item.ids]
    batch = collate(encoded, SpecialTokens.of(tokenizer))
    kept = batch.attention_mask.numpy() == 1
    with torch.no_grad():
        expected = torch_runner(model, False)(batch)[kept]
    with written_aside(target) as aside:
        onnx.save(tagger_graph(model, args.storage), aside)
        got = onnx_runner(open_session(aside, threads=1))(batch)[kept]
        difference = float(np.abs(expected - got).max())
        if not difference <= TOLERANCE:
            raise RuntimeError(
                f"the exported {args.name} differs from its checkpoint by {difference:.4f} in a logit"
            )

    # 3. The tokenizer, once for all variants that share it.
    folder = places.models / "tokenizer"
    wanted = json.loads(tokenizer.to_str())
    shared = folder / "tokenizer.json"
    if shared.is_file() and json.loads(shared.read_text(encoding="utf-8")) != wanted:
        folder = places.models / f"tokenizer-{args.name}"
    if not (folder / "tokenizer.json").is_file():
        compact = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
        with written_aside(folder / "tokenizer.json") as aside:
            aside.write_text(compact + "\n", encoding="utf-8")
    size = target.stat().st_size / 1e6
    print(f"{target}: {size:.1f} MB, logits within {difference:.4f} of the checkpoint; tokenizer in {folder}")


if __name__ == "__main__":
    run_script(main)
