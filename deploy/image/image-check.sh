#!/bin/bash
# Runs the gateway's image beside the sandbox's as a cluster would run it, and looks whether it behaves: as nobody, on a
# read-only root, without capabilities, within its memory under load, ready at once, gone with exit code 0.
# Usage: image-check.sh BUILD_DIR [TAG]   (BUILD_DIR holds grpc-call, the client)
#
# SECONDS_OF_LOAD (20), MEMORY (128m) and MAX_MB (120), in the environment, are what it says; TRACKER is a file with the data
# of Debian's security tracker.
set -euo pipefail
cd "$(dirname "$0")/../.."

project=$PWD
build=$(realpath "$1")
tag=${2:-dev}
gateway_image=localhost/billing-gateway:$tag
sandbox_image=localhost/provider-sandbox:$tag
memory=${MEMORY:-128m}
max_mb=${MAX_MB:-120}
failures=0

fail() {
  echo "image-check: $*" >&2
  exit 1
}

# check WHAT COMMAND...: one line of the report.
check() {
  local what=$1
  shift
  if "$@"; then
    echo "ok      $what"
  else
    echo "FAILED  $what"
    failures=$((failures + 1))
  fi
}

tools/scripts/install-packages.sh deploy/image/packages-image.txt ||
  fail "needs podman: see deploy/image/packages-image.txt"
command -v podman >/dev/null || fail "there is no podman"
[ -x "$build/grpc-call" ] || fail "no $build/grpc-call: build it first"
for image in "$gateway_image" "$sandbox_image"; do
  podman image exists "$image" || fail "no image $image: make image"
done

work=$(mktemp -d)
pod=billing-gateway-check-$$
# shellcheck disable=SC2317  # called by a trap
clean_up() {
  # shellcheck disable=SC2046  # words
  kill $(jobs -p) 2>/dev/null || true
  podman pod rm --force --time 1 "$pod" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Some machines allow less than podman asks for by itself.
cat >"$work/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=10000:10000"]
[engine]
runtime = "runc"
CONF
export CONTAINERS_CONF=$work/containers.conf
cd "$work" # where podman leaves a file when the kernel ends a container for its memory

cat >"$work/config.json" <<'CONFIG'
{
  "listen": "0.0.0.0:50051",
  "server": {"allow_plaintext": true},
  "metrics": {"listen": "0.0.0.0:9464"},
  "upstreams": {
    "paynow": {
      "base_url": "http://127.0.0.1:8080",
      "default_store": "411486491630370816",
      "api_key": {"file": "/var/run/secrets/billing-gateway/paynow/api-key"}
    }
  }
}
CONFIG
echo pnapi_v1_sandbox >"$work/api-key"
chmod -R a+rX "$work"

hardened=(--read-only --read-only-tmpfs=false --cap-drop=ALL --security-opt=no-new-privileges --pod "$pod")
podman pod create --name "$pod" --publish 127.0.0.1::50051 --publish 127.0.0.1::9464 >/dev/null
podman run --detach --name "$pod-sandbox" "${hardened[@]}" --memory=64m "$sandbox_image" >/dev/null

address() { podman port "$pod-gateway" "$1" 2>/dev/null | head -n 1; }

ready() { "$build/grpc-call" -plaintext "$1" list >/dev/null 2>&1; }

podman create --name "$pod-gateway" "${hardened[@]}" --memory="$memory" \
  --volume "$work/config.json:/etc/billing-gateway/config.json:ro" \
  --volume "$work/api-key:/var/run/secrets/billing-gateway/paynow/api-key:ro" "$gateway_image" >/dev/null
podman start "$pod-gateway" >/dev/null
gateway=$(address 50051)
for _ in $(seq 100); do
  ready "$gateway" && break
  sleep 0.1
done
ready "$gateway" || { podman logs "$pod-gateway" >&2; fail "the gateway does not become ready"; }

pid=$(podman inspect --format '{{.State.Pid}}' "$pod-gateway")
status() { awk -v "key=$1:" '$1 == key {print $2}' "/proc/$pid/status"; }

# From the process's own start, which the kernel counts in ticks since boot, to the line that it serves.
ready_ms() {
  local ticks uptime served now
  ticks=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
  served=$(podman logs "$pod-gateway" 2>&1 | sed -n 's/.*"event":"serving".*/&/p' | jq -r .time | head -n 1)
  served=$(date -d "$served" +%s.%N)
  uptime=$(cut -d ' ' -f 1 /proc/uptime)
  now=$(date +%s.%N)
  awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v up="$uptime" -v now="$now" -v served="$served" \
    'BEGIN {printf "%.0f", (served - (now - up + t / hz)) * 1000}'
}

checkout='{"body": {"customer_id": "411486491630370817", "return_url": "https://shop.example/thanks",
  "lines": [{"product_id": "411486491630370818", "quantity": 2}]}}'
load() {
  local until=$((SECONDS + ${SECONDS_OF_LOAD:-20}))
  while [ $SECONDS -lt $until ]; do
    "$build/grpc-call" -plaintext -d '{"limit": 100}' "$gateway" paynow.management.v1.OrdersService/GetOrders &&
      "$build/grpc-call" -plaintext -d "$checkout" "$gateway" paynow.management.v1.CheckoutService/CreateCheckoutSession
  done >/dev/null 2>>"$work/load.err" || echo failed >>"$work/load.err"
}
loads=()
for _ in 1 2 3 4 5 6 7 8; do
  load &
  loads+=($!)
done
wait "${loads[@]}"

metrics=$(curl -sf "http://$(address 9464)/metrics" || true)
calls=$(awk '/^rpc_server_calls_total\{.*outcome="ok"/ {n += $NF} END {print n + 0}' <<<"$metrics")

# Of the memory controller, in either of its versions: the limit and the most that was used.
memory_of() {
  local group
  if group=$(awk -F : '$2 ~ /(^|,)memory(,|$)/ {print $3; found = 1} END {exit !found}' "/proc/$pid/cgroup"); then
    cat "/sys/fs/cgroup/memory$group/$1"
  else
    cat "/sys/fs/cgroup$(cut -d : -f 3 "/proc/$pid/cgroup")/$2"
  fi
}
limit=$(memory_of memory.limit_in_bytes memory.max)
peak=$(memory_of memory.max_usage_in_bytes memory.peak 2>/dev/null || echo "$(($(status VmHWM) * 1024))")
size=$(podman image inspect --format '{{.Size}}' "$gateway_image" | awk '{printf "%.1f", $1 / 1e6}')
sandbox_size=$(podman image inspect --format '{{.Size}}' "$sandbox_image" | awk '{printf "%.1f", $1 / 1e6}')

is_limited() { [ "$limit" = "$(podman inspect --format '{{.HostConfig.Memory}}' "$pod-gateway")" ]; }
is_running() { [ "$(podman inspect --format '{{.State.Running}}' "$pod-gateway")" = true ]; }
no_failure() { [ ! -s "$work/load.err" ] && [ "$calls" -gt 0 ]; }
root_is_read_only() { awk '$5 == "/" && $6 ~ /^ro(,|$)/ {found = 1} END {exit !found}' "/proc/$pid/mountinfo"; }
no_shell() {
  local files
  files=$(podman export "$pod-gateway" | tar -t)
  ! grep -Eq '(^|/)(ba|da|z)?sh$|/busybox$' <<<"$files"
}
not_root() { [ "$(status Uid)" != 0 ] && [ "$(status Gid)" != 0 ]; }
no_capabilities() { [ "$((16#$(status CapEff)))" -eq 0 ] && [ "$((16#$(status CapBnd)))" -eq 0 ]; }
no_new_privileges() { [ "$(status NoNewPrivs)" = 1 ]; }
labelled() {
  podman image inspect "$1" | jq -e '.[0].Labels | has("org.opencontainers.image.title")
    and has("org.opencontainers.image.version") and has("org.opencontainers.image.revision")' >/dev/null
}
# Every library file of the image belongs to a package of the list.
has_sbom() {
  mkdir -p "$work/root"
  podman export "$pod-gateway" | tar -C "$work/root" -x usr/share
  jq -e '.bomFormat == "CycloneDX" and (.components | length) > 10
    and all(.components[]; .name and .version and (.purl | startswith("pkg:deb/debian/")))
    and any(.components[]; .name | startswith("libcurl4")) and any(.components[]; .name == "libc6")' \
    "$work/root/usr/share/sbom/billing-gateway.cdx.json" >/dev/null
}

# Debian's list of holes: a file (TRACKER), or from Debian where it can be reached.
tracker=${TRACKER:-$work/tracker.json}
[ -f "$tracker" ] ||
  curl -sf --max-time 120 -o "$tracker" https://security-tracker.debian.org/tracker/data/json || rm -f "$tracker"
no_mended_hole() {
  "$project/deploy/image/holes.py" "$work/root/usr/share/sbom/billing-gateway.cdx.json" "$tracker" >"$work/holes" ||
    { grep '^mended' "$work/holes"; return 1; }
}

start_ms=$(ready_ms)
check "runs as uid $(status Uid), gid $(status Gid)" not_root
check "has no capability, and cannot get one" no_capabilities
check "cannot gain privileges" no_new_privileges
check "its root is mounted read-only" root_is_read_only
check "has no shell" no_shell
check "the images are labelled" labelled "$gateway_image"
check "the sandbox's image is labelled" labelled "$sandbox_image"
check "lists what is in it: /usr/share/sbom/billing-gateway.cdx.json" has_sbom
if [ -f "$tracker" ]; then
  check "has no hole that Debian has mended" no_mended_hole
  tail -n 1 "$work/holes"
else
  echo "left out: known holes (Debian's security tracker cannot be reached; TRACKER=file)"
fi
check "$calls calls in ${SECONDS_OF_LOAD:-20} s of load, none failed" no_failure
check "its memory is limited to $((limit >> 20)) MiB" is_limited
check "kept within it: $((peak >> 20)) MiB at most, $(($(status VmHWM) / 1024)) MiB resident" is_running
podman stop --time 40 "$pod-gateway" >/dev/null
ended=$(podman inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' "$pod-gateway")
check "ends by SIGTERM with exit code ${ended% *}, not by the memory limit" test "$ended" = "0 false"
check "is $size MB (limit $max_mb)" test "${size%.*}" -lt "$max_mb"
echo "        the sandbox's image is $sandbox_size MB"
echo "        ready $start_ms ms after the start of the process (goal: 1000 on a machine with nothing else to do)"

[ "$failures" -eq 0 ] || fail "$failures checks failed"
