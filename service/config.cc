#include "service/config.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

// Nothing for what cannot be read to its end, a directory for example.
std::optional<std::string> ReadFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream ||
      (stream.peek() != std::ifstream::traits_type::eof() && !(text << stream.rdbuf()))) {
    return std::nullopt;
  }
  if (stream.bad()) return std::nullopt;
  return text.str();
}

// "line 3, column 14" of a byte counted from 1.
std::string Position(absl::string_view text, size_t byte) {
  const absl::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t line_start = before.rfind('\n') + 1;
  return absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ",
                      1 + before.size() - line_start);
}

// For settings that are narrower in their own struct.
template <typename Integer>
void ReadInteger(Section& section, absl::string_view key, absl::string_view documentation,
                 Integer& value, int64_t minimum, int64_t maximum) {
  auto wide = static_cast<int64_t>(value);
  section.Read(key, documentation, wide, minimum, maximum);
  value = static_cast<Integer>(wide);
}

KeySource ReadKeySource(Section& parent, absl::string_view documentation) {
  KeySource source;
  Section section = parent.Child("api_key", documentation);
  section.Read("file", "File that holds the key; a line end after it is ignored.", source.file);
  section.Read("env", "Environment variable that holds the key, if not a file.", source.env);
  if (section.present() && source.file.empty() == source.env.empty()) {
    section.Fail("", "set either file or env");
  }
  return source;
}

void ReadPool(Section& parent, http::Options& pool) {
  Section section = parent.Child("pool", "The pool of connections to this upstream.");
  ReadInteger(section, "event_loops",
              "Threads that do the upstream's I/O; pool and queue are split evenly between them.",
              pool.event_loops, 1, 64);
  ReadInteger(section, "max_connections",
              "Connections. Over HTTP/1.1 also the number of requests in flight.",
              pool.max_connections, 1, 10000);
  if (pool.max_connections < pool.event_loops) {
    section.Fail("max_connections", "must be at least event_loops");
  }
  ReadInteger(section, "max_streams_per_connection",
              "Requests in flight on one connection where HTTP/2 was negotiated.",
              pool.max_streams_per_connection, 1, 10000);
  ReadInteger(section, "max_queued",
              "Calls that wait for a connection; one more is refused with UNAVAILABLE, not_sent.",
              pool.max_queued, 0, 1000000);
  section.Read("connect_timeout", "DNS, TCP and TLS together.", pool.connect_timeout,
               absl::Milliseconds(1));
  section.Read("max_connection_age", "A connection is not reused after this age.",
               pool.max_connection_age, absl::Seconds(1));
  section.Read("max_connection_idle", "A connection is not reused after this time without a call.",
               pool.max_connection_idle, absl::Seconds(1));
  section.Read("tcp_keepalive", "Time between TCP keep-alive probes; 0s for none.",
               pool.tcp_keepalive);
  ReadInteger(section, "max_header_bytes", "Largest header block of a reply.",
              pool.max_header_bytes, 1024, int64_t{16} * 1024 * 1024);
  ReadInteger(section, "max_body_bytes", "Largest body of a reply, after decompression.",
              pool.max_body_bytes, 1024, int64_t{1024} * 1024 * 1024);
}

UpstreamConfig ReadUpstream(Section& section) {
  UpstreamConfig upstream;
  section.Read("base_url",
               "Scheme, host and optionally port and path, without a slash at the end. Required.",
               upstream.base_url);
  if (section.present() && upstream.base_url.empty()) section.Fail("base_url", "is required");
  section.Read("default_store", "Store of a request that names none; empty: it must name one.",
               upstream.default_store);
  section.Read("ca_file",
               "PEM file of the authorities to trust instead of the system's. Verification cannot "
               "be turned off.",
               upstream.pool.ca_file);
  upstream.api_key = ReadKeySource(section, "Key for every store that has none of its own.");
  section.Each("stores", "store id", "Stores with keys of their own.",
               [&](const std::string& store, Section& entry) {
                 KeySource source = ReadKeySource(entry, "Key for this store.");
                 if (!entry.present()) return;
                 if (source.empty()) entry.Fail("api_key", "is required");
                 upstream.store_keys.emplace(store, std::move(source));
               });
  if (section.present() && upstream.api_key.empty() && upstream.store_keys.empty()) {
    section.Fail("api_key", "is required, here or for a store");
  }
  ReadPool(section, upstream.pool);
  return upstream;
}

Config ReadConfig(Section root) {
  Config config;
  root.Read("listen", "Address and port of the gRPC service. Port 0: any that is free.",
            config.listen);
  root.Read("default_deadline", "Deadline of a call whose caller sets none.",
            config.default_deadline, absl::Milliseconds(1));
  root.Read("max_request_bytes", "Largest request message; a larger one is RESOURCE_EXHAUSTED.",
            config.max_request_bytes, 1024, int64_t{64} * 1024 * 1024);
  {
    Section drain = root.Child("drain", "What SIGTERM does.");
    drain.Read("delay", "Time between NOT_SERVING and GOAWAY, for load balancers to notice.",
               config.drain_delay);
    drain.Read("grace", "Time for the calls in flight to end.", config.drain_grace);
  }
  root.Each("upstreams", "name",
            "The REST APIs to serve, by the name of their provider in the protos: `paynow`.",
            [&](const std::string& name, Section& entry) {
              UpstreamConfig upstream = ReadUpstream(entry);
              if (entry.present()) config.upstreams.emplace(name, std::move(upstream));
            });
  if (root.present() && config.upstreams.empty())
    root.Fail("upstreams", "at least one is required");
  return config;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& file) {
  const std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError(absl::StrCat(file, ": cannot be read"));
  return ParseConfig(file, *text);
}

absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text.begin(), text.end(), nullptr, true, /*ignore_comments=*/true);
  } catch (const nlohmann::json::parse_error& error) {
    // Its own message would quote the text.
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": not valid JSON at ", Position(text, error.byte)));
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": a number is too large"));
  }
  ConfigReader reader(file, std::move(json));
  Config config = ReadConfig(reader.Root());
  const absl::Status status = reader.status();
  if (!status.ok()) return status;
  config.file = file;
  return config;
}

std::vector<ConfigReader::Key> ConfigKeys() {
  ConfigReader reader("", nlohmann::json::object());
  ReadConfig(reader.Root());
  return reader.keys();
}

absl::StatusOr<std::string> ReadKey(const KeySource& source) {
  std::string key;
  const absl::string_view name = source.file.empty() ? "env" : "file";
  if (!source.file.empty()) {
    std::optional<std::string> text = ReadFile(source.file);
    if (!text) return absl::NotFoundError("file: the key's file cannot be read");
    key = *std::move(text);
  } else {
    const char* value = std::getenv(source.env.c_str());
    if (value == nullptr) return absl::NotFoundError("env: there is no variable of this name");
    key = value;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": the key is empty"));
  for (const char c : key) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the key has something other than printable ASCII"));
    }
  }
  return key;
}

}  // namespace gateway
