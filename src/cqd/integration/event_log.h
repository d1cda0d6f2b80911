// What happened, in order: the events of the status stream. They are stored in the transaction of
// the change that they tell, so that a run, the data version and the event change together, and
// their numbers go on after a restart. Source: reference/status-api.md 4 rule 7, 5.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace cqd::integration {

/// "run.queued", "run.started", "run.progress", "run.finished", "stage.verdict_changed",
/// "data.published", "reject.sample". ("heartbeat" and "reset" are made by the stream and have no
/// number.)
struct Event {
  std::int64_t id = 0;  ///< grows strictly, also across restarts
  UtcTime at;
  std::string type;
  std::string data;   ///< one JSON object, safe for everybody: no details, hosts or names of users
  std::string stage;  ///< what the member `stage` of `data` says, or ""; for filters
};

/// What a reader that knows `after` has missed.
struct EventPage {
  bool reset = false;  ///< events between `after` and the first one here are gone: start anew
  std::vector<std::shared_ptr<const Event>> events;  ///< oldest first
};

/// Threads: any for reading, which never waits for a write to the file; Load, Add, Publish and
/// Discard by the owner of the database connection (RunLog, under its lock).
class EventLog {
 public:
  /// How many events stay readable, in the file and in memory.
  static constexpr std::size_t kKept = 10'000;

  /// Reads the newest kKept of the table `event`. Errors: as sqlite::Database.
  Status Load(sqlite::Database& database);
  /// Stores one event; part of the transaction that `database` has open, if any. Readers see it
  /// after Publish alone.
  Status Add(sqlite::Database& database, UtcTime at, std::string_view type, std::string data);
  /// Shows what was added to readers: call after the commit, and after what the events tell of can
  /// be read, so that who reads newest_id() and then the state has missed nothing. Discard after a
  /// rollback: the numbers are given again.
  void Publish();
  void Discard();

  /// Number of the newest event that readers see; 0: none ever. Cost: an atomic load.
  std::int64_t newest_id() const { return newest_id_.load(std::memory_order_acquire); }
  /// Events after `after`, at most `most`. `after` older than what is kept, or newer than the
  /// newest (a restored backup): reset, without events; the reader goes on from newest_id().
  /// Cost: from memory.
  EventPage After(std::int64_t after, std::size_t most) const;

  /// Calls `wake` after each Publish that showed something, on its thread, until what is returned
  /// goes away (before this does). `wake` must be quick and must not call back.
  std::shared_ptr<const void> Watch(std::function<void()> wake) const;

 private:
  // Of the writer alone.
  std::vector<std::shared_ptr<const Event>> pending_;
  std::int64_t next_id_ = 1;

  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const Event>> kept_;
  std::atomic<std::int64_t> newest_id_{0};

  mutable std::mutex watch_mutex_;
  mutable std::int64_t next_watch_ = 0;
  mutable std::vector<std::pair<std::int64_t, std::function<void()>>> watches_;
};

}  // namespace cqd::integration
