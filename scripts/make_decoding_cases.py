"""Writes texts with made-up logits and the spans that each aggregation makes of them, for the gateway's
decoder.

    python -m scripts.make_decoding_cases
    python -m scripts.make_decoding_cases --smoke

`viterbi` is scripts/lab/decoding.py, its scores at the temperature of the case; none, simple, first, average
and max are computed by transformers' own TokenClassificationPipeline on the same logits and offsets, without
a temperature. Labels that the pipeline ignores (O) are left out.
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast, TokenClassificationPipeline
from transformers.pipelines.token_classification import AggregationStrategy

from scripts.lab.arguments import run_script
from scripts.lab.decoding import decode
from scripts.lab.encoding import EncodedText, encode_texts, load_tokenizer
from scripts.lab.labels import LABELS
from scripts.lab.odd_texts import HANDMADE, random_texts
from scripts.lab.smoke import small_model
from scripts.lab.smoke_corpus import generated_sentences

STRATEGIES = ("none", "simple", "first", "average", "max")
TEMPERATURES = (1.0, 0.6, 1.7, 3.0)  # one case after the other


def made_up_logits(encoded: EncodedText, rng: np.random.Generator, decimals: int = 4) -> np.ndarray:
    """Some tokens are clear, some undecided, some neighbours agree; rounded so that a file holds them
    exactly, and with no decimals so that labels and whole paths tie.
    """
    count = len(encoded.ids)
    logits = rng.normal(0, 1.5, (count, len(LABELS)))
    previous = 0
    for index in range(count):
        draw = rng.random()
        if draw < 0.35:
            favourite = 0
        elif draw < 0.65 and previous:
            favourite = previous + previous % 2  # go on with I- of the same type
        else:
            favourite = int(rng.integers(1, len(LABELS)))
        logits[index, favourite] += rng.choice([0.5, 2.0, 6.0])
        previous = favourite
    if decimals == 0:
        logits = np.clip(logits, -1, 2)
    return np.round(logits, decimals).astype(np.float32) + np.float32(0)  # + 0 makes -0 plain


def pipeline_spans(
    pipeline: TokenClassificationPipeline, encoded: EncodedText, logits: np.ndarray, strategy: str
) -> list[dict[str, object]]:
    outputs = {
        "logits": torch.from_numpy(logits)[None],
        "sentence": encoded.text,
        "input_ids": np.array([encoded.ids]),
        "offset_mapping": np.array([encoded.offsets]),
        "special_tokens_mask": torch.zeros((1, len(encoded.ids)), dtype=torch.long),
    }
    found = pipeline.postprocess(
        [outputs], aggregation_strategy=AggregationStrategy(strategy), ignore_labels=["O"]
    )
    return [
        {
            "label": entity.get("entity_group") or entity["entity"],
            "start": int(entity["start"]),
            "end": int(entity["end"]),
            "score": round(float(entity["score"]), 6),
        }
        for entity in found
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path, default=Path("models/tokenizer/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/decoding-cases.json"))
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="where --smoke writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="write under CHECKPOINTS/smoke instead")
    args = parser.parse_args()
    out = args.checkpoints / "smoke" / "decoding-cases.json" if args.smoke else args.out

    # 1. Texts that are short enough to read, and a few for ties and length.
    rng = random.Random(args.seed)
    tokenizer = load_tokenizer(args.tokenizer)
    texts = [text for text in HANDMADE if 8 < len(text) < 90]
    texts = (
        sorted(rng.sample(texts, 40), key=texts.index) + generated_sentences(12, rng) + random_texts(8, rng)
    )
    short = len(texts)
    # Ties, by the dozen, and texts long enough for rounding to add up.
    texts += generated_sentences(8, rng) + [" ".join(generated_sentences(12, rng)) for _ in range(2)]
    encoded = encode_texts(tokenizer, texts)
    decimals = [4] * short + [0] * 9 + [4]

    # 2. The pipeline needs a model for its label names only; the logits are ours.
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")
    pipeline = TokenClassificationPipeline(model=small_model(32, layers=1), tokenizer=fast, device="cpu")
    warnings.filterwarnings(
        "error"
    )  # the pipeline warns where it cannot tell words: then the cases would mean nothing

    numbers = np.random.default_rng(args.seed)
    cases = []
    with_tokens = [(item, places) for item, places in zip(encoded, decimals, strict=True) if item.ids]
    for number, (item, places) in enumerate(with_tokens):
        temperature = TEMPERATURES[number % len(TEMPERATURES)]
        logits = made_up_logits(item, numbers, places)
        tags, spans = decode(item, logits, temperature=temperature)
        cases.append(
            {
                "text": item.text,
                "tokens": [
                    {"id": token, "start": start, "end": end, "preToken": word}
                    for token, (start, end), word in zip(item.ids, item.offsets, item.pre_tokens, strict=True)
                ],
                "caseTypes": item.case_types,
                "temperature": temperature,
                "logits": [[round(float(value), 4) for value in row] for row in logits],
                "viterbiTags": tags,
                "spans": {
                    "viterbi": [
                        {
                            "label": span.label,
                            "start": span.start,
                            "end": span.end,
                            "score": round(span.score, 6),
                        }
                        for span in spans
                    ],
                    **{strategy: pipeline_spans(pipeline, item, logits, strategy) for strategy in STRATEGIES},
                },
            }
        )
    lines = ",\n".join(json.dumps(case) for case in cases)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f'{{"labels": {json.dumps(LABELS)}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{out}: {len(cases)} cases")


if __name__ == "__main__":
    run_script(main)
