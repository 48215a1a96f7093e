// A connection with or without TLS, as a stream that Beast and Asio can read and write.
//
//   ConnectionStream stream(std::move(socket), context);  // `context` null: without TLS
//   if (stream.has_tls()) stream.AsyncHandshake([](Error error) { ... });
//   stream.async_read_some(buffers, [](Error error, size_t size) { ... });
//
// Thread-safety: none; the receiver's thread.
#ifndef SERVICE_EVENTS_RECEIVER_CONNECTION_STREAM_H_
#define SERVICE_EVENTS_RECEIVER_CONNECTION_STREAM_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace gateway::events {

class ConnectionStream {
 public:
  using Error = boost::beast::error_code;
  using executor_type = boost::beast::tcp_stream::executor_type;

  ConnectionStream(boost::asio::ip::tcp::socket socket,
                   std::shared_ptr<boost::asio::ssl::context> context)
      : tcp_(std::move(socket)), context_(std::move(context)) {
    if (context_ != nullptr) tls_.emplace(tcp_, *context_);
  }

  executor_type get_executor() { return tcp_.get_executor(); }
  boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    tcp_.async_read_some(buffers, std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    tcp_.async_write_some(buffers, std::forward<Handler>(handler));
  }

  // Call it only if has_tls().
  template <typename Handler>
  void AsyncHandshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  bool has_tls() const { return tls_.has_value(); }

  // Ends the TLS connection, and waits until the peer has ended it too. Call it only if has_tls().
  template <typename Handler>
  void AsyncShutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }

  template <typename Duration>
  void expires_after(Duration duration) {
    tcp_.expires_after(duration);
  }
  void expires_never() { tcp_.expires_never(); }
  void close() { tcp_.close(); }

 private:
  boost::beast::tcp_stream tcp_;
  const std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_CONNECTION_STREAM_H_
