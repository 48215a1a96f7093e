#include "tests/upstream/http/peers/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/service/child_process.h"

namespace gateway::http {
namespace {

constexpr char kInside[] = "uplink";

void Require(bool good, absl::string_view what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", std::string(what).c_str());
  std::abort();
}

// A network of the benchmark range (RFC 2544), chosen by process ID.
std::string OwnNet() { return absl::StrCat("198.18.", getpid() % 250 + 1); }

Ended TryIp(const std::string& arguments) {
  std::vector<std::string> words = absl::StrSplit(arguments, ' ');
  words.insert(words.begin(), "/usr/sbin/ip");
  return RunProgram(std::move(words));
}

void Ip(const std::string& arguments) {
  const Ended ended = TryIp(arguments);
  Require(ended.exit_code == 0, absl::StrCat("ip ", arguments, ": ", ended.err));
}

}  // namespace

bool NetworkNamespace::IsPermitted(std::string& why) {
  if (access("/usr/sbin/ip", X_OK) != 0) {
    why = "iproute2 is not installed (tools/scripts/packages-peers.txt)";
    return false;
  }
  const std::string name = absl::StrCat("gateway-probe-", getpid());
  const std::string interface = absl::StrCat("gwp", getpid());
  const Ended made = TryIp("netns add " + name);
  const Ended linked = TryIp(
      absl::StrCat("link add ", interface, " type veth peer name ", kInside, " netns ", name));
  TryIp("link del " + interface);
  TryIp("netns del " + name);
  why = absl::StrCat("network namespaces are not permitted: ", made.err, linked.err);
  return made.exit_code == 0 && linked.exit_code == 0;
}

std::string NetworkNamespace::Address() { return OwnNet() + ".2"; }

NetworkNamespace::NetworkNamespace(absl::string_view name)
    : namespace_(absl::StrCat("gateway-", name, "-", getpid())),
      interface_(absl::StrCat("gw", name, getpid())) {
  const std::string here = OwnNet() + ".1";
  const std::string inside = absl::StrCat("-n ", namespace_, " ");
  Ip("netns add " + namespace_);
  Ip(absl::StrCat("link add ", interface_, " type veth peer name ", kInside, " netns ",
                  namespace_));
  Ip(absl::StrCat("addr add ", here, "/32 dev ", interface_));
  Ip(absl::StrCat("link set ", interface_, " up"));
  Ip(absl::StrCat(inside, "addr add ", Address(), "/32 dev ", kInside));
  Ip(absl::StrCat(inside, "link set ", kInside, " up"));
  Ip(absl::StrCat(inside, "route add ", here, "/32 dev ", kInside));
}

NetworkNamespace::~NetworkNamespace() {
  TryIp("link del " + interface_);
  TryIp("netns del " + namespace_);
}

void NetworkNamespace::TakeAddress() {
  Ip(absl::StrCat("route replace ", Address(), "/32 dev ", interface_, " src ", OwnNet(), ".1"));
}

void NetworkNamespace::CutOff() {
  Ip(absl::StrCat("-n ", namespace_, " link set ", kInside, " down"));
}

void NetworkNamespace::Run(const std::function<void()>& action) const {
  std::thread thread([&] {
    const int fd = open(absl::StrCat("/run/netns/", namespace_).c_str(), O_RDONLY | O_CLOEXEC);
    Require(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, "entering the namespace");
    close(fd);
    action();
  });
  thread.join();
}

}  // namespace gateway::http
