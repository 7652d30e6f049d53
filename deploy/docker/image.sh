#!/usr/bin/env bash
# Builds the image without a base image and without a daemon: deploy/docker/image.sh PACKAGE.deb ARCHIVE
#
# debootstrap makes a Debian of this machine's suite from the mirror that apt uses; the program is that of the Debian
# package. buildah writes the archive, for `docker load` or `podman load`. It needs root, debootstrap and buildah, and
# neither namespaces nor a network inside the image. The image does the same as that of the Dockerfile.
set -euo pipefail
package=${1:?name the Debian package} archive=${2:?name the archive to write}
here=$(cd "$(dirname "$0")" && pwd)
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} LC_ALL=C.UTF-8

fail() {
    echo "deploy/docker/image.sh: $*" >&2
    exit 2
}
[ "$(id -u)" -eq 0 ] || fail "run it as root"
for program in debootstrap buildah; do
    command -v $program >/dev/null || fail "$program is needed: apt-get install debootstrap buildah"
done
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' \
    | awk '$1 == "Debian" && !found { print found = $2 }')
[ -n "$mirror" ] || fail "apt knows no mirror of Debian here"

work=$(mktemp -d)
storage=(--root "$work/storage" --runroot "$work/run")
container=
finish() {
    [ -z "$container" ] || buildah "${storage[@]}" rm "$container" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

container=$(buildah "${storage[@]}" from --format docker scratch)
root=$(buildah "${storage[@]}" mount "$container")
echo "Making a Debian …"
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
export http_proxy
debootstrap --variant=minbase --include=python3,ca-certificates,tzdata,zlib1g,libstdc++6 "$suite" "$root" "$mirror" >"$work/log" 2>&1 \
    || fail "debootstrap cannot make $suite: $(tail -n 1 "$work/log")"
dpkg-deb --extract "$package" "$root"
[ "$(chroot "$root" /usr/bin/autoconfig --version)" ] || fail "the package is not for $suite"
# The address of the mirror, and what nobody reads in a container.
rm -rf "$root"/etc/apt/sources.list "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/var/log/*.log "$root"/var/log/apt "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/share/info \
    "$root"/usr/lib/systemd/system/autoconfig* "$root"/usr/share/doc/mail-autoconfig/docs
find "$root/usr/share/doc" -type f ! -name copyright ! -name licences.txt -delete
: >"$root/etc/resolv.conf"
install --directory --owner=10001 --group=10001 --mode=0750 "$root/var/lib/autoconfig"
buildah "${storage[@]}" unmount "$container" >/dev/null

# The same instructions as the Dockerfile's.
instruction() { sed -n "s/^$1 //p" "$here/Dockerfile" | tail -n 1; }
version=$(dpkg-deb --field "$package" Version)
buildah "${storage[@]}" config \
    --user "$(instruction USER)" --workingdir /var/lib/autoconfig --volume /var/lib/autoconfig --port 8080 \
    --env PYTHONUNBUFFERED=1 --env PYTHONDONTWRITEBYTECODE=1 \
    --env AUTOCONFIG_CONFIG=/var/lib/autoconfig/autoconfig.toml \
    --env PATH=/usr/lib/mail-autoconfig/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --entrypoint "$(instruction ENTRYPOINT)" --cmd "$(instruction CMD | sed -E 's/[][",]+/ /g')" \
    --healthcheck "CMD autoconfig ready" --healthcheck-interval 30s --healthcheck-timeout 6s --healthcheck-start-period 30s \
    --label org.opencontainers.image.title=autoconfig --label org.opencontainers.image.licenses=Apache-2.0 \
    --label "org.opencontainers.image.version=$version" "$container"
rm -f "$archive"
buildah "${storage[@]}" commit --quiet --format docker "$container" "docker-archive:$archive:autoconfig:${version%%-*}" >/dev/null
echo "$archive: $(stat -c %s "$archive") bytes, $(gzip -1c "$archive" | wc -c) compressed"
