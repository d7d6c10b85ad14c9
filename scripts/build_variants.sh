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

measure_missing() { # folder script: one run for all released variants without this measurement
  local missing=()
  for name in "${released[@]}"; do
    [ -e "$checkpoints/$1/$name.json" ] || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "== $2: $checkpoints/$1 is there"
    return
  fi
  step "$checkpoints/$1/${missing[0]}.json" "$2" --names "${missing[@]}"
}

# 1. Train.
step "$checkpoints/full" finetune "${base[@]}"
step "$checkpoints/distilled-3l" distill --name distilled-3l --layers 0,2,4
step "$checkpoints/distilled-2l" distill --name distilled-2l --teacher distilled-3l --layers 0,2 --ffn-share 0.25
step "$checkpoints/pruned-ffn50" prune --name pruned-ffn50 --share 0.5
step "$checkpoints/pruned" prune --name pruned --target-share 0.6
step "$checkpoints/frozen-head.json" frozen_head "${base[@]}"
step "$checkpoints/encoder-only.json" encoder_only "${base[@]}"

# 2. ONNX. The float models of variants that are released as int8 only stay among the checkpoints.
step "$models/full/model.onnx" export --name full
step "$models/distilled-3l/model.onnx" export --name distilled-3l
for name in distilled-2l pruned-ffn50 pruned; do
  step "$checkpoints/onnx/$name/model.onnx" export --name "$name" --out "$checkpoints/onnx"
  step "$models/$name-int8/model.onnx" quantize --source "$checkpoints/onnx/$name/model.onnx" --name "$name-int8"
done
for name in full distilled-3l; do
  step "$models/$name-int8/model.onnx" quantize --source "$models/$name/model.onnx" --name "$name-int8"
done

# 3. Measure, write the cards and the report. All latencies come from one run, so that they compare.
released=(full full-int8 pruned-int8 pruned-ffn50-int8 distilled-3l distilled-3l-int8 distilled-2l-int8)
measure_missing evaluations evaluate
measure_missing calibration calibrate
measure_missing robustness robustness
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
# Of the products above in a smoke run too, which by itself would make up results.
common=(--checkpoints "$checkpoints" --models "$models")
step "$models/REPORT.md" report
