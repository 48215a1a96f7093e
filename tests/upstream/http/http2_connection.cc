#include "tests/upstream/http/http2_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway::http {
namespace {

// Beyond what any client of ours accepts.
constexpr size_t kMaxHeaderBlock = size_t{1024} * 1024;

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2Server::Connection::Connection(Http2Server* server, SSL* ssl, int fd, int number)
    : server_(server), ssl_(ssl), fd_(fd), number_(number) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Connection::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Connection::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Connection::OnFrame);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_max_send_header_block_length(option, kMaxHeaderBlock);
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server->options_.max_concurrent_streams}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
}

Http2Server::Connection::~Connection() {
  Unhold();
  nghttp2_session_del(session_);
}

void Http2Server::Connection::Run() {
  while (Flush() && !over_) {
    if (!AwaitInput()) return;
    if (SSL_pending(ssl_) == 0) {
      pollfd input{fd_, POLLIN, 0};
      if (poll(&input, 1, 0) == 0) continue;  // only a pause is over
    }
    uint8_t chunk[16384];
    const int count = SSL_read(ssl_, chunk, sizeof(chunk));
    if (count <= 0 && !held_.empty()) Count(&State::client_closes);
    if (count <= 0) return;
    if (nghttp2_session_mem_recv(session_, chunk, count) < 0) return;
  }
  if (!reset_) return;
  const linger option{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof(option));
}

bool Http2Server::Connection::AwaitInput() {
  while (SSL_pending(ssl_) == 0) {
    pollfd waiting[] = {{fd_, POLLIN, 0},
                        {server_->stop_, POLLIN, 0},
                        {held_.empty() ? -1 : server_->release_, POLLIN, 0}};
    poll(waiting, 3, UntilNext());
    if (waiting[1].revents != 0) return false;
    if (waiting[2].revents != 0) {
      for (auto& [stream, answer] : Unhold()) Reply(stream, std::move(answer));
    }
    Resume();
    if (!Flush()) return false;
    if (over_ || waiting[0].revents != 0) return true;
  }
  return true;
}

// Milliseconds; -1: nothing waits for its time.
int Http2Server::Connection::UntilNext() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [stream, reply] : outgoing_) {
    if (reply.waits) next = std::min(next, reply.next);
  }
  if (next == absl::InfiniteFuture()) return -1;
  const absl::Duration left = absl::Ceil(next - absl::Now(), absl::Milliseconds(1));
  return static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(left)));
}

void Http2Server::Connection::Resume() {
  const absl::Time now = absl::Now();
  for (auto& [stream, reply] : outgoing_) {
    if (!reply.waits || reply.next > now) continue;
    reply.waits = false;
    nghttp2_session_resume_data(session_, stream);
  }
}

bool Http2Server::Connection::Flush() {
  const uint8_t* data = nullptr;
  ssize_t size;
  while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
    if (SSL_write(ssl_, data, static_cast<int>(size)) <= 0) return false;
  }
  return size == 0;
}

int Http2Server::Connection::OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                                      const uint8_t* name, size_t name_size, const uint8_t* value,
                                      size_t value_size, uint8_t, void* self) {
  auto* connection = static_cast<Connection*>(self);
  Received& request = connection->incoming_[frame->hd.stream_id];
  const std::string key(reinterpret_cast<const char*>(name), name_size);
  const std::string text(reinterpret_cast<const char*>(value), value_size);
  if (key == ":method") request.method = text;
  if (key == ":path") request.target = text;
  if (key[0] != ':') absl::StrAppend(&request.head, key, ": ", text, "\r\n");
  return 0;
}

int Http2Server::Connection::OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data,
                                    size_t size, void* self) {
  auto* connection = static_cast<Connection*>(self);
  const auto found = connection->incoming_.find(stream);
  if (found == connection->incoming_.end()) return 0;  // cut off
  found->second.body.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int Http2Server::Connection::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  auto* connection = static_cast<Connection*>(self);
  const auto type = frame->hd.type;
  const int32_t stream = frame->hd.stream_id;
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if ((type == NGHTTP2_HEADERS || type == NGHTTP2_DATA) && ends) connection->OnRequest(stream);
  if (type == NGHTTP2_HEADERS && !ends && connection->server_->answers_.on_head) {
    if (auto cut = connection->server_->answers_.on_head(connection->incoming_[stream])) {
      connection->incoming_.erase(stream);
      connection->Treat(stream, *std::move(cut));
    }
  }
  if (type == NGHTTP2_RST_STREAM) {
    connection->incoming_.erase(stream);
    connection->held_.erase(stream);
    connection->outgoing_.erase(stream);
    connection->Count(&State::client_resets);
  }
  return 0;
}

void Http2Server::Connection::OnRequest(int32_t stream) {
  auto request = incoming_.extract(stream);
  if (request.empty()) return;  // cut off
  if (stream > goaway_last_) return Count(&State::refusals);
  request.mapped().connection = number_;
  StreamAnswer answer = server_->AnswerTo(request.mapped(), requests_++);
  switch (answer.treatment) {
    case Treatment::kRefuse:
    case Treatment::kGoAwayExcluding:
    case Treatment::kGoAwayExcludingClose:
      Count(&State::refusals);
      break;
    default:
      last_executed_ = std::max(last_executed_, stream);
      server_->state_.With(
          [&](State& state) { state.received.push_back(std::move(request.mapped())); });
  }
  Treat(stream, std::move(answer));
}

void Http2Server::Connection::Treat(int32_t stream, StreamAnswer answer) {
  switch (answer.treatment) {
    case Treatment::kReply:
      return Reply(stream, std::move(answer));
    case Treatment::kHoldReply:
      return Hold(stream, std::move(answer));
    case Treatment::kResetSession:
      reset_ = true;
      [[fallthrough]];
    case Treatment::kCloseSession:
      over_ = true;
      return;
    case Treatment::kResetStream:
      return ResetStream(stream, NGHTTP2_INTERNAL_ERROR);
    case Treatment::kGoAwayIncluding:
      over_ = true;
      return GoAway();
    case Treatment::kGoAwayReply:
      GoAway();
      return Reply(stream, std::move(answer));
    case Treatment::kRefuse:
      return ResetStream(stream, NGHTTP2_REFUSED_STREAM);
    case Treatment::kGoAwayExcludingClose:
      over_ = true;
      [[fallthrough]];
    case Treatment::kGoAwayExcluding:
      // One that came whole after a later stream lies below the last one that was executed.
      if (stream < last_executed_) ResetStream(stream, NGHTTP2_REFUSED_STREAM);
      return GoAway();
  }
}

void Http2Server::Connection::Reply(int32_t stream, StreamAnswer answer) {
  Outgoing& reply = outgoing_[stream];
  reply.answer = std::move(answer);
  const std::string status = absl::StrCat(reply.answer.status);
  std::vector<nghttp2_nv> headers = {Header(":status", status)};
  for (const auto& [name, value] : reply.answer.headers) headers.push_back(Header(name, value));
  nghttp2_data_provider body{};
  body.read_callback = &Connection::OnBody;
  nghttp2_submit_response(session_, stream, headers.data(), headers.size(), &body);
}

ssize_t Http2Server::Connection::OnBody(nghttp2_session*, int32_t stream, uint8_t* out, size_t room,
                                        uint32_t* flags, nghttp2_data_source*, void* self) {
  return static_cast<Connection*>(self)->NextPart(stream, out, room, flags);
}

ssize_t Http2Server::Connection::NextPart(int32_t stream, uint8_t* out, size_t room,
                                          uint32_t* flags) {
  const auto found = outgoing_.find(stream);
  if (found == outgoing_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Outgoing& reply = found->second;
  const StreamAnswer& answer = reply.answer;
  if (absl::Now() < reply.next) {
    reply.waits = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const size_t most = answer.slice == 0 ? room : std::min(room, answer.slice);
  const size_t size = answer.body.copy(reinterpret_cast<char*>(out), most, reply.sent);
  reply.sent += size;
  if (answer.slice != 0) reply.next = absl::Now() + answer.pause;
  if (reply.sent == answer.body.size() && ++reply.rounds < answer.times) reply.sent = 0;
  if (reply.sent < answer.body.size()) return static_cast<ssize_t>(size);
  switch (answer.end) {
    case StreamAnswer::End::kComplete:
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      outgoing_.erase(found);
      return static_cast<ssize_t>(size);
    case StreamAnswer::End::kResetSession:
      reset_ = true;
      over_ = true;
      break;
    case StreamAnswer::End::kResetStream:
      break;
  }
  // The rest of what was promised waits for a time that never comes: what is here goes out first.
  if (size > 0) return static_cast<ssize_t>(size);
  if (answer.end == StreamAnswer::End::kResetStream) ResetStream(stream, NGHTTP2_INTERNAL_ERROR);
  return NGHTTP2_ERR_DEFERRED;
}

void Http2Server::Connection::ResetStream(int32_t stream, uint32_t code) {
  outgoing_.erase(stream);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, code);
}

// Names the last stream that was executed; none beyond it will be.
void Http2Server::Connection::GoAway() {
  goaway_last_ = last_executed_;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, goaway_last_, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Server::Connection::Hold(int32_t stream, StreamAnswer answer) {
  held_.emplace(stream, std::move(answer));
  server_->state_.With(
      [](State& state) { state.most_held = std::max(state.most_held, ++state.held); });
}

std::map<int32_t, StreamAnswer> Http2Server::Connection::Unhold() {
  server_->state_.With([&](State& state) { state.held -= static_cast<int>(held_.size()); });
  return std::exchange(held_, {});
}

void Http2Server::Connection::Count(int State::*counter) {
  server_->state_.With([&](State& state) { ++(state.*counter); });
}

}  // namespace gateway::http
