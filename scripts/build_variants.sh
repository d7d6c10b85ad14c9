#!/usr/bin/env bash
# Makes all released variants from nothing, in order; a step whose product exists is skipped.
#
#   scripts/build_variants.sh --data ../shared/data/conll2003
#   scripts/build_variants.sh --smoke                    (tiny data and models under checkpoints/smoke, a minute or two)
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

# 1. Train.
step "$checkpoints/full" finetune "${base[@]}"
step "$checkpoints/distilled-3l" distill --name distilled-3l --layers 0,2,4
step "$checkpoints/pruned-ffn50" prune --name pruned-ffn50 --share 0.5
step "$checkpoints/frozen-head.json" frozen_head "${base[@]}"

# 2. ONNX. The float model of the pruned variant is not released, so it stays among the checkpoints.
step "$models/full/model.onnx" export --name full
step "$models/distilled-3l/model.onnx" export --name distilled-3l
step "$checkpoints/onnx/pruned-ffn50/model.onnx" export --name pruned-ffn50 --out "$checkpoints/onnx"
step "$models/full-int8/model.onnx" quantize --source "$models/full/model.onnx" --name full-int8
step "$models/distilled-3l-int8/model.onnx" quantize --source "$models/distilled-3l/model.onnx" --name distilled-3l-int8
step "$models/pruned-ffn50-int8/model.onnx" quantize \
  --source "$checkpoints/onnx/pruned-ffn50/model.onnx" --name pruned-ffn50-int8

# 3. Measure, and write the cards.
for name in full full-int8 distilled-3l distilled-3l-int8 pruned-ffn50-int8; do
  case "$name" in
    full) origin=() ;;
    full-int8) origin=(--checkpoint full --parent full) ;;
    distilled-3l) origin=(--parent full) ;;
    distilled-3l-int8) origin=(--checkpoint distilled-3l --parent distilled-3l) ;;
    pruned-ffn50-int8) origin=(--checkpoint pruned-ffn50 --parent full) ;;
  esac
  step "$checkpoints/evaluations/$name.json" evaluate --name "$name"
  step "$checkpoints/latency/$name.json" profile_latency --names "$name"
  step "$models/$name/card.json" write_card --name "$name" "${origin[@]}"
done
