"""Writes what the reference tokenizer makes of some 300 odd and ordinary texts, for the gateway's tests.

    python -m scripts.make_tokenizer_cases
    python -m scripts.make_tokenizer_cases --smoke

Each case: the text, ids without special tokens, offsets in code points, the pre-token of each token, its case
class. The tokenizer is that of models/tokenizer; ids must be equal on every text, whoever computes them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scripts.lab.arguments import run_script
from scripts.lab.encoding import encode_texts, load_tokenizer
from scripts.lab.odd_texts import all_texts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", type=Path, default=Path("models/tokenizer/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/tokenizer-cases.json"))
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="where --smoke writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="write under CHECKPOINTS/smoke instead")
    args = parser.parse_args()
    out = args.checkpoints / "smoke" / "tokenizer-cases.json" if args.smoke else args.out

    cases = [
        {
            "text": item.text,
            "ids": item.ids,
            "offsets": item.offsets,
            "wordIds": item.pre_tokens,
            "caseTypes": item.case_types,
        }
        for item in encode_texts(load_tokenizer(args.tokenizer), all_texts(args.seed))
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    # ASCII, one case a line: readable diffs, and nothing invisible in the file.
    out.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n", encoding="utf-8")
    print(f"{out}: {len(cases)} cases")


if __name__ == "__main__":
    run_script(main)
