#!/bin/bash
# Collects the root file system of an image that has one program and no shell: the program, stripped; the libraries
# that its loader would load; CA certificates; the few files that the C library reads; the copyright of all that, and
# a list of it (CycloneDX) in /usr/share/sbom/.
# Usage: image-root.sh PROGRAM ROOT   (ROOT must not exist)
set -euo pipefail

program=$1
root=$2
name=$(basename "$program")
# Not libraries at run time, but in the program: headers, and the descriptors of google/api and google/rpc.
compiled_in=(nlohmann-json3-dev)
[ "$name" != provider-sandbox ] || compiled_in+=("$(dpkg-query -S /usr/include/boost/version.hpp | cut -d : -f 1)")
[ "$name" != billing-gateway ] || compiled_in+=(golang-github-gogo-googleapis-dev)

[ ! -e "$root" ] || { echo "image-root: $root is there already" >&2; exit 1; }
mkdir -p "$root"/{etc/ssl/certs,etc/billing-gateway,usr/bin,usr/lib64,usr/share/sbom}
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
strip -o "$root/usr/bin/$name" "$program"

# Debian's /lib is a link to /usr/lib, and its packages own files under either name.
packages=()
own() {
  local owner
  owner=$(dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "${1#/usr}") || {
    echo "image-root: no package owns $1" >&2
    exit 1
  }
  packages+=("${owner%%[:,]*}")
}

mapfile -t libraries < <(ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p')
[ ${#libraries[@]} -gt 2 ] || { echo "image-root: ldd finds no libraries of $program" >&2; exit 1; }
for library in "${libraries[@]}"; do
  own "$(readlink -f "$library")"
  install -D -m 644 "$library" "$root/usr/${library#/usr}"
done
chmod 755 "$root"/usr/lib64/*

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
packages+=(ca-certificates)
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

mapfile -t packages < <(printf '%s\n' "${packages[@]}" "${compiled_in[@]}" | sort -u)
for package in "${packages[@]}"; do
  install -D -m 644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done

# shellcheck disable=SC1091  # as of the system that the image is made of
distro=$(. /etc/os-release && echo "$ID-$VERSION_ID")

# What a package URL does not take as it is.
purl() { sed -e 's/%/%25/g' -e 's/+/%2B/g' -e 's/:/%3A/g' <<<"$1"; }

version=$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' "$(dirname "$0")/../../CMakeLists.txt")
{
  printf '{"bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1,\n'
  printf ' "metadata": {"component": {"type": "application", "name": "%s", "version": "%s"}},\n' "$name" "$version"
  printf ' "components": ['
  separator=
  for package in "${packages[@]}"; do
    # shellcheck disable=SC2016  # dpkg-query's own variables
    read -r release source architecture < <(
      dpkg-query -W -f '${Version} ${source:Package} ${Architecture}\n' "$package" | head -n 1)
    printf '%s\n  {"type": "library", "name": "%s", "version": "%s", "purl": "pkg:deb/debian/%s@%s?arch=%s&distro=%s",' \
      "$separator" "$package" "$release" "$(purl "$package")" "$(purl "$release")" "$architecture" "$distro"
    printf '\n   "properties": [{"name": "debian:source", "value": "%s"}]}' "$source"
    separator=,
  done
  printf '\n ]}\n'
} >"$root/usr/share/sbom/$name.cdx.json"

echo "$root: ${#libraries[@]} libraries of ${#packages[@]} packages, $(du -sm "$root" | cut -f 1) MB"
