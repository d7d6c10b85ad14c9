"""The gateway's smallest margin and error probability are those of scripts/lab/margins.py: both are held to
test/fixtures/margin-cases.json.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts.lab.calibration import probabilities_of
from scripts.lab.labels import LABELS
from scripts.lab.margins import MarginMap, smallest_margins

CASES = json.loads(Path("test/fixtures/margin-cases.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES)
def test_margin_and_error_probability_are_those_of_the_shared_cases(case: dict) -> None:
    words = case["preTokens"]
    firsts = [token for token in range(len(words)) if token == 0 or words[token] != words[token - 1]]
    logits = np.array(case["logits"], dtype=np.float32).reshape(-1, len(LABELS))[firsts]
    (margin,) = smallest_margins(probabilities_of(logits, case["temperature"]), [len(firsts)])
    assert margin == pytest.approx(case["smallestMargin"], abs=1e-9)
    knots = MarginMap(*(np.array(case["map"][part]) for part in ("margin", "errorProbability")))
    assert knots(np.array([margin]))[0] == pytest.approx(case["errorProbability"], abs=1e-9)
