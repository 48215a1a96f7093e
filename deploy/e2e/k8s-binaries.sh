#!/bin/bash
# Builds the five programs of a Kubernetes node, 1.20.2, from Debian's source package with Debian's Go: the newest that
# Debian 12 has. Takes some minutes, once.
# Usage: k8s-binaries.sh DIRECTORY   (what is there already is kept)
set -euo pipefail

directory=$1
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
archive=kubernetes_1.20.5+really1.20.2.orig.tar.gz
sha256=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc

fail() {
  echo "k8s-binaries: $*" >&2
  exit 1
}

complete() {
  local program
  for program in "${programs[@]}"; do
    [ -x "$directory/$program" ] || return 1
  done
}
complete && exit 0

mkdir -p "$directory"
directory=$(realpath "$directory")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
echo "k8s-binaries: building Kubernetes 1.20.2 from Debian's source package"
curl --fail --silent --show-error --location --output "$archive" \
  "${mirror:-http://deb.debian.org/debian}/pool/main/k/kubernetes/$archive" || fail "cannot fetch $archive"
echo "$sha256  $archive" | sha256sum --check --quiet || fail "$archive is not the one that is known"
tar xf "$archive"
cd kubernetes-1.20.2

# The reflect2 that comes with it crashes when built with a Go later than 1.17; Debian's does not.
(cd "$work" && apt-get download golang-github-modern-go-reflect2-dev >/dev/null 2>&1 && 
  dpkg-deb -x golang-github-modern-go-*.deb reflect2)
rm -rf vendor/github.com/modern-go/reflect2
cp -r "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/
rm vendor/github.com/modern-go/reflect2/go.mod

mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
build() {
  local cgo=$1
  shift
  env PATH="/usr/lib/go-1.19/bin:$PATH" GOPATH="$PWD/.go" GOCACHE="$work/cache" GOFLAGS="-p=$(nproc)" CGO_ENABLED="$cgo" \
    KUBE_GIT_VERSION=v1.20.2 make WHAT="$*" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; fail "the build of $* fails"; }
}
build 0 cmd/kube-apiserver cmd/kube-controller-manager cmd/kube-scheduler
build 1 cmd/kubelet cmd/kube-proxy
cp _output/local/go/bin/* "$directory/"
complete || fail "the build left something out"
