#include "source/internal/qoe_link.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"

namespace cqd::source::internal {
namespace {

/// How soon a cancel is noticed, and how often it is repeated.
constexpr std::chrono::milliseconds kLookEvery(50);

/// While it lives, a cancel stops what runs on the connection. Again and again, because a request
/// that reaches the server between two statements stops nothing.
class CancelWatch {
 public:
  CancelWatch(const odbc::Connection& connection, const CancelToken& cancel)
      : running_(connection.running_call()), cancel_(cancel), thread_([this] { Watch(); }) {}
  CancelWatch(const CancelWatch&) = delete;
  CancelWatch& operator=(const CancelWatch&) = delete;
  ~CancelWatch() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Watch() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLookEvery, [this] { return done_; })) {
      if (!cancel_.cancelled()) continue;
      lock.unlock();
      running_->Cancel();
      lock.lock();
    }
  }

  const std::shared_ptr<odbc::RunningCall> running_;
  const CancelToken& cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

/// What the thread that connects and the one that waits for it share.
struct Connecting {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<odbc::Connection>> result;
};

/// Drivers cannot be stopped while they connect, and a server that does not answer takes as long as
/// the login timeout. So a thread of its own connects; after a cancel it is left to end by itself,
/// and whatever connection it gets is closed.
Result<odbc::Connection> OpenUnless(const CancelToken& cancel, odbc::ConnectOptions options) {
  CQD_RETURN_IF_ERROR(cancel.Check());
  auto shared = std::make_shared<Connecting>();
  std::thread([shared, options = std::move(options)] {
    auto opened = odbc::Connection::Open(options);
    const std::lock_guard lock(shared->mutex);
    shared->result = std::move(opened);
    shared->changed.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  while (!shared->changed.wait_for(lock, kLookEvery, [&] { return shared->result.has_value(); }))
    CQD_RETURN_IF_ERROR(cancel.Check());
  return *std::move(shared->result);
}

}  // namespace

Status Link::Connect(const CancelToken& cancel) {
  if (connection_ && !connection_->alive()) Disconnect();
  if (connection_) return OkStatus();
  CQD_ASSIGN_OR_RETURN(odbc::Connection connection,
                       OpenUnless(cancel, {.connection_string = options_.connection_string,
                                           .password = options_.password,
                                           .login_timeout_s = options_.login_timeout_s,
                                           .read_only = true}));
  connection_ = std::move(connection);
  if (!schema_) {
    const CancelWatch watch(*connection_, cancel);
    auto schema = ProbeSchema(*connection_);
    if (!schema.ok()) {
      Disconnect();
      return std::move(schema).error();
    }
    schema_ = *std::move(schema);
  }
  reader_ = std::make_unique<WindowReader>(*connection_, *schema_, options_.query_timeout_s);
  return OkStatus();
}

void Link::Disconnect() {
  reader_.reset();
  connection_.reset();
}

Status Link::Run(const CancelToken& cancel, const Work& work) {
  Duration wait = options_.reconnect.first_wait;
  for (int attempt = 0;; ++attempt) {
    CQD_RETURN_IF_ERROR(cancel.Check());
    Status status = Connect(cancel);
    if (status.ok()) {
      const CancelWatch watch(*connection_, cancel);
      status = work(*connection_, *reader_);
    }
    if (status.ok()) return status;
    // Drivers call a statement that was stopped on request by many names.
    CQD_RETURN_IF_ERROR(cancel.Check());
    Error error = std::move(status).error();
    if (error.code == ErrorCode::kCancelled) {
      // Nobody asked for it: the server or its driver gave the statement up.
      error.code = ErrorCode::kDeadlineExceeded;
    }
    if (error.code != ErrorCode::kUnavailable) return error;
    Disconnect();
    if (attempt >= options_.reconnect.attempts) return error;
    LogWarning("source {}: connection lost, trying again in {} ms: {}", options_.name,
               wait.count() / 1000, error.ToString());
    CQD_RETURN_IF_ERROR(WaitFor(clock_, wait, cancel));
    wait = std::min(wait * 2, options_.reconnect.wait_max);
  }
}

}  // namespace cqd::source::internal
