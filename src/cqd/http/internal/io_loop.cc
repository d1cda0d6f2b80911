#include "http/internal/io_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/internal/connection.h"

namespace cqd::http {

ServerShared::ServerShared(ServerOptions given, Router table)
    : options(std::move(given)),
      router(std::move(table)),
      clock(options.clock != nullptr ? *options.clock : system_clock),
      authenticator(options.authenticator != nullptr ? options.authenticator
                                                     : MakeOpenAuthenticator()),
      dispatcher(router, options.cors, *authenticator),
      pool(options.worker_threads, options.worker_queue_max) {}

IoLoop::IoLoop(ServerShared& shared)
    : server(shared), common(shared.options.security, shared.options.tls.has_value()), timer_(io) {
  now = server.clock.Monotonic();
  common.SetTime(server.clock.Now());
}

IoLoop::~IoLoop() = default;

void IoLoop::Run() {
  ArmTick();
  const auto work = boost::asio::make_work_guard(io);
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& fault) {
      // Out of memory, in practice. The connection it hit is closed by its time-out.
      LogError("I/O thread: {}", fault.what());
    }
  }
}

void IoLoop::Adopt(const std::shared_ptr<Connection>& connection) {
  connection->index = connections_.size();
  connections_.push_back(connection);
  connection->Start();
}

void IoLoop::Drop(Connection& connection) {
  const std::size_t index = connection.index;
  // The last one takes the free place; the caller holds a reference of its own.
  std::swap(connections_[index], connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
  const std::lock_guard lock(server.mutex);
  if (--server.connection_count == 0) server.all_closed.notify_all();
}

void IoLoop::BeginShutdown() {
  stopping = true;
  const auto copy = connections_;
  for (const auto& connection : copy) connection->BeginShutdown();
}

void IoLoop::CloseAll() {
  const auto copy = connections_;
  for (const auto& connection : copy) connection->Close();
}

void IoLoop::ArmTick() {
  timer_.expires_after(server.options.tick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) OnTick();
  });
}

void IoLoop::OnTick() {
  now = server.clock.Monotonic();
  common.SetTime(server.clock.Now());
  // By index and from the end: a connection that closes itself puts the last one, which has had
  // its turn, in its place.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    const std::shared_ptr<Connection> connection = connections_[i];
    connection->OnTick();
  }
  ArmTick();
}

}  // namespace cqd::http
