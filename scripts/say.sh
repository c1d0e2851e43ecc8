# shellcheck shell=bash
# Sourced by the other scripts: how they speak, how they fail, and how they use apt where they may.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m▸\033[0m %s\n' "$*" >&2; }
fail() {
    printf '\n\033[1;31m✗\033[0m %s\n' "$1" >&2
    shift
    if (($#)); then printf '  %s\n' "$@" >&2; fi
    exit 1
}

# hash_of PATH…: one digest over names and contents.
hash_of() { sha256sum -- "$@" | sha256sum | cut -d' ' -f1; }

in_step() { [[ -f $1 && $(<"$1") == "$2" ]]; }

as_root=()
may_use_apt() {
    command -v apt-get >/dev/null || return 1
    if ((EUID == 0)); then return 0; fi
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
}

# While packages are installed no daemon may start: Debian asks this file, and 101 means "not allowed".
policy=/usr/sbin/policy-rc.d
kept_policy=
guard_daemons() {
    if [[ -x $policy ]] && ! "$policy" any start >/dev/null 2>&1; then return; fi
    if [[ -e $policy ]]; then
        kept_policy=$policy.before-switchboard
        "${as_root[@]}" mv "$policy" "$kept_policy"
    fi
    trap release_daemons EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}
release_daemons() {
    "${as_root[@]}" rm -f "$policy"
    if [[ -n $kept_policy ]]; then "${as_root[@]}" mv "$kept_policy" "$policy"; fi
    kept_policy=
    trap - EXIT
}

# apt_install PACKAGE…: 1 with the reason on stderr when they cannot be had.
apt_install() {
    may_use_apt || return 1
    say "Installing with apt: $*"
    local log status=0
    log=$(mktemp)
    guard_daemons
    apt_quietly "$log" update || true
    apt_quietly "$log" install -y --no-install-recommends "$@" || status=$?
    if [[ -n $(trap -p EXIT) ]]; then release_daemons; fi
    if ((status)); then tail -n 15 "$log" >&2; fi
    rm -f "$log"
    return "$status"
}
apt_quietly() {
    local log=$1
    shift
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
