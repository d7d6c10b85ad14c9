"""Measures served F1 on text unlike that of training: other case, typing errors, and another domain.

    python -m scripts.robustness --data ../shared/data/conll2003 --names full full-int8
    python -m scripts.robustness --data FOLDER --names full --wnut17 FOLDER
    python -m scripts.robustness --smoke

Writes CHECKPOINTS/robustness/NAME.json, where scripts.write_card finds it. All on test splits; one sentence a
request, its tokens joined by one space, exact spans against gold, as scripts.evaluate does:

- lowerCased, upperCased: every token of the CoNLL test split in that case;
- typos: every word of it with at least 4 ASCII letters in a row gets one edit with probability --typo-rate,
  drawn with --seed: swap of two letters, drop, insertion or replacement by a touching QWERTY key, all as
  likely (scripts/lab/perturbation.py). No edit cuts, joins or empties a token, so the gold spans stay;
- wnut17: the test split of WNUT-17 (emerging.test.annotated), its types mapped to ours by WNUT17_TYPES, with
  figures per type. Without its folder this part is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.evaluate import batch_size_of
from scripts.lab.arguments import (
    Places,
    parser_for,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.cards import tokenizer_of
from scripts.lab.corpus import WNUT17_FILES, Sentence, as_text, read_wnut17
from scripts.lab.encoding import load_tokenizer
from scripts.lab.labels import ENTITY_TYPES
from scripts.lab.perturbation import lower_cased, upper_cased, with_typos
from scripts.lab.records import sha256_of, write_json
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.scoring import Counts, entity_counts
from scripts.lab.serving import answer_texts, as_triples
from scripts.lab.smoke_evaluation import write_smoke_wnut17
from scripts.lab.smoke_products import smoke_variant


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("robustness")
    group.add_argument("--names", nargs="+", default=["full"], help="variants to measure (full)")
    group.add_argument(
        "--wnut17", type=Path, help=f"folder with {WNUT17_FILES['test']} (wnut17 beside --data)"
    )
    group.add_argument(
        "--typo-rate", type=float, default=0.1, help="share of the longer words with a typo (%(default)s)"
    )
    group.add_argument(
        "--no-case-types", action="store_true", help="for models without case classes (cased bases)"
    )
    group.add_argument(
        "--threads", type=int, default=0, help="0 = as many as the runtime likes (%(default)s)"
    )
    return parser.parse_args()


def wnut17_sentences(asked: Path | None, data: Path) -> list[Sentence] | None:
    """The test split of WNUT-17. None where nobody asked for a folder and there is none beside `data`."""
    folder = asked or data.resolve().parent / "wnut17"
    if asked is None and not folder.is_dir():
        print("robustness: WNUT-17 is left out: no folder wnut17 beside --data (pass --wnut17)", flush=True)
        return None
    return read_wnut17(folder, "test")


def counts_on(
    answer: Callable[[Sequence[str], str], list], sentences: Sequence[Sentence], what: str
) -> dict[str, Counts]:
    """Right, answered and gold entities per type, all together under the empty key."""
    texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    return entity_counts(gold, answer(texts, what))


def main() -> None:
    # 1. The texts.
    args = parse()
    places = resolve_places(args)
    if args.smoke:
        for name in args.names:
            smoke_variant(places, name)
        write_smoke_wnut17(places.need_data().parent / "wnut17")
    show_config(args)
    for name in args.names:
        refuse_overwrite(places.measurement("robustness", name), args.force)
    test = places.read_split("test")
    texts = {
        "lowerCased": [lower_cased(sentence) for sentence in test],
        "upperCased": [upper_cased(sentence) for sentence in test],
        "typos": with_typos(test, args.typo_rate, args.seed),
    }
    wnut17 = wnut17_sentences(args.wnut17, places.need_data())
    if wnut17 is not None:
        texts["wnut17"] = wnut17
    edited = sum(
        old != new
        for before, after in zip(test, texts["typos"], strict=True)
        for old, new in zip(before.tokens, after.tokens, strict=True)
    )
    typos = {"rate": args.typo_rate, "seed": args.seed, "editedTokens": edited}

    # 2. Measure and write.
    for name in args.names:
        model_file = places.models / name / "model.onnx"
        figures = measure(args, places, name, model_file, texts)
        figures["typos"] |= typos
        target = places.measurement("robustness", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_json(target, {"sha256": sha256_of(model_file), **figures})


def measure(
    args: argparse.Namespace,
    places: Places,
    name: str,
    model_file: Path,
    texts: dict[str, Sequence[Sentence]],
) -> dict[str, dict[str, object]]:
    """Figures of one variant on each kind of text."""
    runner = onnx_runner(open_session(model_file, args.threads))
    tokenizer = load_tokenizer(tokenizer_of(places.models, name))
    # Dynamic int8 answers one text at a time, because its activation scales depend on what runs
    # together. A float model computes each row of a batch by itself and gives padding a weight of exactly 0
    # in the attention, so texts of like length may share a run.
    batch_size = batch_size_of(None, model_file)

    def answer(raw: Sequence[str], what: str) -> list:
        answers = answer_texts(
            runner,
            tokenizer,
            raw,
            case_types=not args.no_case_types,
            batch_size=batch_size,
            what=f"{name} {what}",
        )
        return [as_triples(found.viterbi) for found in answers]

    figures: dict[str, dict[str, object]] = {}
    for what, sentences in texts.items():
        counts = counts_on(answer, sentences, what)
        figures[what] = {**counts[""].figures(), "sentences": len(sentences)}
        if what == "wnut17":
            figures[what]["perType"] = {
                kind: {**counts[kind].figures(), "support": counts[kind].gold} for kind in ENTITY_TYPES
            }
        print(f"{name} {what}: served F1 {figures[what]['f1']:.4f}", flush=True)
    return figures


if __name__ == "__main__":
    run_script(main)
