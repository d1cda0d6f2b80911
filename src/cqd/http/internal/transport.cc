// The two transports of a connection: a plain socket and TLS.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <type_traits>
#include <utility>

#include "http/internal/connection.h"

namespace cqd::http {
namespace {

namespace asio = boost::asio;
using Socket = asio::ip::tcp::socket;
using TlsStream = asio::ssl::stream<Socket>;
using SystemError = boost::system::error_code;

template <typename Stream>
class TransportConnection final : public Connection {
 public:
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

  template <typename... Args>
  TransportConnection(IoLoop& loop, std::string remote_address, bool refused, Args&&... stream)
      : Connection(loop, std::move(remote_address), refused),
        stream_(std::forward<Args>(stream)...) {}

  void Start() override {
    SystemError ignored;
    Lowest().set_option(asio::ip::tcp::no_delay(true), ignored);
    if constexpr (kIsTls) {
      if (refused_) {
        Close();
        return;
      }
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = Self()](const SystemError& error) {
                                if (error) {
                                  self->Close();
                                } else {
                                  self->OnReady();
                                }
                              });
    } else {
      Lowest().non_blocking(true, ignored);
      OnReady();
    }
  }

 private:
  std::shared_ptr<TransportConnection> Self() {
    return std::static_pointer_cast<TransportConnection>(shared_from_this());
  }

  Socket& Lowest() {
    if constexpr (kIsTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void StartRead(char* to, std::size_t bytes) override {
    stream_.async_read_some(asio::buffer(to, bytes),
                            [self = Self()](const SystemError& error, std::size_t got) {
                              self->OnRead(static_cast<bool>(error), got);
                            });
  }

  bool StartWrite(std::string_view first, std::string_view second, std::size_t& sent) override {
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(first.data(), first.size()),
                                                       asio::buffer(second.data(), second.size())};
    if constexpr (!kIsTls) {
      // Nearly every answer fits into the socket's buffer: then no second pass through the event
      // loop is needed.
      SystemError error;
      sent = second.empty() ? stream_.write_some(buffers[0], error)
                            : stream_.write_some(buffers, error);
      if (!error) return true;
      if (error != asio::error::would_block && error != asio::error::try_again) {
        Close();
        return false;
      }
    }
    stream_.async_write_some(buffers, [self = Self()](const SystemError& error, std::size_t put) {
      self->OnWritten(static_cast<bool>(error), put);
    });
    return false;
  }

  void StartGoodbye() override {
    if constexpr (kIsTls) {
      stream_.async_shutdown([self = Self()](const SystemError&) { self->Close(); });
    } else {
      SystemError ignored;
      stream_.shutdown(Socket::shutdown_send, ignored);
      OnRead(false, 0);
    }
  }

  void CancelTransport() override {
    SystemError ignored;
    Lowest().cancel(ignored);
  }

  void CloseTransport() override {
    SystemError ignored;
    Lowest().close(ignored);
  }

  int native_handle() override { return Lowest().native_handle(); }

  Stream stream_;
};

}  // namespace

std::shared_ptr<Connection> MakeConnection(IoLoop& loop, Socket socket, std::string remote_address,
                                           bool refused) {
  if (loop.server.tls.has_value()) {
    return std::make_shared<TransportConnection<TlsStream>>(
        loop, std::move(remote_address), refused, std::move(socket), *loop.server.tls);
  }
  return std::make_shared<TransportConnection<Socket>>(loop, std::move(remote_address), refused,
                                                       std::move(socket));
}

}  // namespace cqd::http
