#!/usr/bin/env bash
# Runs the tests of the Python scripts in the virtual environment, which it makes when it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash scripts/setup_venv.sh
.venv/bin/ruff check scripts test/python loadtest/peers
# Two processes of one thread, a file at a time.
export OMP_NUM_THREADS=1
exec .venv/bin/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder test/python "$@"
