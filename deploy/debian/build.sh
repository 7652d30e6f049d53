#!/usr/bin/env bash
# Builds the Debian package for the suite and architecture of this machine: deploy/debian/build.sh FOLDER
#
# It needs Debian's python3-venv and dpkg-deb, and the package index that pip is configured for. Nothing is installed on
# this machine. REVISION (1) is Debian's part of the version; DEBFULLNAME and DEBEMAIL name who publishes the package.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
umask 022
here=$(cd "$(dirname "$0")" && pwd) checkout=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?name the folder for the package}
python=/usr/bin/python3 name=mail-autoconfig

fail() {
    echo "deploy/debian/build.sh: $*" >&2
    exit 2
}
command -v dpkg-deb >/dev/null || fail "dpkg-deb is needed: build on Debian"
$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "Debian's python3 3.11 or newer is needed"
$python -c 'import ensurepip' 2>/dev/null || fail "apt-get install python3-venv"
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

# The time in all files: that of the commit, or where there is no repository that of the changelog.
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$checkout" log -1 --format=%ct 2>/dev/null || stat -c %Y "$checkout/CHANGELOG.md")}
export SOURCE_DATE_EPOCH=$epoch
release=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$checkout/autoconfig/__init__.py")
version=$(sed -E 's/(a|b|rc)[0-9]+$/~&/' <<<"$release")-${REVISION:-1}~deb$(. /etc/os-release && echo "${VERSION_ID:?}")
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The autoconfig maintainers} <${DEBEMAIL:-maintainers@autoconfig.invalid}>"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
root=$work/root doc=$work/root/usr/share/doc/$name
final=/usr/lib/$name
venv=$root$final
mkdir -p "$root/usr/lib" "$out"

echo "Installing the locked libraries …"
$python -m venv "$venv"
"$venv/bin/pip" install --quiet --no-compile --require-hashes -r "$checkout/requirements-server.lock"
(cd "$checkout" && "$venv/bin/python" -m hatchling build -t wheel -d "$work" >/dev/null 2>&1) || fail "the wheel cannot be built"
"$venv/bin/pip" install --quiet --no-compile --no-index --no-deps "$work"/*.whl
mkdir -p "$doc"
(cd "$checkout" && "$venv/bin/python" -m deploy.release.licences) >"$work/licences"
# What builds the package serves nobody.
"$venv/bin/pip" uninstall --quiet --yes editables hatchling packaging pathspec pluggy setuptools tomlkit trove-classifiers 2>/dev/null
"$venv/bin/pip" uninstall --quiet --yes pip

echo "Making the package …"
# From here on nothing may know where it was built.
find "$venv/bin" -mindepth 1 ! -name 'python*' ! -name autoconfig -delete
rm -rf "$venv/include" "$venv/share"
sed -i "1s|.*|#!$final/bin/python|" "$venv/bin/autoconfig"
sed -i "s|$root||g" "$venv/pyvenv.cfg"
find "$venv" -path '*/mail_autoconfig-*.dist-info/direct_url.json' -delete
sed -i '/direct_url\.json,/d' "$venv"/lib/python3*/site-packages/mail_autoconfig-*.dist-info/RECORD
# The server may not write there, and would compile everything again at each start.
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$root" -p / "$venv/lib" >/dev/null

install -D -m 755 "$here/autoconfig.sh" "$root/usr/bin/autoconfig"
install -d "$root/usr/lib/systemd/system"
for unit in "$checkout"/deploy/systemd/autoconfig*.*; do
    sed 's|/opt/autoconfig/bin/autoconfig|/usr/bin/autoconfig|' "$unit" >"$root/usr/lib/systemd/system/$(basename "$unit")"
done
for kind in sysusers tmpfiles; do
    install -d "$root/usr/lib/$kind.d"
    sed "s|/etc/$kind.d/autoconfig.conf|/usr/lib/$kind.d/$name.conf|" "$checkout/deploy/systemd/$kind.d/autoconfig.conf" \
        >"$root/usr/lib/$kind.d/$name.conf"
done

install -d "$root/usr/share/man/man1"
"$venv/bin/python" "$here/manpages.py" "$root/usr/share/man/man1" "$epoch"
gzip -9n "$root"/usr/share/man/man1/*
completion() {
    install -d "$root/usr/share/$(dirname "$2")"
    _AUTOCONFIG_COMPLETE=source_$1 "$venv/bin/python" -m autoconfig >"$root/usr/share/$2"
}
completion bash bash-completion/completions/autoconfig
completion zsh zsh/vendor-completions/_autoconfig
completion fish fish/vendor_completions.d/autoconfig.fish

install -m 644 "$checkout/README.md" "$doc/"
cp -r "$checkout/docs" "$doc/"
install -d "$doc/examples"
cp -r "$checkout/deploy/caddy" "$checkout/deploy/nginx" "$checkout/deploy/prometheus" "$doc/examples/"
install -m 644 "$here/copyright" "$doc/"
install -m 644 "$work/licences" "$doc/licences.txt"
gzip -9nc "$checkout/CHANGELOG.md" >"$doc/changelog.gz"
gzip -9n >"$doc/changelog.Debian.gz" <<END
$name ($version) stable; urgency=medium

  * Release $release; see changelog.gz.

 -- $maintainer  $(date --utc --date="@$epoch" '+%a, %d %b %Y %H:%M:%S +0000')
END
install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/$name"

chmod -R u=rwX,go=rX "$root"
find "$venv" -type f -name '*.so*' -exec chmod 644 {} +
find "$venv/lib" -type f -perm /111 -exec chmod a-x {} +
install -d "$root/DEBIAN"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/md5sums"
bounds=$($python -c 'import sys; a, b = sys.version_info[:2]; print(f"python3 (>= {a}.{b}), python3 (<< {a}.{b + 1})")')
sed -e "s|@VERSION@|$version|" -e "s|@ARCHITECTURE@|$architecture|" -e "s|@MAINTAINER@|$maintainer|" \
    -e "s|@SIZE@|$(du -ks --apparent-size "$root/usr" | cut -f 1)|" -e "s|@PYTHON@|$bounds|" "$here/control" >"$root/DEBIAN/control"
grep -rlF "$work" "$root" && fail "these files name the folder in which they were built"
dpkg-deb --build --root-owner-group -Zxz "$root" "$out/${name}_${version}_$architecture.deb" >/dev/null
echo "$out/${name}_${version}_$architecture.deb"
