"""Answers the reference sentences with each variant and puts them into its card; all else in the cards stays.

    python -m scripts.write_reference
    python -m scripts.write_reference --names full full-int8
    python -m scripts.write_reference --smoke

Needed after a change of src/building/english-sentences.json; scripts.write_card does it for a new card. Refuses
cards that are of another model file, and sentences that a variant finds too little in. Prints what each agrees
with the first variant of the manifest by.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scripts.lab.arguments import parser_for, resolve_places, run_script, show_config
from scripts.lab.cards import (
    agreement_of,
    check_card,
    check_enough,
    read_reference_sentences,
    reference_of,
    tokenizer_of,
    write_card_file,
)
from scripts.lab.encoding import load_tokenizer
from scripts.lab.records import sha256_of
from scripts.lab.smoke_card import write_smoke_card


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("reference")
    group.add_argument("--names", nargs="+", help="variants (all of the manifest)")
    return parser.parse_args()


def main() -> None:
    # 1. Which cards, all of them checked before the first is written.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        write_smoke_card(places)
    show_config(args)
    manifest = places.models / "manifest.json"
    if not manifest.is_file():
        raise FileNotFoundError(f"{manifest}: no such file; run scripts.write_card first")
    listed = json.loads(manifest.read_text(encoding="utf-8"))["variants"]
    names = args.names or listed
    cards = {name: read_card(places.models, name) for name in dict.fromkeys([listed[0], *names])}
    texts = read_reference_sentences()

    # 2. The answers.
    references = {
        name: reference_of(
            places.models / name / card["file"],
            load_tokenizer(tokenizer_of(places.models, name)),
            texts,
            case_types=card["inputs"]["caseTypes"],
        )
        for name, card in cards.items()
    }
    for name, reference in references.items():
        entities = check_enough(name, reference, smoke=args.smoke)
        agreement = agreement_of(references[listed[0]], reference)
        print(f"{name}: {entities} entities, F1 {agreement:.4f} against {listed[0]}")

    # 3. The cards.
    for name in names:
        write_card_file(places.models / name / "card.json", {**cards[name], "reference": references[name]})


def read_card(models: Path, name: str) -> dict:
    file = models / name / "card.json"
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file; expected the name of a variant")
    card = json.loads(file.read_text(encoding="utf-8"))
    check_card(card)
    if sha256_of(models / name / card["file"]) != card["sha256"]:
        raise ValueError(f"{file}: it is of another model file; run scripts.write_card again")
    return card


if __name__ == "__main__":
    run_script(main)
