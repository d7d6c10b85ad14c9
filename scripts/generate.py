"""Makes new training text out of the corpus, labelled by a teacher: other mentions, or words of a masked LM.

    python -m scripts.generate --data ../shared/data/conll2003 --kind mentions
    python -m scripts.generate --data FOLDER --kind infill --lm pretrained --teacher full
    python -m scripts.distill --data FOLDER --extra-text checkpoints/generated/infill.txt --label-weight 0
    python -m scripts.generate --smoke

`mentions` puts another mention of the same type in the place of each; `infill` hides a share of the words outside of
mentions and draws others from what the language model of scripts.pretrain finds most probable. The teacher's answers
become the labels, not those of the sentence that a text was made of. Writes CHECKPOINTS/generated/NAME.txt, a column
file in BIO, and NAME.json with how often the teacher agrees with the old labels. An interrupted run goes on after the
last part of 1000 sentences.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.lab.arguments import (
    add_precision_argument,
    clear,
    command_line,
    parser_for,
    positive,
    refuse_overwrite,
    resolve_places,
    run_script,
    show_config,
)
from scripts.lab.aside import written_aside
from scripts.lab.augmentation import mentions_by_type, replace_mentions
from scripts.lab.corpus import Sentence, as_text
from scripts.lab.infilling import Infiller
from scripts.lab.labels import spans_from_tags
from scripts.lab.masked_lm import load_language_model
from scripts.lab.model import load_checkpoint
from scripts.lab.progress import progress
from scripts.lab.records import now, sha256_of, write_json
from scripts.lab.scoring import entity_f1, tags_over_tokens
from scripts.lab.serving import answer_texts, as_triples, torch_runner
from scripts.lab.smoke_products import smoke_checkpoint, smoke_language_model

KINDS = ("mentions", "infill")
PART = 1000  # sentences that are written at once
BATCH = 64


def parse() -> argparse.Namespace:
    parser = parser_for(__doc__)
    group = parser.add_argument_group("text")
    group.add_argument("--kind", choices=KINDS, default="mentions", help="(%(default)s)")
    group.add_argument("--name", help="of the product (that of the kind)")
    group.add_argument(
        "--teacher", default="full", help="checkpoint whose answers are the labels (%(default)s)"
    )
    group.add_argument(
        "--lm", default="pretrained", help="with infill: checkpoint of scripts.pretrain (%(default)s)"
    )
    group.add_argument("--sentences", type=positive, help="of the corpus to begin with, drawn (all)")
    group.add_argument(
        "--share",
        type=share,
        default=0.3,
        help="with infill: of the words, the share that is hidden (%(default)s)",
    )
    group.add_argument(
        "--top", type=positive, default=20, help="with infill: words are drawn from so many (%(default)s)"
    )
    add_precision_argument(group)
    return parser.parse_args()


def share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0 and at most 1")
    return value


def main() -> None:
    # 1. Settings.
    args = parse()
    args.name = args.name or args.kind
    places = resolve_places(args)
    if args.smoke:
        smoke_checkpoint(places, args.teacher)
        smoke_language_model(places, args.lm)
    show_config(args)
    target = places.checkpoints / "generated" / f"{args.name}.txt"
    parts = target.with_suffix(".parts")
    refuse_overwrite(target, args.force)
    if args.smoke:
        clear(parts)

    # 2. Models and sentences.
    teacher, tokenizer, case_types = load_checkpoint(places.checkpoints / args.teacher)
    teacher.eval()
    sentences = places.read_split("train")
    mentions = mentions_by_type(sentences)
    if args.sentences is not None and args.sentences < len(sentences):
        picked = sorted(random.Random(args.seed).sample(range(len(sentences)), args.sentences))
        sentences = [sentences[index] for index in picked]
    infiller = None
    if args.kind == "infill":
        model, lm_tokenizer = load_language_model(places.checkpoints / args.lm)
        uncased = lm_tokenizer.normalizer is not None and lm_tokenizer.normalizer.normalize_str("A") == "a"
        infiller = Infiller(
            model, lm_tokenizer, share=args.share, top=args.top, bf16=args.bf16, uncased=uncased
        )
    settings = {
        "kind": args.kind,
        "seed": args.seed,
        "sentences": len(sentences),
        "share": args.share,
        "top": args.top,
        "teacher": sha256_of(places.checkpoints / args.teacher / "model.safetensors"),
        "lm": sha256_of(places.checkpoints / args.lm / "model.safetensors") if infiller else None,
    }
    require_same(parts, settings)

    def new_texts(part: Sequence[Sentence], rng: random.Random) -> list[Sentence]:
        if infiller is None:
            return [
                replace_mentions(sentence, mentions, rng) for sentence in part if set(sentence.tags) != {"O"}
            ]
        chunks = [part[start : start + BATCH] for start in range(0, len(part), BATCH)]
        return [made for chunk in chunks for made in infiller.fill(chunk, rng)]

    # 3. Part by part: new sentences, and the teacher's answers.
    starts = range(0, len(sentences), PART)
    for start in progress(starts, "generate"):
        file = parts / f"{start}.json"
        if file.is_file():
            continue
        made = new_texts(sentences[start : start + PART], random.Random(args.seed * 1_000_003 + start))
        texts = [as_text(sentence)[0] for sentence in made]
        answers = answer_texts(
            torch_runner(teacher, args.bf16), tokenizer, texts, case_types=case_types, batch_size=BATCH
        )
        rows = []
        for sentence, answer in zip(made, answers, strict=True):
            spans = as_triples(answer.viterbi)
            tags = tags_over_tokens(spans, as_text(sentence)[2])
            rows.append(
                {"tokens": sentence.tokens, "tags": tags, "old": sentence.tags, "document": sentence.document}
            )
        write_json(file, rows)

    # 4. One file, and what is known of it.
    rows = [row for start in starts for row in json.loads((parts / f"{start}.json").read_text("utf-8"))]
    if not rows:
        raise ValueError(f"not one sentence of the corpus could be changed by --kind {args.kind}")
    with written_aside(target) as aside:
        aside.write_text(columns(rows), encoding="utf-8")
    old = [as_text(Sentence(tuple(row["tokens"]), tuple(row["old"]), 0))[1] for row in rows]
    own = [as_triples(as_text(Sentence(tuple(row["tokens"]), tuple(row["tags"]), 0))[1]) for row in rows]
    agreement = entity_f1(old, own)
    write_json(
        target.with_suffix(".json"),
        {
            "command": command_line("generate"),
            "settings": settings,
            "sentences": len(rows),
            "entities": sum(len(spans_from_tags(row["tags"])) for row in rows),
            "agreementWithOldLabels": agreement,
            "measuredAt": now(),
        },
    )
    shutil.rmtree(parts)
    for row in rows[:3]:
        print("sample:", " ".join(row["tokens"]))
    print(
        f"{args.name}: {len(rows)} sentences; the teacher's labels agree with the old ones by F1 "
        f"{agreement:.4f}; in {target}"
    )


def require_same(parts: Path, settings: dict[str, object]) -> None:
    """Keeps what the parts are made with; ValueError where they are of something else."""
    file = parts / "settings.json"
    if file.is_file():
        if json.loads(file.read_text(encoding="utf-8")) != settings:
            raise ValueError(f"{parts} was made with other settings: pass the same ones, or remove it")
    else:
        write_json(file, settings)


def columns(rows: Sequence[dict[str, object]]) -> str:
    """A column file; a document begins where that of the sentences changes."""
    lines: list[str] = []
    document = None
    for row in rows:
        if row["document"] != document:
            document = row["document"]
            lines += ["-DOCSTART- O", ""]
        lines += [f"{token} {tag}" for token, tag in zip(row["tokens"], row["tags"], strict=True)]
        lines.append("")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run_script(main, resumes_after="the last part of 1000 sentences")
