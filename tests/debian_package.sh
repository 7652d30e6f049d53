#!/usr/bin/env bash
# The Debian package, in a Debian that has nothing else: tests/debian.sh SUITE tests/debian_package.sh
#
# It is built, checked with lintian, installed without a network, upgraded with a mapping kept, removed and purged. The
# upgrade is from PREVIOUS, the file of an earlier package in this checkout; without it, from the same files under a
# lower version. BUILT is a package that was built before. Nothing runs systemd here: what the package asks systemd to do is recorded.
set -euo pipefail
started=$SECONDS
say() { echo "package: $(. /etc/os-release && echo "$VERSION_CODENAME"), $((SECONDS - started)) s: $*"; }
fail() {
    say "FAILED: $*"
    exit 1
}
trap 'say "FAILED in line $LINENO"' ERR
work=/tmp/package recorded=/tmp/recorded
mkdir -p "$work"

apt-get update -qq
# LINTIAN=no leaves out the slowest step.
[ "${LINTIAN-}" = no ] && checker= || checker=lintian
apt-get install -y -qq --no-install-recommends python3-venv systemd $checker >/dev/null
built=${BUILT:-$(deploy/debian/build.sh "$work" 2>"$work/log" | tail -n 1)}
[ -e "$built" ] || { cat "$work/log"; fail "the package cannot be built"; }
say "built $(basename "$built"), $(stat -c %s "$built") bytes: $(dpkg-deb -f "$built" Depends)"
if [ -n "$checker" ]; then
    lintian --allow-root --fail-on error "$built" || fail "lintian finds errors"
    say "lintian finds no errors"
fi

previous=${PREVIOUS-}
if [ -z "$previous" ]; then
    previous=$work/previous.deb
    dpkg-deb -R "$built" "$work/unpacked"
    sed -i 's/^Version: .*/Version: 0.0.1-1/' "$work/unpacked/DEBIAN/control"
    dpkg-deb --build -Zgzip -z1 "$work/unpacked" "$previous" >/dev/null
    rm -r "$work/unpacked"
fi
# What builds the package is no part of what serves.
apt-get purge -y -qq $checker python3-venv >/dev/null
apt-mark manual python3 >/dev/null
apt-get autoremove -y -qq >/dev/null

# Stand-ins for systemd, which say what they are asked; the unit is running if a file says so.
mkdir -p /run/systemd/system
for program in systemctl deb-systemd-invoke; do
    printf '#!/bin/sh\necho "%s $*" >>%s\ncase "$*" in *is-active*) [ -e /tmp/is-running ];; esac\n' $program $recorded \
        >/usr/local/sbin/$program
    chmod 755 /usr/local/sbin/$program
done
install_package() {
    : >$recorded
    unshare --net dpkg --install "$1" >"$work/log" 2>&1 || { cat "$work/log"; fail "$1 cannot be installed"; }
}

install_package "$previous"
grep -E 'restart|start|enable' $recorded && fail "installing starts or enables something"
find /etc/systemd/system -name '*autoconfig*' | grep . && fail "installing enables a unit"
find /proc -maxdepth 1 -user autoconfig -name '[0-9]*' | grep . && fail "installing starts something"
[ "$(stat -c '%U:%G %a' /etc/autoconfig/autoconfig.toml /etc/autoconfig/plans.toml | sort -u)" = "root:autoconfig 640" ]
[ "$(stat -c '%U:%G %a' /var/lib/autoconfig/mapping.db)" = "autoconfig:autoconfig 640" ]
say "installed without a network, nothing started: $(autoconfig --version)"

[ -e /usr/share/man/man1/autoconfig-mapping-set.1.gz ] || grep -q path-exclude -r /etc/dpkg || fail "no manual pages"
bash -c '. /usr/share/bash-completion/completions/autoconfig && complete -p autoconfig' >/dev/null
sed -i 's|^public_url = .*|public_url = "https://autoconfig.provider.example"|' /etc/autoconfig/autoconfig.toml
server() { setpriv --reuid=autoconfig --regid=autoconfig --init-groups env -u HOME "$@"; }
cd /
autoconfig settings check
autoconfig plans check
autoconfig mapping set customer.example --plan standard --note "kept over the upgrade"
server autoconfig show taro@customer.example >/dev/null
before=$(autoconfig mapping history customer.example --json)

# Whether each kind of document is right: a configuration, a port, a domain, a host that its documents name.
serves() {
    (exec setpriv --reuid=autoconfig --regid=autoconfig --init-groups \
        env -u HOME autoconfig --config "$1" serve --port "$2" 2>"$work/served") &
    local pid=$! status=0
    python3 /srv/checkout/tests/right_answers.py "http://127.0.0.1:$2" "$3" "$4" || status=1
    kill "$pid"
    wait "$pid" || [ $? = 143 ] || status=1 # it ends by the signal, once it has stopped
    [ "$status" = 0 ] || { cat "$work/served"; fail "$1 is not served"; }
}
autoconfig init /tmp/demo --demo >/dev/null
chown -R autoconfig: /tmp/demo
serves /tmp/demo/autoconfig.toml 18080 sample.co.jp sample.co.jp
serves /etc/autoconfig/autoconfig.toml 18081 customer.example imap.customer.example
say "the demo and the configuration of the package are served, each format with a right answer"

install_package "$built"
grep restart $recorded && fail "a server that did not run was restarted"
[ "$(autoconfig mapping history customer.example --json)" = "$before" ] || fail "the mapping is not as it was"
[ "$(stat -c %U /var/backups/autoconfig/before-upgrade.db)" = autoconfig ] || fail "no backup from before the upgrade"
grep -q provider.example /etc/autoconfig/autoconfig.toml || fail "the settings are not as they were"
serves /etc/autoconfig/autoconfig.toml 18082 customer.example imap.customer.example
touch /tmp/is-running
install_package "$built"
grep -q '^deb-systemd-invoke restart autoconfig.service$' $recorded || fail "the running server was not restarted"
[ "$(grep -c restart $recorded)" = 1 ] || fail "more than the server was restarted"
say "upgraded: mapping and settings kept, a backup made, only a running server restarted"

dpkg --remove mail-autoconfig >/dev/null 2>&1
grep -q '^deb-systemd-invoke stop autoconfig.socket autoconfig.service ' $recorded || fail "the server was not stopped"
[ ! -e /usr/lib/mail-autoconfig ] && [ ! -e /usr/bin/autoconfig ] || fail "removing leaves the program"
[ -e /etc/autoconfig/plans.toml ] && [ -e /var/lib/autoconfig/mapping.db ] || fail "removing takes the configuration away"
install_package "$built"
[ "$(autoconfig mapping history customer.example --json)" = "$before" ] || fail "installing again loses the mapping"
dpkg --remove mail-autoconfig >/dev/null 2>&1
dpkg --purge mail-autoconfig >/dev/null 2>&1
left=$(find / -xdev \( -path /proc -o -path /srv -o -path /tmp -o -path /sys \) -prune -o -iname '*autoconfig*' -print \
    | grep -vxF /var/backups/autoconfig || true)
[ -z "$left" ] || fail "purging leaves $left"
[ -e /var/backups/autoconfig/before-upgrade.db ] || fail "purging takes backups away"
dpkg -l mail-autoconfig 2>/dev/null | grep -q '^[ir]' && fail "purging leaves the package known"
say "removed, installed again, removed and purged: only backups and the user are left"
