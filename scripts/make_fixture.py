"""Makes the tiny random-weight models that the gateway's tests serve (two layers, under 1 MB in all).

    python -m scripts.make_fixture
    python -m scripts.make_fixture --smoke

Writes FIXTURES/{manifest.json, tokenizer/, tiny/, tiny-int8/}. The same seed gives the same weights.
Its answers mean nothing, and neither do the quality figures .80 and .70 on its cards.
"""

from __future__ import annotations

import argparse
import random
import shutil
from pathlib import Path

import onnx
import torch
from tokenizers import Tokenizer

from scripts.lab.arguments import run_script
from scripts.lab.cards import build_card, recipe_of, reference_of, write_card_file, write_manifest
from scripts.lab.encoding import load_tokenizer
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.smoke import small_model, small_tokenizer
from scripts.lab.smoke_corpus import NAMES, PATTERNS

QUALITY = {"tiny": 0.8, "tiny-int8": 0.7}


def reference_texts(count: int, rng: random.Random) -> list[str]:
    texts = []
    for index in range(count):
        words = PATTERNS[index % len(PATTERNS)].split()
        filled = [rng.choice(NAMES[word.strip("{}")]) if word.startswith("{") else word for word in words]
        texts.append(" ".join(filled))
    return texts


def write_variant(
    root: Path, name: str, model: onnx.ModelProto, tokenizer: Tokenizer, texts: list[str]
) -> None:
    directory = root / name
    directory.mkdir()
    onnx.save(model, directory / "model.onnx")
    card = build_card(
        name=name,
        description="Random weights, for the tests of the gateway only.",
        parent="tiny" if name != "tiny" else None,
        model_file=directory / "model.onnx",
        tokenizer_file=root / "tokenizer" / "tokenizer.json",
        recipe=recipe_of(model, layers=[0, 1], ffn=1),
        case_types=True,
        providers=["cpu"] if name.endswith("int8") else ["cpu", "cuda"],
        quality=QUALITY[name],
        evaluation={},
        reference=reference_of(directory / "model.onnx", tokenizer, texts, case_types=True),
        latency=None,
        # No date: the same seed makes the same bytes.
        provenance={"command": "python -m scripts.make_fixture", "seed": 1},
    )
    write_card_file(directory / "card.json", card)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fixtures", type=Path, default=Path("test/fixtures/models"), help="target (%(default)s)"
    )
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="where --smoke writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="write under CHECKPOINTS/smoke instead")
    args = parser.parse_args()
    target = args.checkpoints / "smoke" / "fixture" if args.smoke else args.fixtures
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    aside = target.with_name(target.name + ".partial")
    shutil.rmtree(aside, ignore_errors=True)
    (aside / "tokenizer").mkdir(parents=True)
    small_tokenizer().save(str(aside / "tokenizer" / "tokenizer.json"))
    tokenizer = load_tokenizer(aside / "tokenizer" / "tokenizer.json")
    tagger = small_model(tokenizer.get_vocab_size(), layers=2, seed=args.seed).eval()
    texts = reference_texts(12, random.Random(args.seed))
    full = tagger_graph(tagger)
    write_variant(aside, "tiny", full, tokenizer, texts)
    # 7 bits: products of random weights of 8 bits saturate on CPUs without VNNI, and the answers would differ.
    write_variant(aside, "tiny-int8", quantize(full, weight_bits=7), tokenizer, texts)
    write_manifest(aside, ("tiny", "tiny-int8"))
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    run_script(main)
