#!/usr/bin/env bash
# Installs the real programs that tests run, where that may be done: as root on Debian or Ubuntu. Elsewhere the tests
# that need one are skipped by name. tests/test_programs.py holds this list against what the tests ask for.
set -u
wanted=(
    caddy=caddy
    curl=curl
    docker-compose=docker-compose
    pebble=pebble
    pebble-challtestsrv=pebble
    postfix=postfix
    systemd-analyze=systemd
    systemd-socket-activate=systemd
    systemd-sysusers=systemd
    chromium=chromium
    fish=fish
    zsh=zsh
    dovecot=dovecot-imapd
    /usr/lib/dovecot/pop3=dovecot-pop3d
    knotd=knot
    kzonecheck=knot-dnssecutils
    named-checkzone=bind9-utils
    nginx=nginx
    npm=npm
    git=git
    groff=groff-base
    openssl=openssl
    /usr/share/doc/python3-venv=python3-venv
    pdftotext=poppler-utils
    pgbouncer=pgbouncer
    thunderbird=thunderbird
    zbarimg=zbar-tools
    mariadb-install-db=mariadb-server
    mariadbd=mariadb-server
    /usr/lib/*/libatomic.so.1=libatomic1
    /usr/lib/python3/dist-packages/yaml=python3-yaml
    /usr/lib/postgresql/*/bin/initdb=postgresql
    /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk
)
missing=()
for pair in "${wanted[@]}"; do
    program=${pair%%=*}
    compgen -G "$program" >/dev/null || command -v "$program" >/dev/null || missing+=("${pair##*=}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ]; then
    echo "tests: not installed, so some tests are skipped: apt-get install ${missing[*]}"
    exit 0
fi
echo "tests: installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
