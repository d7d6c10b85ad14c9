from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from scripts.lab.smoke import write_smoke_base
from scripts.lab.smoke_corpus import write_smoke_corpus
from scripts.lab.tuning import PARAMETERS, finished, key_of, open_study, suggest

SETTINGS = {"base": "made up", "sentences": 24, "seed": 1}


def run_trials(study: optuna.Study, count: int) -> None:
    study.optimize(lambda trial: -suggest(trial)["dropout"], n_trials=count)


def test_a_search_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "search.db"
    study = open_study(file, "search", SETTINGS, 1)
    run_trials(study, 3)
    cut_off = study.ask()
    chosen = suggest(cut_off)
    again = open_study(file, "search", SETTINGS, 1)
    assert len(finished(again)) == 3
    assert again.trials[cut_off.number].state == TrialState.FAIL
    tried: list[str] = []
    again.optimize(lambda trial: tried.append(key_of(suggest(trial))) or 0.0, n_trials=2)
    assert tried[0] == key_of(chosen), "what was cut off is tried again first"
    assert tried[1] != tried[0]
    assert len({key_of(trial.params) for trial in finished(again)}) == 5
    assert set(chosen) == set(PARAMETERS)


def test_a_search_of_other_settings_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "search.db"
    open_study(file, "search", SETTINGS, 1)
    with pytest.raises(ValueError, match=r"made with other settings \(seed, sentences\)"):
        open_study(file, "search", {**SETTINGS, "sentences": 9, "seed": 2}, 1)
    torn = tmp_path / "torn.db"
    torn.write_bytes(b"torn" * 100)
    with pytest.raises(ValueError, match="it is no sqlite file"):
        open_study(torn, "search", SETTINGS, 1)


def test_a_search_that_is_killed_goes_on_within_its_trial(root: Path, tmp_path: Path) -> None:
    data, base = write_smoke_corpus(tmp_path / "data"), write_smoke_base(tmp_path / "base", layers=1)
    command = [sys.executable, "-m", "scripts.tune", "--data", data, "--base", base]
    command += ["--checkpoints", tmp_path, "--trials", "2", "--sentences", "24"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.startswith("trial 1:"):
                child.send_signal(signal.SIGKILL)
    cut_off = json.loads(line.removeprefix("trial 1:"))
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert "goes on after 1 of 2 trials" in done.stdout
    record = json.loads((tmp_path / "tuning" / "tuning.json").read_text())
    f1 = [trial["f1"] for trial in record["trials"]]
    assert (len(f1), record["best"]["f1"]) == (2, max(f1))
    assert record["trials"][1]["parameters"] == cut_off, "what was cut off is tried again first"
    assert record["settings"]["sentences"] == 24
    assert not (tmp_path / "tuning" / "tuning.trials").exists()
