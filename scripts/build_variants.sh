#!/usr/bin/env bash
# Makes all released variants from nothing, in order; a step whose product exists is skipped.
#
#   scripts/build_variants.sh --data ../shared/data/conll2003
#   scripts/build_variants.sh --smoke                    (tiny data and models under checkpoints/smoke, a few minutes)
#   scripts/build_variants.sh --data FOLDER --base DIR   (another BERT-like encoder)
#
# PYTHON names the interpreter (.venv/bin/python). To make one thing again, remove its product and run this again.
set -euo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-.venv/bin/python}"
checkpoints=checkpoints
models=models
common=()
base=()
while [ $# -gt 0 ]; do
  case "$1" in
    --data) common+=(--data "$2"); shift 2 ;;
    --base) base=(--base "$2"); shift 2 ;;
    --checkpoints) checkpoints="$2"; shift 2 ;;
    --models) models="$2"; shift 2 ;;
    --smoke) common+=(--smoke); smoke=1; shift ;;
    *) echo "unknown argument $1: expected --data, --base, --checkpoints, --models or --smoke" >&2; exit 2 ;;
  esac
done
common+=(--checkpoints "$checkpoints" --models "$models")
if [ -n "${smoke:-}" ]; then
  # Smoke scripts move into this folder by themselves; a smoke run starts from nothing.
  checkpoints="$checkpoints/smoke"
  models="$checkpoints/models"
  rm -rf "$checkpoints"
fi

step() { # product script arguments...
  local product="$1" script="$2"
  shift 2
  if [ -e "$product" ]; then
    echo "== $script: $product is there"
    return
  fi
  echo "== $script $*"
  "$python" -m "scripts.$script" "${common[@]}" "$@"
}

step_for_all() { # product script arguments... -- names...: one run for the names whose product (@: the name) is missing
  local product="$1" script="$2" arguments=() missing=() name
  shift 2
  while [ "$1" != -- ]; do arguments+=("$1"); shift; done
  shift
  for name in "$@"; do
    [ -e "${product//@/$name}" ] || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "== $script: ${product//@/NAME} is there for all"
    return
  fi
  step "${product//@/${missing[0]}}" "$script" "${arguments[@]}" --names "${missing[@]}"
}

# 1. Train: two seeds, their ensemble taught to the first of them, the mean of what came of that; then what is made of it.
step "$checkpoints/full-seed1" finetune "${base[@]}" --seed 1 --name full-seed1
step "$checkpoints/full-seed2" finetune "${base[@]}" --seed 2 --name full-seed2
step "$checkpoints/full-taught" distill --name full-taught --teacher full-seed1 --ensemble full-seed1 full-seed2 \
  --layers 0,1,2,3,4,5 --hidden-weight 0 --adversarial 1 --epochs 5 --lr 2e-4
step "$checkpoints/full" average_weights --names full-taught full-seed1 --name full
step "$checkpoints/distilled-3l" distill --teacher full-taught --name distilled-3l --layers 0,2,4 --ffn-share 0.875
step "$checkpoints/distilled-2l" distill --teacher distilled-3l --name distilled-2l --layers 0,2 --ffn-share 0.285714 --epochs 10 --lr 4e-4
step "$checkpoints/pruned-ffn50" prune --teacher full-taught --name pruned-ffn50 --share 0.5
step_for_all "$checkpoints/@/label-bias.json" fit_label_bias -- full distilled-3l distilled-2l pruned-ffn50
step "$checkpoints/elastic-begun" elastic --name elastic-begun
step "$checkpoints/elastic" elastic --start elastic-begun --between 2 --shallow-power 0 --largest-share 0.5 --lr 2e-4 \
  --ema 0.99 --epochs 3
step "$checkpoints/frozen-head.json" frozen_head "${base[@]}"
step "$checkpoints/encoder-only.json" encoder_only "${base[@]}"

# 2. ONNX. The float models of variants that are released as int8 only stay among the checkpoints.
step_for_all "$models/@/model.onnx" export -- full distilled-3l elastic
step_for_all "$checkpoints/onnx/@/model.onnx" export --out "$checkpoints/onnx" -- distilled-2l pruned-ffn50
for name in full distilled-3l; do
  step "$models/$name-int8/model.onnx" quantize --source "$models/$name/model.onnx" --name "$name-int8"
done
for name in distilled-2l pruned-ffn50; do
  step "$models/$name-int8/model.onnx" quantize --source "$checkpoints/onnx/$name/model.onnx" --name "$name-int8"
done

# 3. Measure, write the cards and the report. All latencies come from one run, so that they compare.
released=(full full-int8 pruned-ffn50-int8 distilled-3l distilled-3l-int8 distilled-2l-int8)
step_for_all "$checkpoints/evaluations/@.json" evaluate -- "${released[@]}"
step_for_all "$checkpoints/calibration/@.json" calibrate -- "${released[@]}"
step_for_all "$checkpoints/robustness/@.json" robustness -- "${released[@]}"
step "$checkpoints/latency/${released[-1]}.json" profile_latency --names "${released[@]}"
for name in "${released[@]}"; do
  case "$name" in
    full) origin=() ;;
    distilled-3l) origin=(--parent full) ;;
    full-int8 | distilled-3l-int8) origin=(--checkpoint "${name%-int8}" --parent "${name%-int8}") ;;
    *) origin=(--checkpoint "${name%-int8}" --parent full) ;;
  esac
  step "$models/$name/card.json" write_card --name "$name" "${origin[@]}"
done
# The elastic model is not loaded at the start; what counts is what its cuts are worth, beside students of their shapes.
step_for_all "$checkpoints/evaluations/@.json" evaluate -- elastic
step_for_all "$checkpoints/calibration/@.json" calibrate -- elastic
step "$checkpoints/cuts/elastic.json" elastic_cuts --also 6:1:0.5 3:1:0.875 2:1:0.25
step "$models/elastic/card.json" write_card --name elastic --parent full
# Run times of shapes that nobody trained, for scripts.search.
if [ -z "${smoke:-}" ]; then
  for tokens in 8 32 128; do
    step "$models/report/latency-table-$tokens.json" measure_latency_table --tokens "$tokens" --output "$models/report"
  done
fi
# Of the products above in a smoke run too, which by itself would make up results.
common=(--checkpoints "$checkpoints" --models "$models")
step "$models/REPORT.md" report
