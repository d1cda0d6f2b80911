// Threads for handlers that compute or wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cqd::http {

/// A fixed number of threads and a bounded queue. Threads: any.
class WorkerPool {
 public:
  /// Throws std::system_error when the system gives no more threads.
  WorkerPool(std::size_t threads, std::size_t queue_max);
  /// Calls Stop.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when every thread is busy and `queue_max` jobs wait, or after Stop. Jobs must not throw.
  bool TryPost(std::function<void()> job);
  /// Drops what waits and joins the threads. Later calls do nothing.
  void Stop();

 private:
  void Run();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cqd::http
