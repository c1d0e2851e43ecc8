#!/usr/bin/env bash
# Brings .venv in step with the lock files: `scripts/venv.sh run` for the server, `scripts/venv.sh dev` with the tests' tools.
# An environment that was once made for tests stays one: the server's packages are a part of it.
source "$(dirname "$0")/say.sh"

wanted=${1:-run}
stamp=.venv/.in-step
if [[ -f .venv/.dev ]]; then wanted=dev; fi
lock=requirements.lock
if [[ $wanted == dev ]]; then lock=requirements-dev.lock; fi

find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer was not found." \
        "Looked for python3, python3.11, python3.12, python3.13 and python3.14 on PATH." \
        "On Debian and Ubuntu: apt-get install python3 python3-venv"
}

make_venv() {
    local python=$1 minor
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1; then return; fi
    minor=$("$python" -c 'import sys; print(f"python3.{sys.version_info.minor}-venv")')
    apt_install "$minor" || apt_install python3-venv || true
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 || {
        rm -rf .venv
        fail "$python cannot make a virtual environment: its ensurepip is missing." \
            "On Debian and Ubuntu: apt-get install $minor (or python3-venv)"
    }
}

# Of pyproject.toml only what an installation depends on; the tools' settings come after it.
project=$(sed '/^\[tool\./,$d' pyproject.toml | sha256sum | cut -d' ' -f1)
digest=$(hash_of "$lock" requirements-uv.lock requirements-build.lock)-$project
if [[ -f .venv/.home && $(<.venv/.home) != "$PWD" ]]; then
    say "This folder was moved, so .venv is made anew"
    rm -rf .venv
fi
if in_step "$stamp" "$digest" && [[ -x .venv/bin/hub ]]; then exit 0; fi

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    say "Making .venv with $("$python" --version)"
    make_venv "$python"
fi
rm -f "$stamp"
printf '%s' "$PWD" >.venv/.home

uv_digest=$(hash_of requirements-uv.lock)
if ! in_step .venv/.uv "$uv_digest" || [[ ! -x .venv/bin/uv ]]; then
    say "Fetching uv, which installs the packages"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock ||
        fail "uv could not be installed." "Is the package index reachable? pip's message is above."
    printf '%s' "$uv_digest" >.venv/.uv
fi

say "Installing Python packages from $lock"
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes "$lock" ||
    fail "The packages of $lock could not be installed." "uv's message is above."
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --build-constraints requirements-build.lock --editable . ||
    fail "The project itself could not be installed into .venv." "uv's message is above."
if [[ $wanted == dev ]]; then touch .venv/.dev; fi
printf '%s' "$digest" >"$stamp"
