#include "tests/faults/faulty_upstream.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace gateway::faults {
namespace {

using http::Http2Server;
using http::ScriptedServer;
using http::Step;
using http::StreamAnswer;
using http::Treatment;
using Kind = Reaction::Kind;

std::optional<int64_t> ContentLength(const Reaction& reaction) {
  if (!reaction.announced) return static_cast<int64_t>(reaction.body.size()) * reaction.times;
  if (*reaction.announced < 0) return std::nullopt;
  return reaction.announced;
}

std::string Http1Text(const Reaction& reaction) {
  std::string text = absl::StrCat("HTTP/1.1 ", reaction.status, " Status\r\n");
  if (const auto length = ContentLength(reaction); length && reaction.status != 204) {
    absl::StrAppend(&text, "Content-Length: ", *length, "\r\n");
  }
  for (const auto& [name, value] : reaction.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  return absl::StrCat(text, "\r\n", reaction.body);
}

Treatment TreatmentOf(Kind kind) {
  switch (kind) {
    case Kind::kReply:
      return Treatment::kReply;
    case Kind::kNothing:
      return Treatment::kHoldReply;
    case Kind::kClose:
      return Treatment::kCloseSession;
    case Kind::kReset:
      return Treatment::kResetSession;
    case Kind::kResetStream:
      return Treatment::kResetStream;
    case Kind::kGoAwayIncluding:
      return Treatment::kGoAwayIncluding;
    case Kind::kGoAwayReply:
      return Treatment::kGoAwayReply;
    case Kind::kGoAwayExcluding:
      return Treatment::kGoAwayExcluding;
    case Kind::kGoAwayExcludingClose:
      return Treatment::kGoAwayExcludingClose;
    case Kind::kRefuse:
      return Treatment::kRefuse;
  }
  return Treatment::kReply;
}

}  // namespace

const char* Name(Wire wire) { return wire == Wire::kHttp1 ? "http1" : "http2"; }

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

bool Reaction::is_fault() const {
  return kind != Kind::kReply || status < 200 || status > 299 || slice != 0 || announced ||
         end != End::kComplete;
}

FaultyUpstream::FaultyUpstream(Wire wire, React react, const Options& options)
    : react_(std::move(react)), options_(options) {
  if (wire == Wire::kHttp1) {
    http::Answers answers{.on_request = [this](const Received& r) { return StepFor(r); }};
    if (options_.cuts_off) {
      answers.on_head = [this](const Received& head) -> std::optional<Step> {
        if (!CutsOff(head)) return std::nullopt;
        return Step::ExecuteAndReset();
      };
    }
    http1_ = std::make_unique<ScriptedServer>(std::move(answers), options_.listen);
    return;
  }
  if (options_.certificate == nullptr) own_certificate_ = std::make_unique<http::TestCertificate>();
  certificate_ = own_certificate_ ? own_certificate_.get() : options_.certificate;
  http::StreamAnswers answers{.on_request = [this](const Received& r) { return AnswerFor(r); }};
  if (options_.cuts_off) {
    answers.on_head = [this](const Received& head) -> std::optional<StreamAnswer> {
      if (!CutsOff(head)) return std::nullopt;
      return StreamAnswer{.treatment = Treatment::kResetSession};
    };
  }
  http2_ = std::make_unique<Http2Server>(
      *certificate_, std::move(answers),
      http::Http2Options{.max_concurrent_streams = options_.max_concurrent_streams,
                         .listen = options_.listen});
}

Reaction FaultyUpstream::Decide(const Received& request) {
  Reaction reaction = react_(request);
  if (reaction.is_fault()) ++faults_;
  return reaction;
}

bool FaultyUpstream::CutsOff(const Received& head) {
  if (!options_.cuts_off(head)) return false;
  ++faults_;
  ++cut_off_;
  return true;
}

Step FaultyUpstream::StepFor(const Received& request) {
  const Reaction reaction = Decide(request);
  switch (reaction.kind) {
    case Kind::kReply:
      break;
    case Kind::kNothing:
      return Step::HeldReply("{}");
    case Kind::kClose:
      return Step::ExecuteAndClose();
    case Kind::kReset:
      return Step::ExecuteAndReset();
    default:
      ADD_FAILURE() << "HTTP/1.1 has no such fault";
      return Step::ExecuteAndClose();
  }
  Step step = Step::Raw(Http1Text(reaction));
  step.repeated = reaction.body;
  step.times = reaction.times - 1;
  step.slice = reaction.slice;
  step.pause = reaction.pause;
  if (reaction.end == Reaction::End::kReset) step.end = Step::End::kReset;
  // What has no length ends with the connection.
  const bool unlimited = reaction.announced && *reaction.announced < 0;
  if (reaction.end == Reaction::End::kShort || unlimited) step.end = Step::End::kClose;
  return step;
}

StreamAnswer FaultyUpstream::AnswerFor(const Received& request) {
  Reaction reaction = Decide(request);
  StreamAnswer answer;
  answer.treatment = TreatmentOf(reaction.kind);
  answer.status = reaction.status;
  answer.headers = std::move(reaction.headers);
  if (const auto length = ContentLength(reaction); length && reaction.status != 204) {
    answer.headers.emplace_back("content-length", absl::StrCat(*length));
  }
  answer.body = std::move(reaction.body);
  answer.times = reaction.times;
  if (reaction.kind == Kind::kNothing) answer = {.treatment = Treatment::kHoldReply, .body = "{}"};
  answer.slice = reaction.slice;
  answer.pause = reaction.pause;
  if (reaction.end == Reaction::End::kReset) answer.end = StreamAnswer::End::kResetSession;
  return answer;
}

std::string FaultyUpstream::base_url() const {
  const std::string host = options_.host.empty() ? options_.listen.host : options_.host;
  return absl::StrCat(http1_ ? "http://" : "https://", host, ":", port());
}

int FaultyUpstream::port() const { return http1_ ? http1_->port() : http2_->port(); }

std::string FaultyUpstream::ca_file() const { return certificate_ ? certificate_->ca_file() : ""; }

int FaultyUpstream::executions() const {
  return http1_ ? http1_->executions() : http2_->executions();
}

std::vector<Received> FaultyUpstream::received() const {
  return http1_ ? http1_->received() : http2_->received();
}

int FaultyUpstream::connections() const {
  return http1_ ? http1_->connections() : http2_->connections();
}

void FaultyUpstream::Release() {
  if (http1_) http1_->Release();
  if (http2_) http2_->Release();
}

bool FaultyUpstream::WaitForExecutions(int count) const {
  return http1_ ? http1_->WaitForExecutions(count) : http2_->WaitForExecutions(count);
}

bool FaultyUpstream::WaitForLetGo(int count) const {
  return http1_ ? http1_->WaitForClientCloses(count) : http2_->WaitForLetGo(count);
}

}  // namespace gateway::faults
