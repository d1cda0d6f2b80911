// One I/O thread: its event loop, its connections, its clock tick. Heavy header (Boost.Asio).
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "http/internal/dispatcher.h"
#include "http/internal/response_head.h"
#include "http/internal/worker_pool.h"
#include "http/server.h"
#include "http/stream_signal.h"

namespace cqd::http {

class Connection;
class IoLoop;

/// Carries a signal's news to one I/O thread.
class SignalWatch final : public StreamSignal::Listener {
 public:
  SignalWatch(IoLoop& loop, std::shared_ptr<StreamSignal> signal);
  ~SignalWatch() override;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  void OnNotify() override;
  const StreamSignal& signal() const { return *signal_; }

 private:
  IoLoop& loop_;
  const std::shared_ptr<StreamSignal> signal_;
  std::atomic<bool> posted_{false};
};

/// What all threads of a server share. Constant after start but for the counters.
struct ServerShared {
  ServerShared(ServerOptions given, Router table);

  ServerOptions options;
  const Router router;
  SystemClock system_clock;
  const Clock& clock;
  std::shared_ptr<Authenticator> authenticator;
  const Dispatcher dispatcher;
  std::optional<boost::asio::ssl::context> tls;
  WorkerPool pool;
  /// For BodyProducers. A connection asks for one piece at a time, so none is ever refused.
  WorkerPool piece_pool;
  std::atomic<std::size_t> connection_count{0};
  /// Notified when the last connection closes.
  std::mutex mutex;
  std::condition_variable all_closed;
};

/// Threads: everything but `io` belongs to the loop's own thread.
class IoLoop {
 public:
  explicit IoLoop(ServerShared& server);
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  /// Runs until `io` is stopped.
  void Run();
  void Adopt(const std::shared_ptr<Connection>& connection);
  void Drop(Connection& connection);
  /// From now on no request is begun; what waits is closed.
  void BeginShutdown();
  /// Sets every cancel token and closes every connection.
  void CloseAll();

  /// From now on connections that wait for `signal` get OnSignal when it is notified.
  void Watch(const std::shared_ptr<StreamSignal>& signal);
  /// Calls connection->OnTurn soon, a few connections at a time, so that requests of other
  /// connections come between.
  void Enqueue(std::shared_ptr<Connection> connection);

  /// 1: only this thread runs it, so that its queues need fewer locks.
  boost::asio::io_context io{1};
  ServerShared& server;
  CommonFields common;
  /// Clock::Monotonic at the last tick: near enough for time-outs, and free.
  Duration now{0};
  bool stopping = false;

 private:
  friend class SignalWatch;

  void ArmTick();
  void OnTick();
  void OnSignal(const StreamSignal& signal);
  void TakeTurns();

  boost::asio::steady_timer timer_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::deque<std::shared_ptr<Connection>> turns_;
  bool turns_posted_ = false;
  std::size_t tick_count_ = 0;
  std::vector<std::unique_ptr<SignalWatch>> watches_;
};

}  // namespace cqd::http
