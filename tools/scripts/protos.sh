#!/bin/bash
# Packs the protos for other repositories: BUILD/billing-gateway-protos-VERSION.tar.gz.
#
#   tools/scripts/protos.sh BUILD
#
# In it: proto/ (google/api stands beside ours, so nothing else is needed), descriptors.binpb (a google.protobuf.FileDescriptorSet
# with imports and comments), service-config.json (retries for gRPC clients), CHANGELOG.md, README.md. The same sources give the
# same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
version=$(sed -n 's/^project(billing_gateway VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=billing-gateway-protos-$version
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
target=$folder/$name

mkdir -p "$target" "$build"
(cd proto && find . \( -name '*.proto' -o -name 'buf*.yaml' \) -print0 | sort -z | xargs -0 cp --parents -t "$folder")
mkdir "$target/proto"
find "$folder" -mindepth 1 -maxdepth 1 ! -name "$name" -exec mv -t "$target/proto" {} +
mapfile -t protos < <(cd "$target/proto" && find . -name '*.proto' -printf '%P\n' | sort)
protoc "-I$target/proto" --include_imports --include_source_info "--descriptor_set_out=$target/descriptors.binpb" "${protos[@]}"
cp docs/clients/service-config.json CHANGELOG.md "$target/"
sed "s/@VERSION@/$version/g" docs/clients/protos.md >"$target/README.md"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -C "$folder" -cf - "$name" |
  gzip -9 -n >"$build/$name.tar.gz"
echo "$build/$name.tar.gz"
