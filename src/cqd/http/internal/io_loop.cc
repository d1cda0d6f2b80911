#include "http/internal/io_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/internal/connection.h"

namespace cqd::http {
namespace {

/// Streams served before other requests get their turn: some 10 microseconds each, measured with
/// bench/status_load, so that nobody waits longer than about 0.1 ms for them.
constexpr std::size_t kTurnsAtOnce = 8;

}  // namespace

SignalWatch::SignalWatch(IoLoop& loop, std::shared_ptr<StreamSignal> signal)
    : loop_(loop), signal_(std::move(signal)) {
  signal_->Attach(*this);
}

SignalWatch::~SignalWatch() {
  signal_->Detach(*this);
}

void SignalWatch::OnNotify() {
  if (posted_.exchange(true)) return;
  boost::asio::post(loop_.io, [this] {
    // Before looking: what is notified from here on posts again.
    posted_.store(false);
    loop_.OnSignal(*signal_);
  });
}

ServerShared::ServerShared(ServerOptions given, Router table)
    : options(std::move(given)),
      router(std::move(table)),
      clock(options.clock != nullptr ? *options.clock : system_clock),
      authenticator(options.authenticator != nullptr ? options.authenticator
                                                     : MakeOpenAuthenticator()),
      dispatcher(router, options.cors, *authenticator),
      pool(options.worker_threads, options.worker_queue_max),
      piece_pool(options.io_threads, options.connections_max) {}

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

void IoLoop::Watch(const std::shared_ptr<StreamSignal>& signal) {
  const bool known = std::any_of(watches_.begin(), watches_.end(), [&](const auto& watch) {
    return &watch->signal() == signal.get();
  });
  if (!known) watches_.push_back(std::make_unique<SignalWatch>(*this, signal));
}

void IoLoop::OnSignal(const StreamSignal& signal) {
  for (const auto& connection : connections_) connection->OnSignal(signal);
}

void IoLoop::Enqueue(std::shared_ptr<Connection> connection) {
  turns_.push_back(std::move(connection));
  if (turns_posted_) return;
  turns_posted_ = true;
  boost::asio::post(io, [this] { TakeTurns(); });
}

void IoLoop::TakeTurns() {
  turns_posted_ = false;
  for (std::size_t i = std::min(kTurnsAtOnce, turns_.size()); i-- > 0;) {
    const std::shared_ptr<Connection> connection = std::move(turns_.front());
    turns_.pop_front();
    connection->OnTurn();
  }
  if (turns_.empty() || turns_posted_) return;
  turns_posted_ = true;
  boost::asio::post(io, [this] { TakeTurns(); });
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
    connection->OnTick(tick_count_ + i);
  }
  ++tick_count_;
  ArmTick();
}

}  // namespace cqd::http
