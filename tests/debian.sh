#!/usr/bin/env bash
# Runs a command as root in a bare Debian, in a copy of this checkout and of dist/:
#
#     tests/debian.sh bookworm|trixie COMMAND…
#
# debootstrap makes the system from the mirror that apt uses on this machine. apt, pip and the certificates are configured
# there as they are here; the network is this machine's. The system is removed when the command ends. With KEEP=1 it
# stays, and the next run with KEEP=1 uses it again. All its processes and mounts end with this script, also when it is
# killed, so `rm -r .debian` removes everything.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)

fail() {
    echo "tests/debian.sh: $*" >&2
    exit 2
}

# The address of an archive, by its label, as apt knows it: Debian or Debian-Security.
archive() {
    apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' \
        | awk -v label="$1" '$1 == label && !found { print found = $2 }'
}

make_system() {
    local mirror security
    mirror=$(archive Debian)
    security=$(archive Debian-Security)
    [ -n "$mirror" ] && [ -n "$security" ] \
        || fail "apt knows no mirror of Debian and of its security archive here; name both and run apt-get update"
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    export http_proxy
    rm -rf "$root"
    debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$log" 2>&1 \
        || fail "debootstrap cannot make $suite: $(tail -n 1 "$log"); see $log"
    cat >"$root/etc/apt/sources.list" <<EOF
deb $mirror $suite main
deb $mirror $suite-updates main
deb $security $suite-security main
EOF
    apt-config dump Acquire | grep -E '^Acquire::(https?|Check|Retries|ForceIPv)' >"$root/etc/apt/apt.conf.d/90machine" \
        || true
    # No package starts a service.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    # Once ca-certificates is installed, it adds these to Debian's own.
    install -D --mode=644 "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" \
        "$root/usr/local/share/ca-certificates/machine.crt"
    touch "$root/.complete"
}

configure() {
    cp --dereference /etc/resolv.conf /etc/hosts "$root/etc/"
    # Files and folders of this machine are left out: the index has what they hold.
    python3 -m pip config list 2>/dev/null | sed -n "s/^global\.\([a-z-]*\)='\([^']*\)'$/\1 = \2/p" \
        | sed -E 's, (file://)?/[^ ]*,,g' | grep -E '= *[^ ]' | sed '1i [global]' >"$root/etc/pip.conf" || true
    mkdir -p "$root/srv/checkout"
    find "$root/srv/checkout" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -r {} +
    git -C "$checkout" ls-files -z --cached --others --exclude-standard --deduplicate \
        | tar -C "$checkout" --null --files-from=- --ignore-failed-read --create \
        | tar -C "$root/srv/checkout" --no-same-owner --extract
    [ ! -d "$checkout/dist" ] || cp -r "$checkout/dist" "$root/srv/checkout/"
}

# Runs in mount and process namespaces of its own.
inside() {
    [ -e "$root/.complete" ] || make_system
    configure
    mount -t proc proc "$root/proc"
    mount --rbind --make-rslave /sys "$root/sys"
    mount --bind /dev "$root/dev"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    mount -t tmpfs -o mode=755 run "$root/run"
    local machine=() name
    while IFS= read -r name; do
        machine+=("$name=${!name}")
    done < <(compgen -e | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_(EXTRA_)?INDEX_URL|PIP_TRUSTED_HOST|PIP_DEFAULT_TIMEOUT|TERM)$')
    exec env --ignore-environment --default-signal "${machine[@]}" HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
        chroot "$root" sh -c 'cd /srv/checkout && exec "$@"' sh "$@"
}

finish() {
    if [ -n "${child-}" ]; then
        kill -KILL "$child" 2>/dev/null && wait "$child" 2>/dev/null || true
    fi
    [ -n "${KEEP-}" ] || rm -rf "$root" || { sleep 1; rm -rf "$root"; }
}

if [ "${1-}" = --inside ]; then
    shift
    suite=$1 root=$checkout/.debian/$1 log=$checkout/.debian/$1.log
    shift
    inside "$@"
fi

suite=${1-}
[[ $suite =~ ^(bookworm|trixie)$ && $# -ge 2 ]] || fail "name a suite and a command: tests/debian.sh bookworm|trixie COMMAND…"
[ "$(id -u)" -eq 0 ] || fail "run it as root"
for program in debootstrap apt-get git unshare; do
    command -v "$program" >/dev/null || fail "$program is needed: apt-get install debootstrap git util-linux"
done
root=$checkout/.debian/$suite
mkdir -p "$checkout/.debian"
exec 9>"$root.lock"
flock --nonblock 9 || fail "another run is using $root"
[ -n "${KEEP-}" ] || rm -rf "$root"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# In the background, because bash runs a trap only between commands and during `wait`.
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child "$0" --inside "$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
