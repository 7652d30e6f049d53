#!/usr/bin/env bash
# The README's two commands, in a Debian that has only what the README asks for: tests/debian.sh SUITE tests/bare.sh
# PORT is for `make serve`, TESTS for `make test`.
set -euo pipefail
PORT=${PORT:-8080}
started=$SECONDS

say() { echo "bare: $(. /etc/os-release && echo "$VERSION_CODENAME"), $((SECONDS - started)) s: $*"; }
fail() {
    say "$*"
    exit 1
}
# Whether the server on PORT answers with a document for the demo's domain.
answers() {
    python3 - "http://127.0.0.1:$PORT/mail/config-v1.1.xml" 2>/dev/null <<'EOF'
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Host": "autoconfig.sample.co.jp"})
sys.exit(b"<hostname>sample.co.jp</hostname>" not in urllib.request.urlopen(asked, timeout=5).read())
EOF
}

apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 make >/dev/null
say "$(python3 --version), $(make --version | head -n 1)"
(: </dev/tcp/127.0.0.1/"$PORT") 2>/dev/null && fail "port $PORT is taken on this machine: make debian PORT=…"

if ! python3 -c 'import ensurepip' 2>/dev/null; then
    printed=$(make serve 2>&1) && fail "make serve ends well without python3-venv"
    remedy=$(grep -o 'apt-get install python3-venv' <<<"$printed") || fail "make serve names no remedy: $printed"
    [ ! -e .venv ] || fail "make serve leaves a .venv without python3-venv"
    say "make serve asks for: $remedy"
    $remedy -y -qq --no-install-recommends >/dev/null
fi

make serve PORT="$PORT" &
server=$!
until answers; do
    kill -0 "$server" 2>/dev/null || fail "make serve ended"
    [ $((SECONDS - started)) -lt 900 ] || fail "make serve does not answer on port $PORT"
    sleep 1
done
say "make serve answers on port $PORT"
if .venv/bin/python -c 'import pytest' 2>/dev/null; then fail "make serve installs the tools of developers"; fi
kill "$server"
wait "$server" || true

make test TESTS="${TESTS-}"
say "make test passes${TESTS:+: $TESTS}"
