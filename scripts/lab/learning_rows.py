"""The rows by which ways of teaching a student, and of pretraining, are compared: the command of each.

All rows of a group train the same shape for the same number of steps of as many texts, with the same seed, so that
what differs is what the row is about.
"""

from __future__ import annotations

from dataclasses import dataclass

STUDENT_LAYERS = "0,2,4"
GENERATED = {"generated-mentions": "mentions", "generated-infill": "infill"}


@dataclass(frozen=True)
class Budget:
    epochs: int
    steps_per_epoch: int
    batch_size: int

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    def arguments(self) -> list[str]:
        return [
            *("--epochs", str(self.epochs)),
            *("--steps-per-epoch", str(self.steps_per_epoch)),
            *("--batch-size", str(self.batch_size)),
        ]


@dataclass(frozen=True)
class Row:
    name: str
    group: str  # rows are compared within one
    technique: str
    what: str
    script: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...] = ()  # products under CHECKPOINTS

    @property
    def checkpoint(self) -> str:
        return f"learning-{self.name}"


def student_rows(teacher: str, ensemble: tuple[str, ...]) -> list[Row]:
    """The first is what the others are compared with."""

    def row(
        name: str,
        technique: str,
        what: str,
        *arguments: str,
        group: str = "student",
        needs: tuple[str, ...] = (),
    ) -> Row:
        return Row(name, group, technique, what, "distill", arguments, needs)

    soft = ("--target", "soft", "--label-weight", "0", "--hidden-weight", "0")
    warm = (*soft, "--temperature", "2")
    return [
        row(
            "labels",
            "no distillation",
            "the corpus' labels alone",
            *("--target", "none", "--label-weight", "1", "--hidden-weight", "0"),
        ),
        row(
            "hard",
            "label distillation",
            f"the most probable labels of `{teacher}`",
            *("--target", "hard", "--label-weight", "0", "--hidden-weight", "0"),
        ),
        *(
            row(
                f"soft-t{temperature}",
                "label distillation",
                f"logits of `{teacher}` at temperature {temperature}",
                *soft,
                *("--temperature", str(temperature)),
            )
            for temperature in (1, 2, 4)
        ),
        row(
            "hidden",
            "feature distillation",
            "logits at 2, and hidden states, even layer map",
            *("--target", "soft", "--label-weight", "0", "--hidden-weight", "1", "--temperature", "2"),
        ),
        row(
            "relations",
            "feature distillation",
            "logits at 2, and attention relations of the last layer",
            *warm,
            *("--relation-weight", "1"),
        ),
        row(
            "hidden-relations-labels",
            "feature distillation",
            "logits at 2, hidden states, relations, and .3 of the corpus' labels",
            *("--target", "soft", "--label-weight", "0.3", "--hidden-weight", "1", "--temperature", "2"),
            *("--relation-weight", "1"),
        ),
        row(
            "ensemble",
            "network distillation",
            f"mean logits of {' and '.join(f'`{name}`' for name in ensemble)} at 2",
            *warm,
            *("--ensemble", *ensemble),
            needs=ensemble,
        ),
        *(
            row(
                name,
                "generative distillation",
                f"logits at 2; about half of the texts new, by {what}",
                *warm,
                *("--extra-text", f"CHECKPOINTS/generated/{name}.txt"),
                needs=(f"generated/{name}.txt",),
            )
            for name, what in (
                ("generated-mentions", "other mentions"),
                ("generated-infill", "other words from the masked LM"),
            )
        ),
    ]


def base_rows(pretrained: str) -> list[Row]:
    """Fine-tuning of the base as it comes, and of the same after pretraining."""
    return [
        Row(
            "base-as-it-is",
            "fine-tuned",
            "no pretraining",
            "the base as it comes, fine-tuned",
            "finetune",
            (),
        ),
        Row(
            "base-pretrained",
            "fine-tuned",
            "pretraining",
            "the base after more masked-LM training, fine-tuned",
            "finetune",
            ("--base", f"CHECKPOINTS/{pretrained}"),
            (pretrained,),
        ),
    ]
