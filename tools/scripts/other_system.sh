#!/bin/bash
# Runs `make TARGET` on another system, in a root that debootstrap makes. Needs root, debootstrap and a mirror.
#
#   other_system.sh debian13|ubuntu2404 TARGET [VARIABLE=VALUE...]
#
# ROOT, in the environment, is the root's folder (/var/tmp/billing-gateway-SYSTEM), made once and kept; the tree is copied to /src
# in it. PACKAGES are installed there first. UBUNTU_MIRROR replaces http://archive.ubuntu.com/ubuntu; Debian comes from this machine's mirror.
# The root shares this machine's network: where addresses are taken, SANDBOX_LISTEN and GATEWAY_LISTEN are handed on.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."

system=${1:?debian13 or ubuntu2404}
shift
root=${ROOT:-/var/tmp/billing-gateway-$system}

fail() {
  echo "$system: $*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "debootstrap needs root"
command -v debootstrap >/dev/null || fail "there is no debootstrap: apt-get install debootstrap"

# The mirror of this machine, in either form of its sources.
debian_mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | sed '/security/d' | sed -n 1p
}

# Debian has no package of Ubuntu's keys: Ubuntu's, known by its hash.
ubuntu_keys() {
  local package=ubuntu-keyring_2023.11.28.1_all.deb
  curl -sSf -o "$root.keys.deb" "$mirror/pool/main/u/ubuntu-keyring/$package"
  echo "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8  $root.keys.deb" | sha256sum --check --quiet >&2
  dpkg-deb --fsys-tarfile "$root.keys.deb" | tar -xO ./usr/share/keyrings/ubuntu-archive-keyring.gpg
  rm "$root.keys.deb"
}

case $system in
  debian13)
    release=trixie
    components=main
    mirror=$(debian_mirror) || true
    [ -n "$mirror" ] || fail "found no mirror in /etc/apt"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    script=/usr/share/debootstrap/scripts/sid
    ;;
  ubuntu2404)
    release=noble
    components=main,universe
    mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}
    keys=$root.keys.gpg
    script=/usr/share/debootstrap/scripts/gutsy # that of all later ones
    ;;
  *)
    fail "there is no such system: debian13 or ubuntu2404"
    ;;
esac

if [ ! -e "$root/ready" ]; then
  rm -rf "$root"
  [ "$system" != ubuntu2404 ] || ubuntu_keys >"$keys" || fail "cannot get Ubuntu's keys from $mirror"
  debootstrap --variant=minbase --components="$components" --keyring="$keys" "$release" "$root" "$mirror" "$script" \
    >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    fail "cannot make it from $mirror: all of it is in $root.log"
  }
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # How this machine reaches the mirror.
  { grep -lis acquire /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true; } | xargs -r cp -t "$root/etc/apt/apt.conf.d/"
  # Packages start no servers there.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  touch "$root/ready"
fi

# What git knows, as it stands. The build in the root stays, and its next run compiles what changed.
mkdir -p "$root/src"
git ls-files --cached --others --exclude-standard | sort | while read -r file; do [ ! -f "$file" ] || echo "$file"; done >"$root/files.new"
if [ -f "$root/files" ]; then comm -23 "$root/files" "$root/files.new" | (cd "$root/src" && xargs -r -d '\n' rm -f); fi
mv "$root/files.new" "$root/files"
tar -cf - -T "$root/files" | tar -C "$root/src" -xf -

# In a mount namespace of its own, so that nothing stays mounted.
# shellcheck disable=SC2016  # expanded by the inner shell
exec unshare --mount bash -euc '
  root=$1
  shift
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  export HOME=/root TMPDIR=/tmp
  chroot "$root" sh -c "command -v make >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends make; }"
  # shellcheck disable=SC2086  # a list of words
  [ -z "${PACKAGES:-}" ] || chroot "$root" apt-get install -qy --no-install-recommends $PACKAGES
  chroot "$root" make -C /src "$@"
' bash "$root" "$@"
