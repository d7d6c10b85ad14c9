"""Trains smaller taggers by distillation: the arguments of such scripts, and the training itself."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transformers import BertForTokenClassification, PreTrainedTokenizerFast

from scripts.lab.arguments import add_training_arguments, not_negative, over_zero, positive
from scripts.lab.augmentation import Augmentation, epoch_sentences, mentions_by_type
from scripts.lab.batches import Batch, training_batches
from scripts.lab.corpus import Sentence, read_columns
from scripts.lab.distillation import TARGETS, DistillationSettings, distillation_loss
from scripts.lab.dropout import set_dropout
from scripts.lab.soft_labels import SoftLabels, require_same_input
from scripts.lab.training import Constraint, TrainingSettings, train
from scripts.lab.versions import library_versions


def add_student_arguments(parser: argparse.ArgumentParser, *, epochs: int, learning_rate: float) -> None:
    training = parser.add_argument_group("training")
    training.add_argument(
        "--ensemble",
        nargs="+",
        metavar="NAME",
        help="checkpoints whose mean logits are learnt (those of the teacher alone)",
    )
    training.add_argument(
        "--pool-epochs",
        type=int,
        default=3,
        help="with --ensemble: epochs of texts that are labelled, once; later epochs repeat them (%(default)s)",
    )
    training.add_argument("--epochs", type=int, default=epochs, help="(%(default)s)")
    training.add_argument("--lr", type=float, default=learning_rate, help="peak learning rate (%(default)s)")
    training.add_argument("--ema", type=float, default=0.998, help="0 = keep the last weights (%(default)s)")
    training.add_argument("--batch-size", type=int, default=32, help="texts (%(default)s)")
    add_training_arguments(training, adversarial=0.0, dropout=0.1)
    training.add_argument(
        "--freeze-embeddings",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="keep the teacher's word embeddings",
    )
    # The teacher labels whatever it is shown, so more replacement is safe here than in fine-tuning.
    training.add_argument(
        "--replace-share", type=float, default=0.3, help="sentences whose mentions are replaced (%(default)s)"
    )
    training.add_argument(
        "--invent-share", type=float, default=0.0, help="of these mentions: blended ones (%(default)s)"
    )
    training.add_argument(
        "--lower-share", type=float, default=0.05, help="sentences that are lower-cased (%(default)s)"
    )
    training.add_argument(
        "--upper-share", type=float, default=0.0, help="sentences that are upper-cased (%(default)s)"
    )
    loss = parser.add_argument_group("loss")
    loss.add_argument("--temperature", type=over_zero, default=2.0, help="of the logits (%(default)s)")
    loss.add_argument(
        "--hidden-weight", type=not_negative, default=1.0, help="of the hidden states (%(default)s)"
    )
    loss.add_argument(
        "--label-weight", type=not_negative, default=0.3, help="of the corpus' labels (%(default)s)"
    )


def add_teaching_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train_student` knows beside the arguments above; every script that calls it needs them."""
    teaching = parser.add_argument_group("ways to teach")
    teaching.add_argument(
        "--target",
        choices=TARGETS,
        default="soft",
        help="the teacher's logits, its most probable labels, or neither (%(default)s)",
    )
    teaching.add_argument(
        "--relation-weight", type=not_negative, default=0.0, help="of the attention relations (%(default)s)"
    )
    teaching.add_argument(
        "--relation-heads", type=positive, default=12, help="that relations are taken in (%(default)s)"
    )
    teaching.add_argument(
        "--extra-text",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="column files, as scripts.generate writes them, that are learnt beside the corpus",
    )
    teaching.add_argument(
        "--steps-per-epoch", type=positive, metavar="N", help="this many batches an epoch, drawn (all)"
    )


def train_student(
    student: BertForTokenClassification,
    teacher: BertForTokenClassification,
    matched: Sequence[tuple[int, int]],
    *,
    args: argparse.Namespace,
    tokenizer: PreTrainedTokenizerFast,
    case_types: bool,
    sentences: list[Sentence],
    validation: list[Sentence],
    directory: Path,
    meta: dict[str, object],
    constraint: Constraint | None = None,
) -> float:
    """Trains `student` on what `teacher` says of the augmented sentences; returns the best validation F1."""
    set_dropout(student, args.dropout)
    weights = DistillationSettings(
        temperature=args.temperature,
        hidden_weight=args.hidden_weight,
        label_weight=args.label_weight,
        target=args.target,
        relation_weight=args.relation_weight,
        relation_heads=args.relation_heads,
    )
    sentences = with_extra_text(sentences, args.extra_text)
    mentions = mentions_by_type(sentences)
    augmentation = Augmentation(
        replace_share=args.replace_share,
        invent_share=args.invent_share,
        lower_share=args.lower_share,
        upper_share=args.upper_share,
    )
    labels = None
    if args.ensemble:
        members = [directory.parent / name for name in args.ensemble]
        require_same_input([directory.parent / args.teacher, *members])
        texts = (args.seed, args.batch_size, args.steps_per_epoch, case_types, augmentation)
        settings = (*texts, tokenizer.to_str(), sentences)
        labels = SoftLabels(members, directory.parent / "soft-labels", settings, args.bf16, teacher.device)

    def epoch_batches(epoch: int) -> list[Batch]:
        pool_epoch = epoch % args.pool_epochs if labels else epoch
        rng = random.Random(args.seed * 1000 + pool_epoch)
        texts = epoch_sentences(sentences, mentions, augmentation, rng)
        batches = training_batches(
            texts, tokenizer, batch_size=args.batch_size, case_types=case_types, rng=rng
        )[: args.steps_per_epoch]
        if labels:
            labels.label(batches, pool_epoch)
            random.Random(args.seed * 1000 + epoch).shuffle(batches)  # another order at every repetition
        return batches

    record = train(
        student,
        tokenizer,
        case_types=case_types,
        settings=TrainingSettings.of(args),
        epoch_batches=epoch_batches,
        loss=distillation_loss(teacher, matched, weights),
        validation=validation,
        directory=directory,
        meta={"trainSentences": len(sentences), "versions": library_versions(), **meta},
        constraint=constraint,
    )
    return max(entry["validationF1"] for entry in record["history"])


def with_extra_text(sentences: list[Sentence], files: Sequence[Path]) -> list[Sentence]:
    """The corpus and further files, whose documents stay apart from its own. Raises CorpusError."""
    found = list(sentences)
    for file in files:
        after = 1 + max((sentence.document for sentence in found), default=0)
        found += [replace(item, document=item.document + after) for item in read_columns(file, scheme="bio")]
    return found
