"""Makes small random taggers of the architectures that people bring, and what transformers' pipeline answers with them.

    .venv/bin/pip install sentencepiece==0.2.2     (needed for this script only)
    python -m scripts.make_foreign_fixtures

Writes FIXTURES/NAME (a folder as the Hugging Face hub has them) and answers.json.gz: texts in many scripts, and for
each model the entities of all five aggregation strategies. The tokenizers are of the real kinds, trained on the texts;
their training is not quite the same each time, so that a new run makes other models and answers.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import shutil
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
import tokenizers
import torch
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    TokenClassificationPipeline,
    XLMRobertaConfig,
)

from scripts.lab.arguments import run_script
from scripts.lab.script_texts import script_texts

TEXTS, SEED = 500, 11
HIDDEN, LAYERS, HEADS, CHANNELS, POSITIONS, VOCABULARY = 32, 2, 4, 48, 256, 600
STRATEGIES = ("none", "simple", "first", "average", "max")

BERT_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
ROBERTA_TOKENS = {
    "bos_token": "<s>",
    "pad_token": "<pad>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "mask_token": "<mask>",
}
TYPES = ["PER", "LOC", "ORG"]


def tagged(prefixes: str, types: Iterable[str] = TYPES) -> list[str]:
    return [f"{prefix}-{name}" for name in types for prefix in prefixes]


@dataclass(frozen=True)
class Kind:
    """A model to make: its labels, and where its file lies in its folder."""

    config: type[PreTrainedConfig]
    labels: list[str]
    file: str = "onnx/model.onnx"
    lowercase: bool = False
    type_ids: bool = False


KINDS = {
    "bert-cased": Kind(BertConfig, ["O", *tagged("BI")], type_ids=True),
    "bert-uncased": Kind(BertConfig, [*tagged("IB"), "O"], lowercase=True, type_ids=True),
    "distilbert": Kind(DistilBertConfig, ["PER", "O", "LOC", "ORG", "GPE-CITY"], file="model.onnx"),
    "roberta": Kind(RobertaConfig, [*tagged("BIES"), "O"]),
    "xlm-roberta": Kind(XLMRobertaConfig, [*tagged("BI"), "O", *tagged("BI", ["DATE"])]),
    "deberta-v3": Kind(DebertaV2Config, ["O", *tagged("BILU", ["PER", "LOC"])]),
}


def word_piece(texts: list[str], lowercase: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = list(BERT_TOKENS.values())
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=special, limit_alphabet=260, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = template(tokenizer, "[CLS]", "[SEP]")
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special: list[str | AddedToken] = ["<s>", "<pad>", "</s>", "<unk>"]
    # As in the files of the hub: it takes the space before it.
    special.append(AddedToken("<mask>", lstrip=True, normalized=False, special=True))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def rules(texts: list[str], path: Path) -> None:
    """Compatibility forms, composed accents and odd spaces, as SentencePiece's own rules treat them."""
    characters = {character for text in texts for character in text}
    characters |= {chr(code) for code in range(0xFF01, 0xFFA0)}
    pairs: dict[str, str] = {}
    for character in characters:
        if unicodedata.category(character) in ("Zs", "Zl") or character in "\t\n\r":
            pairs[character] = " "
        elif unicodedata.category(character) in ("Cc", "Cf"):
            pairs[character] = ""
        else:
            composed = unicodedata.normalize("NFKC", character)
            if composed != character:
                pairs[character] = composed
    for code in range(0xC0, 0x180):
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) > 1:
            pairs[parts] = chr(code)
    pairs.pop(" ", None)
    lines = (
        "\t".join(" ".join(f"{ord(character):X}" for character in side) for side in pair)
        for pair in sorted(pairs.items())
    )
    path.write_text("\n".join(lines) + "\n")


def unigram_model(texts: list[str], scratch: Path) -> sentencepiece_model_pb2.ModelProto:
    rules(texts, scratch / "rules.tsv")
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text.replace("\n", " ") for text in texts if text.strip()),
        model_writer=made,
        vocab_size=VOCABULARY,
        character_coverage=0.98,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(scratch / "rules.tsv"),
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece_model_pb2.ModelProto.FromString(made.getvalue())


def charsmap(proto: sentencepiece_model_pb2.ModelProto) -> normalizers.Precompiled:
    return normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def xlm_roberta(proto: sentencepiece_model_pb2.ModelProto) -> Tokenizer:
    # Fairseq's order of the special tokens, and <mask> last.
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary += [(piece.piece, piece.score) for piece in proto.pieces[3:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    tokenizer.normalizer = charsmap(proto)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = template(tokenizer, "<s>", "</s>")
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def deberta(proto: sentencepiece_model_pb2.ModelProto) -> Tokenizer:
    vocabulary = [("[PAD]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[UNK]", 0.0)]
    vocabulary += [(piece.piece, piece.score) for piece in proto.pieces[3:]]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), charsmap(proto), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    tokenizer.post_processor = template(tokenizer, "[CLS]", "[SEP]")
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def template(tokenizer: Tokenizer, first: str, last: str) -> processors.TemplateProcessing:
    special = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    return processors.TemplateProcessing(
        single=f"{first}:0 $A:0 {last}:0",
        pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1",
        special_tokens=special,
    )


def tokenizer_of(name: str, texts: list[str], scratch: Path) -> PreTrainedTokenizerFast:
    kind = KINDS[name]
    if name == "roberta":
        made, special = byte_level(texts), ROBERTA_TOKENS
    elif name == "xlm-roberta":
        made, special = xlm_roberta(unigram_model(texts, scratch)), ROBERTA_TOKENS
    elif name == "deberta-v3":
        made, special = deberta(unigram_model(texts, scratch)), BERT_TOKENS
    else:
        made, special = word_piece(texts, kind.lowercase), BERT_TOKENS
    inputs = ["input_ids", *(["token_type_ids"] if kind.type_ids else []), "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=POSITIONS, model_input_names=inputs, **special
    )


def model_of(name: str, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    kind = KINDS[name]
    facts = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "id2label": dict(enumerate(kind.labels)),
        "label2id": {label: index for index, label in enumerate(kind.labels)},
        "initializer_range": 0.3,
        "attn_implementation": "eager",
    }
    hidden, channels = HIDDEN, CHANNELS
    if name == "deberta-v3":  # its graph alone is as large as the weights of the others
        hidden, channels = 16, 24
    if name == "distilbert":
        sizes = {"dim": hidden, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": channels}
    else:
        sizes = {
            "hidden_size": hidden,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": channels,
        }
    # RoBERTa counts positions from behind the padding token's id.
    positions = POSITIONS + 2 if "roberta" in name else POSITIONS
    if "roberta" in name:
        facts |= {"bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
    elif name == "deberta-v3":
        facts |= {
            "relative_attention": True,
            "position_buckets": 32,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "type_vocab_size": 0,
        }
    torch.manual_seed(SEED)
    model = AutoModelForTokenClassification.from_config(
        kind.config(max_position_embeddings=positions, **sizes, **facts)
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() < 2:  # biases are zero and norms one otherwise
                parameter += 0.2 * torch.randn_like(parameter)
        model.classifier.weight *= 2  # so that labels vary, and few are nearly as probable as the best
        model.classifier.bias[kind.labels.index("O")] += 2
    return model.eval()


def export(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, path: Path) -> None:
    made = tokenizer(["a river", "the river in the north"], padding=True, return_tensors="pt")
    # The names of traced inputs go by the order of the model's parameters.
    feeds = {name: made[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in made}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model,
        (),
        path,
        kwargs=feeds,
        input_names=list(feeds),
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in [*feeds, "logits"]},
        opset_version=17,
        dynamo=False,
    )


def answers_of(folder: Path, model: PreTrainedModel, texts: list[str]) -> dict[str, list[list[int]]]:
    """Of each text the entities in one row: label, start, end, score in 1/10,000, and so on."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    names: list[str] = []
    answers: dict[str, list[list[int]]] = {}
    longest = max(len(ids) for ids in tokenizer(texts)["input_ids"])
    if longest > POSITIONS:
        raise ValueError(f"{folder.name}: a text has {longest} tokens, which the pipeline would cut")
    pipeline = TokenClassificationPipeline(model=model, tokenizer=tokenizer, device="cpu")
    for strategy in STRATEGIES:
        rows = []
        for text in texts:
            row: list[int] = []
            for entity in pipeline(text, aggregation_strategy=strategy):
                label = entity["entity" if strategy == "none" else "entity_group"]
                if label not in names:
                    names.append(label)
                row += [
                    names.index(label),
                    entity["start"],
                    entity["end"],
                    round(1e4 * float(entity["score"])),
                ]
            rows.append(row)
        answers[strategy] = rows
    return {"labels": names, **answers}  # type: ignore[dict-item]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fixtures", type=Path, default=Path("test/fixtures/foreign"), help="target (%(default)s)"
    )
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    texts = script_texts(TEXTS, SEED)
    answers = {}
    for name, kind in KINDS.items():
        folder = args.fixtures / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = tokenizer_of(name, texts, folder)
        tokenizer.save_pretrained(folder)
        (folder / "rules.tsv").unlink(missing_ok=True)
        model = model_of(name, tokenizer)
        model.config.save_pretrained(folder)
        export(model, tokenizer, folder / kind.file)
        answers[name] = answers_of(folder, model, texts)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        entities = sum(len(row) for row in answers[name]["simple"]) // 4
        print(
            f"{folder}: {sum(sizes) / 1000:.0f} kB, {entities} entities by simple, {answers[name]['labels']}"
        )
    versions = {module.__name__: module.__version__ for module in (torch, transformers, tokenizers)}
    made = {"versions": versions, "texts": texts, "answers": answers}
    packed = gzip.compress(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)
    (args.fixtures / "answers.json.gz").write_bytes(packed)
    print(f"answers.json.gz: {len(packed) / 1000:.0f} kB")


if __name__ == "__main__":
    run_script(main)
