#!/usr/bin/env bash
# The browser side: `scripts/console.sh packages` installs what it needs, `scripts/console.sh build` builds it into
# hub/static, `scripts/console.sh npm …` runs npm there. Nothing is done twice: stamps hold digests of the sources.
source "$(dirname "$0")/say.sh"

[[ -f agent_ui/package-lock.json ]] ||
    fail "agent_ui/package-lock.json is missing, so the console cannot be built." "Is this a complete checkout?"

sources() {
    find agent_ui \( -name node_modules -o -name dist -o -name .svelte-kit -o -name .vite -o -name coverage \) -prune \
        -o -type f -print0 | LC_ALL=C sort -z
}

find_node() {
    node_path=$(scripts/node.sh)
    export PATH=$node_path:$PATH
}

packages() {
    local stamp=agent_ui/node_modules/.in-step digest
    digest=$(hash_of agent_ui/package.json agent_ui/package-lock.json)
    if in_step "$stamp" "$digest"; then return; fi
    say "Installing the console's packages"
    local log
    log=$(mktemp)
    npm --prefix agent_ui ci --no-audit --no-fund --loglevel=error >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "The console's packages could not be installed." "npm's message is above."
    }
    rm -f "$log"
    printf '%s' "$digest" >"$stamp"
}

build() {
    local stamp=.make/console digest
    digest=$(sources | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
    if in_step "$stamp" "$digest" && [[ -n $(ls -A hub/static 2>/dev/null) ]]; then return; fi
    find_node
    packages
    say "Building the console and the widget"
    npm --prefix agent_ui run --silent build >&2 </dev/null || fail "The console could not be built." "The message is above."
    [[ -n $(ls -A hub/static 2>/dev/null) ]] || fail "The build left nothing in hub/static."
    mkdir -p .make
    sources | xargs -0 sha256sum | sha256sum | cut -d' ' -f1 | tr -d '\n' >"$stamp"
}

case ${1:-build} in
    build) build ;;
    packages) find_node && packages ;;
    npm) shift && find_node && packages && exec npm --prefix agent_ui "$@" ;;
    *) fail "scripts/console.sh takes build, packages or npm …, not $1." ;;
esac
