#!/usr/bin/env bash
# Runs the tests of the Python scripts in the virtual environment, which it makes when it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash scripts/setup_venv.sh
.venv/bin/ruff check scripts test/python
exec .venv/bin/python -m pytest -q test/python "$@"
