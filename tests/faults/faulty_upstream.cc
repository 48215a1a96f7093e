#include "tests/faults/faulty_upstream.h"

#include "absl/strings/str_cat.h"

namespace gateway::faults {
namespace {

using http::ScriptedServer;
using http::Step;
using Kind = Reaction::Kind;

std::optional<int64_t> ContentLength(const Reaction& reaction) {
  if (reaction.status == 204) return std::nullopt;
  if (!reaction.announced) return static_cast<int64_t>(reaction.body.size()) * reaction.times;
  if (*reaction.announced < 0) return std::nullopt;
  return reaction.announced;
}

Step ReplyOf(const Reaction& reaction) {
  Step step = Step::Raw(reaction.Text().substr(0, reaction.cut) + reaction.behind);
  step.repeated = reaction.body;
  step.times = reaction.times - 1;
  step.slice = reaction.slice;
  step.pause = reaction.pause;
  step.unasked = reaction.unasked;
  step.delivered = reaction.end != Reaction::End::kComplete;
  if (reaction.end == Reaction::End::kReset) step.end = Step::End::kReset;
  // A reply without a length ends with the connection.
  const bool unlimited = reaction.announced && *reaction.announced < 0;
  if (reaction.end == Reaction::End::kClose || unlimited) step.end = Step::End::kClose;
  return step;
}

Step StepOf(const Reaction& reaction) {
  switch (reaction.kind) {
    case Kind::kReply:
      return ReplyOf(reaction);
    case Kind::kNothing:
      return Step::HeldReply(R"({"id": "1"})");
    case Kind::kSilent:
      return Step::Raw("");
    case Kind::kClose:
      return Step::ExecuteAndClose();
    case Kind::kReset:
      return Step::ExecuteAndReset();
  }
  return Step::ExecuteAndClose();
}

}  // namespace

const char* Name(Wire wire) { return wire == Wire::kPlain ? "plain" : "tls"; }

std::ostream& operator<<(std::ostream& out, Wire wire) { return out << Name(wire); }

Reaction Reaction::Status(int status, absl::string_view body, absl::string_view type) {
  Reaction reaction;
  reaction.status = status;
  reaction.headers = {{"content-type", std::string(type)}};
  reaction.body = std::string(body);
  return reaction;
}

Reaction Reaction::With(absl::string_view name, absl::string_view value) && {
  headers.emplace_back(name, value);
  return std::move(*this);
}

std::string Reaction::Text() const {
  std::string text = absl::StrCat("HTTP/1.1 ", status, " Status\r\n");
  if (const auto length = ContentLength(*this)) {
    absl::StrAppend(&text, "Content-Length: ", *length, "\r\n");
  }
  for (const auto& [name, value] : headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  return absl::StrCat(text, "\r\n", body);
}

bool Reaction::is_fault() const {
  for (const auto& [name, value] : headers) {
    if (name == "Content-Encoding") return true;
  }
  return kind != Kind::kReply || status < 200 || status > 299 || slice != 0 || announced ||
         end != End::kComplete || !behind.empty() || !unasked.empty();
}

FaultyUpstream::FaultyUpstream(Wire wire, React react, const Options& options)
    : react_(std::move(react)), options_(options) {
  http::Listen listen = options_.listen;
  if (wire == Wire::kTls) {
    if (options_.certificate == nullptr) {
      own_certificate_ = std::make_unique<http::TestCertificate>();
    }
    certificate_ = own_certificate_ ? own_certificate_.get() : options_.certificate;
    listen.certificate = certificate_;
  }
  http::Answers answers{.on_request = [this](const Received& r) { return StepFor(r); }};
  if (options_.cuts_off) {
    answers.on_head = [this](const Received& head) { return CutOff(head); };
  }
  server_ = std::make_unique<ScriptedServer>(std::move(answers), listen);
}

Step FaultyUpstream::StepFor(const Received& request) {
  const Reaction reaction = react_(request);
  if (reaction.is_fault()) ++faults_;
  Step step = StepOf(reaction);
  step.executes = reaction.executes;
  return step;
}

std::optional<Step> FaultyUpstream::CutOff(const Received& head) {
  const std::optional<Reaction> reaction = options_.cuts_off(head);
  if (!reaction) return std::nullopt;
  ++faults_;
  ++cut_off_;
  return StepOf(*reaction);
}

std::string FaultyUpstream::base_url() const {
  const std::string host = options_.host.empty() ? options_.listen.host : options_.host;
  return absl::StrCat(certificate_ == nullptr ? "http://" : "https://", host, ":", port());
}

}  // namespace gateway::faults
