#!/bin/bash
# Runs `make TARGET` on Debian 13, in a root made by debootstrap from this machine's mirror. Needs root and debootstrap.
# Usage: debian13.sh TARGET...
# DEBIAN13 is the root (/var/tmp/billing-gateway-debian13), made once and kept; the tree is copied to /src in it.
set -euo pipefail
cd "$(dirname "$0")/../.."

root=${DEBIAN13:-/var/tmp/billing-gateway-debian13}
release=trixie

fail() {
  echo "debian13: $*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "debootstrap needs root"
command -v debootstrap >/dev/null || fail "there is no debootstrap: apt-get install debootstrap"

# The mirror of this machine, in either form of its sources.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | sed '/security/d' | sed -n 1p) || true
[ -n "$mirror" ] || fail "found no mirror in /etc/apt"

if [ ! -e "$root/ready" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    fail "cannot make a Debian 13 from $mirror: all of it is in $root.log"
  }
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # How this machine reaches the mirror.
  { grep -lis acquire /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true; } | xargs -r cp -t "$root/etc/apt/apt.conf.d/"
  touch "$root/ready"
fi

mounted=()
# shellcheck disable=SC2317  # called by a trap
unmount() {
  local place
  for place in "${mounted[@]}"; do umount -R -l "$place" || true; done
}
trap unmount EXIT
for place in proc dev; do
  mountpoint -q "$root/$place" || { mount --rbind --make-rslave "/$place" "$root/$place" && mounted+=("$root/$place"); }
done

# What git knows, as it stands: the build in the root stays, and its next run compiles what changed.
mkdir -p "$root/src"
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -cf - -T - | tar -C "$root/src" -xf -
chroot "$root" sh -c 'command -v make >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends make; }'
chroot "$root" env HOME=/root TMPDIR=/tmp make -C /src "$@"
