#!/bin/bash
# Builds the images of the gateway and of the sandbox with buildah, which needs no daemon.
# Usage: image.sh [TAG]   makes localhost/billing-gateway:TAG and localhost/provider-sandbox:TAG (TAG: dev)
#
# RELEASE, in the environment, is the Debian to build on (bookworm, or trixie), BASE an image of it. Without BASE Debian's own
# slim image is taken, by its digest, and where no registry can be reached, one that debootstrap makes from this machine's mirror.
# Its packages are upgraded.
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=${1:-dev}
release=${RELEASE:-bookworm}
slim=docker.io/library/debian:$release-slim
made=localhost/debian-$release-minbase:latest

fail() {
  echo "image: $*" >&2
  exit 1
}

tools/scripts/install-packages.sh deploy/image/packages-image.txt ||
  fail "needs buildah and podman: see deploy/image/packages-image.txt"
command -v buildah >/dev/null || fail "there is no buildah"

bootstrap() {
  local work
  [ "$(id -u)" -eq 0 ] || fail "no registry can be reached, and debootstrap needs root: set BASE"
  work=$(mktemp -d)
  debootstrap --variant=minbase "$release" "$work/root" >"$work/log" 2>&1 || {
    tail -n 5 "$work/log" >&2
    rm -rf "$work"
    fail "neither a registry nor a Debian mirror can be reached: set BASE"
  }
  # Security updates, as in Debian's own image.
  if [ -f /etc/apt/sources.list.d/debian.sources ]; then
    rm -f "$work/root/etc/apt/sources.list"
    # shellcheck disable=SC1091
    sed "s/\b$(. /etc/os-release && echo "$VERSION_CODENAME")\b/$release/g" /etc/apt/sources.list.d/debian.sources \
      >"$work/root/etc/apt/sources.list.d/debian.sources"
  fi
  tar -C "$work/root" -c . | podman import --quiet - "$made" >/dev/null
  rm -rf "$work"
}

if [ -z "${BASE:-}" ]; then
  # The newest, if it can be had. The image says which it was (billing-gateway.packages-from).
  if timeout 60 podman pull --quiet "$slim" >/dev/null 2>&1 || podman image exists "$slim"; then
    BASE=$(podman image inspect --format '{{index .RepoDigests 0}}' "$slim" 2>/dev/null || echo "$slim")
  else
    podman image exists "$made" || { echo "image: no registry; making a base by debootstrap"; bootstrap; }
    BASE=$made
  fi
fi
echo "image: on $BASE"

version=$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
for target in gateway sandbox; do
  image=localhost/billing-gateway:$tag
  [ $target = gateway ] || image=localhost/provider-sandbox:$tag
  # The layers that both share are built once. The commit's time makes equal sources equal images.
  buildah bud --isolation=chroot --pull-never --layers --timestamp "$when" --file deploy/image/Dockerfile \
    --target $target --build-arg BASE="$BASE" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    --build-arg JOBS="${JOBS:-$(nproc)}" --build-arg UPDATED="$(date +%G-%V)" --tag "$image" .
  echo "image: $image, $(podman image inspect --format '{{.Size}}' "$image" | awk '{printf "%.1f MB", $1 / 1e6}')"
done
