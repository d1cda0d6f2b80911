#include "http/server.h"

#include <fmt/core.h>
#include <openssl/err.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "http/internal/connection.h"
#include "http/internal/io_loop.h"

namespace cqd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

Status CheckRange(std::string_view name, std::size_t value, std::size_t least, std::size_t most) {
  if (value >= least && value <= most) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is {} but must be {} to {}", name, value, least, most), {},
              std::string(name));
}

Status CheckPositive(std::string_view name, Duration value) {
  if (value.count() > 0) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{} must be more than 0", name), {},
              std::string(name));
}

Status CheckOptions(const ServerOptions& options) {
  CQD_RETURN_IF_ERROR(CheckRange("io_threads", options.io_threads, 1, 64));
  CQD_RETURN_IF_ERROR(CheckRange("worker_threads", options.worker_threads, 1, 256));
  CQD_RETURN_IF_ERROR(CheckRange("worker_queue_max", options.worker_queue_max, 0, 100'000));
  CQD_RETURN_IF_ERROR(CheckRange("connections_max", options.connections_max, 1, 1'000'000));
  CQD_RETURN_IF_ERROR(CheckRange("header_bytes_max", options.header_bytes_max, 1024, 1024 * 1024));
  CQD_RETURN_IF_ERROR(CheckPositive("header_timeout", options.header_timeout));
  CQD_RETURN_IF_ERROR(CheckPositive("body_timeout", options.body_timeout));
  CQD_RETURN_IF_ERROR(CheckPositive("idle_timeout", options.idle_timeout));
  CQD_RETURN_IF_ERROR(CheckPositive("write_timeout", options.write_timeout));
  CQD_RETURN_IF_ERROR(CheckPositive("tick", options.tick));
  return CheckCorsPolicy(options.cors);
}

Error TlsError(std::string_view what, const std::string& file,
               const boost::system::error_code& error) {
  // The operator who starts the server is the one who reads this: the file is named.
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("the TLS {} {} cannot be used: {}", what, file, error.message()), {},
              std::string(what) + "_file");
}

Result<asio::ssl::context> MakeTlsContext(const TlsOptions& options) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.native_handle(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  boost::system::error_code error;
  context.use_certificate_chain_file(options.certificate_file, error);
  if (error) return TlsError("certificate", options.certificate_file, error);
  context.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  if (error) return TlsError("key", options.key_file, error);
  ERR_clear_error();
  return context;
}

}  // namespace

struct Server::State {
  State(ServerOptions options, Router router) : shared(std::move(options), std::move(router)) {}

  Status Listen();
  void Accept();
  void OnAccept(IoLoop& loop, tcp::socket socket);

  ServerShared shared;
  std::vector<std::unique_ptr<IoLoop>> loops;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<asio::steady_timer> accept_pause;
  std::size_t next_loop = 0;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  std::mutex shutdown_mutex;
  bool is_down = false;
};

Status Server::State::Listen() {
  const ServerOptions& options = shared.options;
  const std::string text =
      EqualsIgnoreCase(options.address, "localhost") ? "127.0.0.1" : options.address;
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(text, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument, "not an IP address: " + options.address, {},
                "address");
  }
  acceptor = std::make_unique<tcp::acceptor>(loops.front()->io);
  accept_pause = std::make_unique<asio::steady_timer>(loops.front()->io);
  const tcp::endpoint endpoint(address, options.port);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("cannot listen on {} port {}: {}", options.address, options.port,
                            error.message()),
                {}, "port");
  }
  port = acceptor->local_endpoint().port();
  return OkStatus();
}

void Server::State::Accept() {
  IoLoop& loop = *loops[next_loop];
  next_loop = (next_loop + 1) % loops.size();
  acceptor->async_accept(
      loop.io, [this, &loop](const boost::system::error_code& error, tcp::socket socket) {
        if (!acceptor->is_open()) return;
        if (!error) {
          OnAccept(loop, std::move(socket));
          Accept();
          return;
        }
        // Out of descriptors, mostly: trying again at once would only burn a processor.
        LogWarning("a connection cannot be accepted: {}", error.message());
        accept_pause->expires_after(shared.options.tick);
        accept_pause->async_wait([this](const boost::system::error_code& stopped) {
          if (!stopped && acceptor->is_open()) Accept();
        });
      });
}

void Server::State::OnAccept(IoLoop& loop, tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;  // gone again
  const std::size_t most = shared.options.connections_max;
  const std::size_t open = shared.connection_count.load();
  // Some are told that there are too many; a flood is not worth the words.
  if (open >= most + most / 8 + 16) return;
  const bool refused = open >= most;
  ++shared.connection_count;
  asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  asio::post(loop.io, [&loop, refused, text = address.to_string(),
                       held = std::make_shared<tcp::socket>(std::move(socket))]() mutable {
    loop.Adopt(MakeConnection(loop, std::move(*held), std::move(text), refused));
    if (loop.stopping) loop.BeginShutdown();
  });
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

// Only a lack of memory can throw here, and then ending the process is right.
// NOLINTNEXTLINE(bugprone-exception-escape)
Server::~Server() {
  Shutdown(Duration{0});
}

std::uint16_t Server::port() const {
  return state_->port;
}

std::size_t Server::connection_count() const {
  return state_->shared.connection_count.load();
}

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, Router router) {
  CQD_RETURN_IF_ERROR(CheckOptions(options));
  std::optional<asio::ssl::context> tls;
  if (options.tls.has_value()) {
    CQD_ASSIGN_OR_RETURN(tls, MakeTlsContext(*options.tls));
  }
  try {
    auto state = std::make_unique<State>(std::move(options), std::move(router));
    CQD_RETURN_IF_ERROR(CheckBinding(state->shared.options.address, *state->shared.authenticator));
    state->shared.tls = std::move(tls);
    for (std::size_t i = 0; i < state->shared.options.io_threads; ++i) {
      state->loops.push_back(std::make_unique<IoLoop>(state->shared));
    }
    CQD_RETURN_IF_ERROR(state->Listen());
    state->Accept();
    // From here on the server's destructor ends the threads that there are.
    std::unique_ptr<Server> server(new Server(std::move(state)));
    for (const auto& loop : server->state_->loops) {
      server->state_->threads.emplace_back([&loop = *loop] { loop.Run(); });
    }
    return server;
  } catch (const std::exception& fault) {
    return Fail(ErrorCode::kUnavailable, "the system gives no more threads or descriptors",
                fault.what());
  }
}

void Server::Shutdown(Duration drain) {
  const std::lock_guard only_one(state_->shutdown_mutex);
  if (std::exchange(state_->is_down, true)) return;
  State& state = *state_;
  const auto on_each_loop = [&state](auto work) {
    std::vector<std::promise<void>> done(state.threads.size());
    // Fewer threads than loops: Start failed half-way, and nobody runs the others.
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      asio::post(state.loops[i]->io, [&, i] {
        work(*state.loops[i]);
        done[i].set_value();
      });
    }
    for (std::promise<void>& promise : done) promise.get_future().wait();
  };
  on_each_loop([&state](IoLoop& loop) {
    if (&loop == state.loops.front().get()) {
      boost::system::error_code ignored;
      state.acceptor->close(ignored);
      state.accept_pause->cancel();
    }
    loop.BeginShutdown();
  });
  {
    std::unique_lock lock(state.shared.mutex);
    state.shared.all_closed.wait_for(
        lock, drain, [&state] { return state.shared.connection_count.load() == 0; });
  }
  on_each_loop([](IoLoop& loop) { loop.CloseAll(); });
  state.shared.pool.Stop();
  state.shared.piece_pool.Stop();
  for (const auto& loop : state.loops) loop->io.stop();
  for (std::thread& thread : state.threads) thread.join();
  state.threads.clear();
}

}  // namespace cqd::http
