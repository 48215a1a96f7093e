// Writes the messages of the load test into a folder: for each measured call, a request with gRPC's
// length-prefixed framing, and the upstream's answer.
//
//   write_messages DIR   ->   checkout.request, checkout.body, checkout.json, order.request...
//
// For requests with a body, also writes the JSON, for clients that post it directly.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bench/messages.h"

namespace gateway::bench {
namespace {

void Write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// Adds gRPC's message prefix: the flag "not compressed" and the length in network byte order.
std::string Framed(const std::string& message) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>((message.size() >> static_cast<unsigned>(shift)) & 0xff));
  }
  return frame + message;
}

void WriteAll(const std::filesystem::path& folder) {
  const Checkout checkout(2);
  Write(folder / "checkout.request", Framed(checkout.message));
  Write(folder / "checkout.body", checkout.json);
  Write(folder / "checkout.json", checkout.reply);
  const SmallCheckout small;
  Write(folder / "small.request", Framed(small.message));
  Write(folder / "small.body", small.json);
  const Order order;
  Write(folder / "order.request", Framed(order.message));
  Write(folder / "order.json", order.reply);
  const Orders orders;
  Write(folder / "orders.request", Framed(orders.request));
  Write(folder / "orders.json", orders.response.body);
}

}  // namespace
}  // namespace gateway::bench

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  gateway::bench::WriteAll(argv[1]);
}
