"""Makes checkpoints of released float variants again, to go on training where only models/ is at hand.

    python -m scripts.restore --names full distilled-3l
    python -m scripts.restore --smoke

Reads MODELS/NAME/model.onnx, as scripts.export wrote it, with its card, and writes CHECKPOINTS/NAME. An export of
that gives the same bytes again. The weights are those of the file, so matrices stored as fp16 are rounded to it; the
optimizer's state is gone. A variant in int8 cannot be restored: its float form is another file, if it was released.
"""

from __future__ import annotations

import argparse
import json

import onnx
from tokenizers import Tokenizer

from scripts.lab.arguments import parser_for, refuse_overwrite, resolve_places, run_script, show_config
from scripts.lab.aside import written_aside
from scripts.lab.cards import tokenizer_of
from scripts.lab.encoding import load_tokenizer
from scripts.lab.model import save_checkpoint
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.records import sha256_of, write_json
from scripts.lab.smoke_products import smoke_variant


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("restore")
    group.add_argument("--names", nargs="+", default=["full"], help="float variants (full)")
    return parser.parse_args()


def main() -> None:
    # 1. Settings, and what is to be read.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        for name in args.names:
            smoke_variant(places, name)
    show_config(args)
    for name in args.names:
        refuse_overwrite(places.checkpoints / name, args.force)
        model_file = places.models / name / "model.onnx"
        if not model_file.is_file():
            raise FileNotFoundError(f"{model_file}: no such file; expected a variant of scripts.export")

    # 2. One checkpoint a variant, with what its card knows of its training.
    for name in args.names:
        folder = places.models / name
        model = tagger_of(onnx.load(folder / "model.onnx"), name)
        tokenizer: Tokenizer = load_tokenizer(tokenizer_of(places.models, name))
        target = places.checkpoints / name
        with written_aside(target) as aside:
            save_checkpoint(model, tokenizer, aside)
            card_file = folder / "card.json"
            if card_file.is_file():
                card = json.loads(card_file.read_text(encoding="utf-8"))
                write_json(aside / "training.json", training_record(card, sha256_of(folder / "model.onnx")))
                if "labelBias" in card["provenance"]:
                    write_json(aside / "label-bias.json", card["provenance"]["labelBias"])
        print(f"{target}: {sum(weight.numel() for weight in model.parameters()):,} parameters", flush=True)


def training_record(card: dict, digest: str) -> dict[str, object]:
    """What a training leaves beside its weights, as far as the card has it. ValueError where the card is of
    another file.
    """
    if card["sha256"] != digest:
        raise ValueError(f"the card of {card['name']} is of another model file; expected sha256 {digest}")
    made, recipe = card["provenance"], card["recipe"]
    return {
        "command": made["command"],
        "base": made["base"],
        "parent": card["parent"],
        "caseTypes": card["inputs"]["caseTypes"],
        "trainSentences": made["data"]["trainSentences"],
        "settings": made["settings"],
        "history": made["history"],
        "versions": made["versions"],
        "layers": recipe["layers"],
        "ffn": recipe["ffn"],
        "restoredFrom": digest,
    }


if __name__ == "__main__":
    run_script(main)
