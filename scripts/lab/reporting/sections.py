"""The report's sections as Markdown, every figure and every claim made from the inputs."""

from __future__ import annotations

from scripts.lab.reporting.front import pareto_front
from scripts.lab.reporting.inputs import Inputs, Variant
from scripts.lab.reporting.wording import (
    counted,
    figure,
    listed,
    recipe_in_words,
    signed,
    signed_with_interval,
    table,
    with_interval,
)

COMPARED_AT = "1x32"
SHAPES = ("1x8", "1x32", "1x128", "8x32")
# Per-tag F1 over CoNLL tokens of the report that this project answers to.
REFERENCE_TAGS = {
    "B-LOC": 0.908,
    "I-LOC": 0.833,
    "B-MISC": 0.817,
    "I-MISC": 0.794,
    "B-ORG": 0.896,
    "I-ORG": 0.902,
    "B-PER": 0.955,
    "I-PER": 0.976,
}


def speed_points(inputs: Inputs) -> list[tuple[float, float]]:
    """(ms at 1x32, test F1) of each variant."""
    return [(each.latency["ms"][COMPARED_AT], each.quality.test.value) for each in inputs.variants]


def size_points(inputs: Inputs) -> list[tuple[float, float]]:
    """(MB on disk, test F1) of each variant."""
    return [(each.megabytes, each.quality.test.value) for each in inputs.variants]


def speedup_of(variant: Variant) -> dict[str, float]:
    """Run time of the baseline over that of the variant at 1x32: median, min and max over the rounds."""
    return variant.latency["speedup"][COMPARED_AT]


def beaten_tags(variant: Variant) -> list[str]:
    """The tags at which a variant's test F1 is above the reference's."""
    found = variant.evaluation["test"]["perTag"]
    return [tag for tag, reference in REFERENCE_TAGS.items() if found[tag]["f1"] > reference]


def overview(inputs: Inputs) -> str:
    variants, reference = inputs.variants, inputs.reference
    best = max(variants, key=lambda each: each.quality.validation.value)
    fastest = min(variants, key=lambda each: each.latency["ms"][COMPARED_AT])
    smallest = min(variants, key=lambda each: each.megabytes)
    lines = [
        f"- By validation `{best.name}` is the best: F1 {figure(best.quality.validation.value)} there, "
        f"{figure(best.quality.test.value)} on test.",
        f"- The fastest is `{fastest.name}`: {fastest.latency['ms'][COMPARED_AT]:.2f} ms for a text of 32 tokens, "
        f"a speed-up of {speedup_of(fastest)['median']:.2f} over {baseline_in_words(inputs)}, at test F1 "
        f"{figure(fastest.quality.test.value)} (`{reference.name}`: {figure(reference.quality.test.value)}).",
        f"- The smallest is `{smallest.name}`: {smallest.megabytes:.1f} MB on disk.",
    ]
    others = [each for each in variants if each is not reference]
    apart = [each.name for each in others if each.quality.difference.excludes_zero]
    alike = [each.name for each in others if not each.quality.difference.excludes_zero]
    if apart:
        lines.append(
            f"- Test F1 that is surely another than that of `{reference.name}` (95 %): {listed(apart)}."
        )
    if alike:
        lines.append(
            f"- Test F1 that cannot be told from that of `{reference.name}` (95 %): {listed(alike)}."
        )
    lines += [f"- {note}" for note in lineage_notes(inputs)]
    return "\n".join(lines)


def lineage_notes(inputs: Inputs) -> list[str]:
    """A variant that is older than its parent cannot descend from the one that stands here; a reader should know."""
    made_at = {each.name: each.card.get("provenance", {}).get("createdAt", "") for each in inputs.variants}
    notes = []
    for each in inputs.variants:
        parent = each.card.get("parent")
        if parent in made_at and made_at[each.name] < made_at[parent]:
            notes.append(
                f"`{each.name}` (made {made_at[each.name][:10]}) is older than its parent `{parent}` "
                f"({made_at[parent][:10]}): it descends from an earlier one, and its figures do not show what this "
                "recipe gives now."
            )
    return notes


def baseline_in_words(inputs: Inputs) -> str:
    baseline = inputs.reference.latency["baseline"]
    return f"`{baseline['variant']}` ({baseline['form']})"


def main_table(inputs: Inputs) -> str:
    most_layers = max(len(each.card["recipe"]["layers"]) for each in inputs.variants)
    header = [
        "variant",
        "recipe",
        "validation F1 (95 %)",
        "test F1 (95 %)",
        f"test, difference to `{inputs.reference.name}` (95 %)",
        *(f"ms {shape}" for shape in SHAPES),
        f"speed-up at {COMPARED_AT}",
        "MB on disk",
        "MB resident",
    ]
    rows = []
    for each in inputs.variants:
        difference = "" if each is inputs.reference else signed_with_interval(each.quality.difference)
        memory, ratio = each.latency.get("residentMb"), speedup_of(each)
        rows.append(
            [
                f"`{each.name}`",
                recipe_in_words(each.card, most_layers),
                with_interval(each.quality.validation),
                with_interval(each.quality.test),
                difference,
                *(f"{each.latency['ms'][shape]:.2f}" for shape in SHAPES),
                f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})",
                f"{each.megabytes:.1f}",
                "not measured" if memory is None else f"{memory:.0f}",
            ]
        )
    return table(header, rows, left=2)


def front_text(inputs: Inputs) -> str:
    """Who is on the front of speed and of size, and who dominates the rest."""
    names = [each.name for each in inputs.variants]
    lines = []
    for what, points, nearer in (
        ("latency", speed_points(inputs), "as fast"),
        ("size", size_points(inputs), "as small"),
    ):
        front = pareto_front(points)
        text = f"On the front of test F1 against {what}: {listed([names[index] for index in front])}."
        for index in range(len(points)):
            if index in front:
                continue
            by = [
                names[other]
                for other in front
                if points[other][0] <= points[index][0] and points[other][1] >= points[index][1]
            ]
            text += f" `{names[index]}` is not: {listed(by)} {'is' if len(by) == 1 else 'are'} "
            text += f"at least {nearer} and at least as good."
        lines.append(text)
    chosen = pareto_front(
        [(each.latency["ms"][COMPARED_AT], each.quality.validation.value) for each in inputs.variants]
    )
    lines.append(
        f"By validation F1, which the gateway chooses by, the front of latency is "
        f"{listed([names[index] for index in chosen])}."
    )
    return "\n\n".join(lines)


def tag_text(inputs: Inputs) -> str:
    best = inputs.reference
    beaten = beaten_tags(best)
    behind = [tag for tag in REFERENCE_TAGS if tag not in beaten]
    text = f"`{best.name}` beats the reference at {len(beaten)} of {len(REFERENCE_TAGS)} tags"
    return f"{text}; not at {listed(behind)}." if behind else f"{text}."


def tag_table(inputs: Inputs) -> str:
    rows = []
    for tag, reference in REFERENCE_TAGS.items():
        row = [tag, str(inputs.reference.evaluation["test"]["perTag"][tag]["support"]), figure(reference, 3)]
        for each in inputs.variants:
            value = each.evaluation["test"]["perTag"][tag]["f1"]
            row.append(f"**{figure(value)}**" if value > reference else figure(value))
        rows.append(row)
    beaten = [f"{len(beaten_tags(each))} of {len(REFERENCE_TAGS)}" for each in inputs.variants]
    rows.append(["beaten", "", "", *beaten])
    for label, key in (("micro average with O", "microWithO"), ("micro average without O", "microWithoutO")):
        rows.append(
            [label, "", "", *(figure(each.evaluation["test"][key]["f1"]) for each in inputs.variants)]
        )
    return table(["tag", "tokens", "reference", *(f"`{each.name}`" for each in inputs.variants)], rows)


def calibration_table(inputs: Inputs) -> str:
    header = ["variant", "temperature"]
    header += [f"{level} ECE, {split}" for level in ("token", "entity") for split in ("validation", "test")]
    rows = []
    for each in inputs.variants:
        errors = each.calibration["expectedCalibrationError"]
        rows.append([f"`{each.name}`", f"{each.calibration['temperature']:.3f}"])
        for level in ("token", "entity"):
            for split in ("validation", "test"):
                pair = errors[level][split]
                rows[-1].append(f"{figure(pair['before'])} to {figure(pair['after'])}")
    return table(header, rows)


def calibration_text(inputs: Inputs) -> str:
    better, worse = [], []
    for each in inputs.variants:
        pair = each.calibration["expectedCalibrationError"]["entity"]["test"]
        (better if pair["after"] < pair["before"] else worse).append(each.name)
    return (
        f"On test, the temperature lowers the entity error of {listed(better)}; it does not lower that of "
        f"{listed(worse, 'any other')}."
        if worse
        else f"On test, the temperature lowers the entity error of {listed(better)}."
    )


def robustness_table(inputs: Inputs) -> str:
    rates = sorted({each.robustness["typos"]["rate"] for each in inputs.variants})
    rate = " and ".join(f"{value:g}" for value in rates)
    rows = []
    for each in inputs.variants:
        row = [f"`{each.name}`", figure(each.quality.test.value)]
        for key in ("lowerCased", "upperCased", "typos", "wnut17"):
            if key not in each.robustness:  # WNUT-17 may be left out
                row.append("not measured")
                continue
            value = each.robustness[key]["f1"]
            lost = "" if key == "wnut17" else f" ({signed(value - each.quality.test.value)})"
            row.append(figure(value) + lost)
        rows.append(row)
    return table(
        ["variant", "as written", "lower-cased", "upper-cased", f"typos (rate {rate})", "WNUT-17"], rows
    )


def ladder_rungs(inputs: Inputs) -> list[tuple[str, float, float]]:
    """(rung, validation F1, test F1)."""
    fine = inputs.reference
    return [
        *(
            (name, found["validation"]["f1"], found["test"]["f1"])
            for name, found in (
                ("encoder only", inputs.encoder_only),
                ("frozen encoder, trained head", inputs.frozen_head),
            )
        ),
        (f"fine-tuned ({fine.name})", fine.quality.validation.value, fine.quality.test.value),
    ]


def ladder_table(inputs: Inputs) -> str:
    rows = []
    previous = None
    for name, validation, test in ladder_rungs(inputs):
        rows.append(
            [name, figure(validation), figure(test), "" if previous is None else signed(test - previous)]
        )
        previous = test
    return table(["step", "validation F1", "test F1", "gained on test"], rows)


def measured(inputs: Inputs) -> str:
    latency = inputs.reference.latency
    evaluations = sorted(
        {
            f"{each.evaluation['runtime']} on {each.evaluation.get('cpu', 'a CPU that was not recorded')} "
            f"({each.evaluation.get('measuredAt', 'date not recorded')[:10]})"
            for each in inputs.variants
        }
    )
    sentences = inputs.reference.evaluation
    return "\n".join(
        [
            f"- **F1**: one sentence a request, exact spans and labels, {sentences['validation']['sentences']} "
            f"validation and {sentences['test']['sentences']} test sentences; {'; '.join(evaluations)}. Everything is "
            "chosen on validation; test is only reported.",
            f"- **Intervals**: 95 %, percentiles over {inputs.resamples} bootstrap resamples of sentences, seed "
            f"{inputs.seed}; differences use the same resamples for both variants.",
            f"- **Latency**: {latency['runtime']}, {counted(latency['threads'], 'thread')}, {latency['cpu']}, "
            f"{latency['measuredAt'][:10]}; all variants in one run of {counted(latency['rounds'], 'round')} whose "
            "order rotates, median over rounds of each round's median. Shapes are texts x tokens.",
            "- **Memory**: resident set of a fresh process after loading the model and three runs of each shape, less "
            "that of one which only imported onnxruntime. MB are 10^6 bytes.",
        ]
    )


def baseline_table(inputs: Inputs) -> str:
    baseline = inputs.reference.latency["baseline"]
    rows = []
    for form, found in baseline["forms"].items():
        fused = found.get("fusedOperators")
        operators = ", ".join(f"{count} {name}" for name, count in fused.items()) if fused else ""
        mark = "yes" if form == baseline["form"] else ""
        rows.append([form, operators, *(f"{found['ms'][shape]:.2f}" for shape in SHAPES), mark])
    return table(
        ["form", "fused before loading", *(f"ms {shape}" for shape in SHAPES), "baseline"], rows, left=2
    )
