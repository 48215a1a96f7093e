#!/bin/bash
# Runs a command beside a Kubernetes of one node, in network, mount and process namespaces of its own: when the command
# ends, so does all of it. Needs root. KUBECONFIG is set for the command.
# Usage: k8s-node.sh PROGRAMS WORK COMMAND...   (PROGRAMS: of k8s-binaries.sh; WORK: a folder, emptied first)
#
# IMAGES, in the environment, are archives for the node to load; PAUSE_IMAGE is the one among them that holds a pod's
# namespaces. There is no DNS, and no NetworkPolicy is enforced.
set -euo pipefail

# Of the control groups that a kubelet makes, which belong to the whole machine.
groups_of_pods() { find /sys/fs/cgroup -depth -type d -path '*/kubepods*' 2>/dev/null || true; }

if [ "${INSIDE:-}" != 1 ]; then
  [ "$(id -u)" -eq 0 ] || { echo "k8s-node: needs root" >&2; exit 1; }
  [ -z "$(groups_of_pods)" ] || { echo "k8s-node: this machine is a node already" >&2; exit 1; }
  result=0
  INSIDE=1 unshare --net --mount --pid --fork --mount-proc --kill-child --propagation private "$0" "$@" || result=$?
  groups_of_pods | xargs --no-run-if-empty rmdir
  exit $result
fi

programs=$(realpath "$1")
rm -rf "$2"
mkdir -p "$2"/{certs,cni,etcd}
work=$(realpath "$2")
shift 2

fail() {
  echo "k8s-node: $*" >&2
  exit 1
}

# comes WHAT SECONDS COMMAND...: waits until the command succeeds.
comes() {
  local what=$1 until=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || fail "$what does not come; see $work/*.log"
    sleep 0.3
  done
}

# in_background NAME COMMAND...: its output in a log of that name.
in_background() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
}

# The kubelet sets these for the whole machine.
settings=(vm/overcommit_memory kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes)
for setting in "${settings[@]}"; do
  echo "$setting $(cat "/proc/sys/$setting")"
done >"$work/settings"
# shellcheck disable=SC2317  # called by a trap
put_back() {
  local setting value
  while read -r setting value; do
    echo "$value" >"/proc/sys/$setting"
  done <"$work/settings"
}
trap put_back EXIT

chmod 700 "$work/etcd"
ip link set lo up
ip link add node0 type bridge
ip addr add 10.99.0.1/24 dev node0
ip link set node0 up
ip route add default dev node0
mount --bind "$work" "$work"
mount --make-shared "$work"
echo 1 >/proc/sys/net/ipv4/ip_forward
cd "$work"

in_background etcd etcd --data-dir etcd --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379

token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >tokens.csv
openssl genrsa -out certs/sa.key 2048 2>/dev/null
cat >kubeconfig <<CONFIG
{"apiVersion": "v1", "kind": "Config", "current-context": "node",
 "clusters": [{"name": "node", "cluster": {"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": true}}],
 "users": [{"name": "admin", "user": {"token": "$token"}}],
 "contexts": [{"name": "node", "context": {"cluster": "node", "user": "admin"}}]}
CONFIG
export KUBECONFIG=$work/kubeconfig

in_background apiserver "$programs/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
  --bind-address=127.0.0.1 --advertise-address=10.99.0.1 --secure-port=6443 --insecure-port=0 --cert-dir=certs \
  --service-account-key-file=certs/sa.key --service-account-signing-key-file=certs/sa.key \
  --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.0.0.0/24 \
  --token-auth-file=tokens.csv --authorization-mode=RBAC --allow-privileged=true \
  --kubelet-preferred-address-types=InternalIP
comes "the API server" 90 kubectl get --raw /readyz
in_background controllers "$programs/kube-controller-manager" --kubeconfig=kubeconfig --leader-elect=false \
  --service-account-private-key-file=certs/sa.key --root-ca-file=certs/apiserver.crt --cert-dir=certs \
  '--controllers=*,-nodeipam,-route,-service' --bind-address=127.0.0.1
in_background scheduler "$programs/kube-scheduler" --kubeconfig=kubeconfig --leader-elect=false --bind-address=127.0.0.1 \
  --cert-dir=certs

cat >cni/pods.conflist <<'CNI'
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
CNI
cat >containerd.toml <<CONFIG
version = 2
root = "$work/containers"
state = "$work/state"
[grpc]
  address = "$work/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
CONFIG
in_background containerd containerd -c containerd.toml
containers() { ctr --address "$work/containerd.sock" "$@"; }
comes "containerd" 30 containers version
for image in $IMAGES; do
  containers --namespace k8s.io images import "$image" >/dev/null
done

cat >kubelet.json <<'CONFIG'
{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "cgroupDriver": "cgroupfs",
 "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
 "authorization": {"mode": "AlwaysAllow"}, "failSwapOn": false,
 "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"}}
CONFIG
in_background kubelet "$programs/kubelet" --config kubelet.json --kubeconfig kubeconfig --container-runtime=remote \
  --container-runtime-endpoint="unix://$work/containerd.sock" --hostname-override=node --root-dir="$work/kubelet" \
  --cert-dir="$work/kubelet-certs" --node-ip=10.99.0.1
cat >proxy.json <<CONFIG
{"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
 "clientConnection": {"kubeconfig": "$work/kubeconfig"}, "clusterCIDR": "10.244.0.0/24", "hostnameOverride": "node",
 "conntrack": {"maxPerCore": 0, "min": 0}}
CONFIG
in_background proxy "$programs/kube-proxy" --config proxy.json
# shellcheck disable=SC2317  # called by comes
node_is_ready() { kubectl get nodes | grep -q ' Ready'; }
comes "the node" 90 node_is_ready

result=0
"$@" || result=$?
kubectl delete deployments,pods --all --all-namespaces --grace-period=1 --timeout=30s >/dev/null 2>&1 || true
exit $result
