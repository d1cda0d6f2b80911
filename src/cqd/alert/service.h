// Looks at the status and tells of outages: one message when one begins, one when it gets worse,
// one when it ends, each until its receiver has it. Source: reference/status-api.md 5.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "alert/outage.h"
#include "alert/store.h"
#include "alert/target.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "integration/status.h"

namespace cqd::alert {

/// What messages say about who sends them.
struct Identity {
  std::string server_id, version;
  std::string url;  ///< to look at, for people; may be empty
};

struct ServiceOptions {
  std::string path;  ///< of alerts.sqlite
  std::vector<Target> targets;
  Identity identity;
  /// How often the status is looked at. Setting alert.check_every_s.
  Duration check_every = std::chrono::seconds(5);
  OutageRules rules;
  /// Pause after the first failed try; doubled with each further one up to the longest, each with a
  /// random part of a quarter, so that many servers do not come back at once. Bounds of ours: a
  /// receiver that restarts is tried within seconds, one that is down for hours 4 times an hour.
  Duration retry_first = std::chrono::seconds(5);
  Duration retry_longest = std::chrono::minutes(15);
  /// After this long a message is given up: it is no news any more.
  Duration give_up_after = std::chrono::hours(24);
  /// How often an Alertmanager is told again of what lasts. Source: prometheus.io, "Sending
  /// alerts": every 30 seconds to 3 minutes, or it takes the alert for ended.
  Duration repeat_every = std::chrono::seconds(60);
  /// Of the random part.
  std::uint64_t seed = 1;
};

/// How a receiver does. No secrets.
struct TargetStatus {
  std::string name;
  TargetKind kind = TargetKind::kGeneric;
  std::string address;  ///< ShownAddress
  std::int64_t waiting = 0;
  std::optional<UtcTime> last_success_at, last_failure_at;  ///< since the start of the process
  std::string error;                                        ///< of the last try; empty: it worked
};

/// What one test message came to.
struct TestResult {
  std::string target;
  Status status;
  std::int64_t ms = 0;
  std::string message_id;
  int code = 0;
};

/// Sends one test message to each target at once, and waits for all: at most the longest time-out.
/// A dead man's switch is called as if all were well. Needs no service. Threads: any.
std::vector<TestResult> SendTest(std::span<const Target> targets, const Identity& identity,
                                 const Clock& clock, const CancelToken& cancel);

/// Threads: any. `status` must be quick and callable from any thread as long as the service lives.
///
/// What was decided is stored before it is sent, and what was sent is stored after it: a kill
/// between the two sends a message again, with the same id. When the file cannot be written (disk
/// full), alerts go out all the same and are stored as soon as it can.
class Service {
 public:
  using StatusSource = std::function<integration::StatusView()>;
  /// Errors: as Store::Open; kInvalidArgument (CheckTarget; the same name twice). Nothing is
  /// started.
  static Result<std::unique_ptr<Service>> Open(ServiceOptions options, StatusSource status,
                                               const Clock& clock);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// One thread that looks, and one a target.
  void Start();
  /// Breaks off what is being sent (it is sent again after the next start) and ends the threads.
  void Stop();
  /// One look, and every try that is due, in the calling thread, for tests; must not be started.
  void RunOnce();

  /// Outages that somebody was told of, or would have been told of if there were a receiver.
  /// Cost: from memory, never waits for the file.
  std::vector<integration::AlertStatus> Active() const;
  std::vector<TargetStatus> targets() const;
  Store& store() { return *store_; }

  /// `by` takes care: nothing more is told of it but the end. Errors: kNotFound, and
  /// kFailedPrecondition (it has ended).
  Result<Outage> Acknowledge(std::string_view id, std::string_view by);
  /// SendTest with a line in the delivery log. `target` empty: all. Errors: kNotFound.
  Result<std::vector<TestResult>> Test(std::string_view target);

 private:
  /// One receiver at work.
  struct Receiver {
    Target target;
    TargetStatus status;
    std::optional<Duration> last_ping, last_repeat;  ///< monotonic
    std::thread thread;
  };
  /// What the last look said, for the dead man's switch.
  struct LastLook {
    integration::Health health = integration::Health::kPass;
    Duration at{};  ///< monotonic
  };

  Service(ServiceOptions options, StatusSource status, const Clock& clock,
          std::unique_ptr<Store> store, Store::Unfinished unfinished);

  void LookLoop();
  void ReceiverLoop(Receiver& receiver);
  void Look();
  void Enqueue(OutageChange& change, std::vector<Delivery>& made);
  Message MakeMessage(const Outage& outage, Event event, const Told& told) const;
  /// Tries the message that is most due; false: none is.
  bool DeliverOne(Receiver& receiver);
  const Delivery* MostDue(const Receiver& receiver, UtcTime now) const;
  void Finish(Receiver& receiver, Delivery delivery, const struct Delivered& delivered);
  void Ping(Receiver& receiver);
  void Repeat(Receiver& receiver);
  void NoteTry(Receiver& receiver, const Status& status);
  /// Stores what has changed. Never call with mutex_ held.
  void Flush();
  void PublishActive();
  /// Waits for `time` of the monotonic clock, or until `wake_` with new work or the end.
  void WaitFor(std::unique_lock<std::mutex>& lock, Duration time, std::int64_t work_seen);

  const ServiceOptions options_;
  const StatusSource status_;
  const Clock& clock_;
  const std::unique_ptr<Store> store_;
  CancelToken cancel_;

  std::mutex flush_mutex_;  ///< taken before mutex_: writes reach the file in order
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::int64_t work_ = 0;  ///< grows when there is something new to deliver
  OutageTracker tracker_;
  std::optional<LastLook> last_look_;
  std::map<std::int64_t, Delivery> waiting_;
  std::int64_t last_delivery_id_;
  std::map<std::int64_t, Outage> dirty_outages_;
  std::map<std::int64_t, Delivery> dirty_deliveries_;
  std::vector<std::int64_t> forgotten_;
  bool store_failing_ = false;
  Duration last_prune_{};
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::thread looker_;

  mutable std::mutex active_mutex_;
  std::vector<integration::AlertStatus> active_;
};

}  // namespace cqd::alert
