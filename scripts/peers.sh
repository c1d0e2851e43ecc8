#!/usr/bin/env bash
# Installs the real peers that the tests talk to, where apt and npm may be used; else says which tests will be skipped.
source "$(dirname "$0")/say.sh"

# Prism, and the document by which Twilio describes its API.
prism() {
    local stamp=tests/peers/npm/node_modules/.in-step digest path log
    digest=$(hash_of tests/peers/npm/package.json tests/peers/npm/package-lock.json)
    if in_step "$stamp" "$digest"; then return; fi
    say "Installing Prism for the tests of SMS"
    path=$(scripts/node.sh)
    log=$(mktemp)
    if PATH=$path:$PATH npm --prefix tests/peers/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
        >"$log" 2>&1 </dev/null; then
        printf '%s' "$digest" >"$stamp"
    else
        tail -n 5 "$log" >&2
        if [[ ${CI:-} == true ]]; then fail "CI needs Prism and npm could not install it."; fi
        say "Prism could not be installed by npm; the tests that need it are skipped."
    fi
    rm -f "$log"
}
prism

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
has_redis() { command -v redis-server >/dev/null; }
has_dovecot() { [[ -x /usr/sbin/dovecot ]] || command -v dovecot >/dev/null; }
has_chromium() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || command -v google-chrome-stable >/dev/null
}
# Screens are looked at in five languages; without these fonts Chinese is boxes and emoji are blank.
has_fonts() {
    [[ -d /usr/share/fonts/truetype/noto ]] &&
        compgen -G '/usr/share/fonts/*/noto/*CJK*' >/dev/null && compgen -G '/usr/share/fonts/*/noto/*Emoji*' >/dev/null
}
has_sipp() { command -v sipp >/dev/null; }
has_mmdebstrap() { command -v mmdebstrap >/dev/null && [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; }

missing() {
    has_postgresql || echo postgresql
    has_redis || echo redis-server
    has_dovecot || echo dovecot-imapd
    has_chromium || echo chromium
    has_fonts || echo fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji
    # Asterisk runs chrooted, so these help nobody but root.
    if ((EUID == 0)); then
        has_sipp || echo sip-tester
        has_mmdebstrap || echo mmdebstrap debian-archive-keyring
    fi
}

# An Asterisk 22, unpacked once into the cache: Debian 12 has no package of it.
asterisk() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/asterisk why
    if [[ -x $cache/root/usr/sbin/asterisk ]]; then return; fi
    if ((EUID == 0)); then say "Unpacking Asterisk 22 for the tests of calls (340 MB)"; fi
    # CI too: README.md names the reason.
    if ! why=$("$PWD/.venv/bin/python" -m tests.peers.asterisk 2>&1); then
        say "No Asterisk 22 here, so the tests that need it are skipped: $why"
    fi
}

# A TURN server. CI too: README.md names the reason.
coturn() {
    if command -v turnserver >/dev/null || apt_install coturn; then return; fi
    say "No coturn here, so the test of calls through a TURN server is skipped."
}

read -r -d '' -a wanted < <(missing) || true
if ((${#wanted[@]} == 0)); then
    coturn
    asterisk
    exit 0
fi
# One that this distribution does not have (Ubuntu's Chromium is a snap) must not keep the others away.
if ! apt_install "${wanted[@]}"; then
    for package in "${wanted[@]}"; do apt_install "$package" || true; done
fi

coturn
asterisk
read -r -d '' -a left < <(missing) || true
if ((${#left[@]} == 0)); then exit 0; fi
if [[ ${CI:-} == true ]]; then
    fail "CI needs these and could not install them: ${left[*]}"
fi
say "Not on this machine, and not installable without root: ${left[*]}"
say "The tests that need them are skipped. To run them all: apt-get install ${left[*]}"
