"""The search space of scripts.tune, and the study that outlives an interruption."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import optuna
from optuna.trial import Trial, TrialState

# (low, high) of the learning rate on a logarithmic scale, of shares on a linear one; the others are lists.
LEARNING_RATE = (5e-5, 1e-3)
EPOCHS = (1, 4)
BATCH_SIZES = (8, 16, 32)
DROPOUT = (0.0, 0.3)
LAYER_DECAY = (0.6, 1.0)
PARAMETERS = ("learningRate", "epochs", "batchSize", "dropout", "layerDecay")
FIRST_RANDOM = 5  # trials before the sampler models what it has seen


def open_study(file: Path, name: str, settings: dict[str, object], seed: int) -> optuna.Study:
    """The study of the sqlite file, new or gone on with. ValueError where it is of other settings.

    A trial that was cut off is marked as failed and its parameters are tried again first.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        study = optuna.create_study(
            storage=f"sqlite:///{file}", study_name=name, direction="maximize", load_if_exists=True
        )
    except Exception as error:
        if file.is_file() and not file.read_bytes().startswith(b"SQLite format 3"):
            raise ValueError(
                f"{file}: it is no sqlite file; remove it to begin from the beginning"
            ) from error
        raise
    known = study.user_attrs.get("settings")
    if known is None:
        study.set_user_attr("settings", settings)
    elif known != settings:
        changed = sorted(key for key in settings | known if settings.get(key) != known.get(key))
        raise ValueError(
            f"{file} was made with other settings ({', '.join(changed)}): pass the same ones, or another --name"
        )
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)
    # Other draws after an interruption than before it, or the same trials would be drawn again.
    study.sampler = optuna.samplers.TPESampler(
        seed=seed + len(study.trials), n_startup_trials=FIRST_RANDOM, multivariate=True
    )
    return study


def suggest(trial: Trial) -> dict[str, float | int]:
    return {
        "learningRate": trial.suggest_float("learningRate", *LEARNING_RATE, log=True),
        "epochs": trial.suggest_int("epochs", *EPOCHS),
        "batchSize": trial.suggest_categorical("batchSize", BATCH_SIZES),
        "dropout": trial.suggest_float("dropout", *DROPOUT),
        "layerDecay": trial.suggest_float("layerDecay", *LAYER_DECAY),
    }


def key_of(parameters: dict[str, float | int]) -> str:
    """A name for the state of a trial's training, so that the same parameters go on from it."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:12]


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(states=[TrialState.COMPLETE])
