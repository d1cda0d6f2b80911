// alerts.sqlite: outages, and every message that is or was to be delivered.
// Format: docs/formats/alerts.md.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "alert/message.h"
#include "alert/outage.h"
#include "base/result.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace cqd::alert {

enum class DeliveryState : std::uint8_t {
  kWaiting,  ///< to be tried, for the first time or again
  kDelivered,
  kGivenUp,  ///< nobody took it for a day, or its target is gone
};
std::string_view DeliveryStateName(DeliveryState state);
std::optional<DeliveryState> ParseDeliveryState(std::string_view name);

/// One message to one target.
struct Delivery {
  std::int64_t id = 0;  ///< 1, 2, 3 ..., in the order of events
  std::string target;
  std::string outage_id;  ///< empty for a test
  Event event = Event::kTest;
  std::string message_id;
  std::string body;  ///< MessageJson; empty once it is finished
  UtcTime created_at;
  int attempts = 0;
  std::optional<UtcTime> last_try_at;
  UtcTime next_try_at;
  DeliveryState state = DeliveryState::kWaiting;
  int code = 0;       ///< last answer of the receiver, 0: none
  std::string error;  ///< of the last try, safe
  std::optional<UtcTime> finished_at;
  bool operator==(const Delivery&) const = default;
};

struct OutageFilter {
  std::optional<OutageState> state;        ///< kOpen or kEnded; nullopt: both
  std::optional<std::int64_t> before_seq;  ///< only older ones
  std::size_t most = 50;
};
struct DeliveryFilter {
  std::string target, outage_id;  ///< empty: all
  std::optional<DeliveryState> state;
  std::optional<std::int64_t> before_id;
  std::size_t most = 50;
};

/// How much history is kept; what is open or waits is kept in any case. Bounds of ours: months at
/// an alarm an hour, and a file of a few megabytes.
inline constexpr std::int64_t kOutagesKept = 1000;
inline constexpr std::int64_t kDeliveriesKept = 5000;

/// Threads: any.
class Store {
 public:
  /// What a service goes on with.
  struct Unfinished {
    std::vector<Outage> outages;       ///< pending and open
    std::vector<Delivery> deliveries;  ///< waiting, oldest first
    std::int64_t last_seq = 0;
    std::int64_t last_delivery_id = 0;
  };

  /// Makes or migrates the file. Errors: as sqlite::Database::Open, kUnimplemented (newer format).
  static Result<std::unique_ptr<Store>> Open(const std::string& path);
  /// Beside a running server. Errors: kNotFound (no alert was ever stored).
  static Result<std::unique_ptr<Store>> OpenForReading(const std::string& path);

  /// Errors: kCorruption.
  Result<Unfinished> Load();
  /// Stores all of it or nothing. `forgotten`: seqs of pending outages that went away.
  Status Save(std::span<const Outage> outages, std::span<const std::int64_t> forgotten,
              std::span<const Delivery> deliveries);
  /// Removes the oldest history over the bounds.
  Status Prune();

  /// Open and ended ones, newest first.
  Result<std::vector<Outage>> ListOutages(const OutageFilter& filter);
  /// Errors: kNotFound.
  Result<Outage> FindOutage(std::string_view id);
  /// Newest first.
  Result<std::vector<Delivery>> ListDeliveries(const DeliveryFilter& filter);

 private:
  explicit Store(sqlite::Database database) : database_(std::move(database)) {}
  Status SaveOutage(const Outage& outage);
  Status SaveDelivery(const Delivery& delivery);

  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace cqd::alert
