#!/usr/bin/env bash
# Makes the virtual environment .venv with what scripts/requirements.txt pins; does nothing where it is up to date.
#   bash scripts/setup_venv.sh
set -euo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null || python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null; then
  echo "setup_venv.sh: Python 3.11 or newer is needed; install it or set PYTHON to its path" >&2
  exit 1
fi

stamp=.venv/requirements.sha256
wanted=$(sha256sum scripts/requirements.txt | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

echo "setup_venv.sh: installing what scripts/requirements.txt pins into .venv (once, some minutes)"
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
echo "$wanted" >"$stamp"
