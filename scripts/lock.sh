#!/usr/bin/env bash
# Writes the lock files anew from pyproject.toml: newest versions, hashes, no address of any index.
source "$(dirname "$0")/say.sh"

compile() {
    local out=$1
    shift
    say "Locking $out"
    .venv/bin/uv pip compile "$@" --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --no-emit-find-links --output-file "$out" >/dev/null
}

[[ -x .venv/bin/uv ]] || fail "There is no .venv/bin/uv yet." "Run: make venv"
compile requirements.lock pyproject.toml
# The tests' tools must not move the server's versions.
compile requirements-dev.lock pyproject.toml --group dev --constraint requirements.lock
compile requirements-build.lock --group pyproject.toml:build
compile requirements-uv.lock --group pyproject.toml:uv
compile requirements-node.lock --group pyproject.toml:node
