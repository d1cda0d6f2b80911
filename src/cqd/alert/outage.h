// From what the status says to outages: when one begins, gets worse and ends. Pure: the same looks
// give the same outages.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/message.h"
#include "base/time.h"
#include "integration/status.h"

namespace cqd::alert {

enum class OutageState : std::uint8_t {
  kPending,  ///< something is wrong, for less than the hold-off; nobody was told
  kOpen,
  kEnded,
};
std::string_view OutageStateName(OutageState state);
std::optional<OutageState> ParseOutageState(std::string_view name);

/// What a receiver was told last of an outage.
struct Told {
  std::string target;
  integration::Health severity = integration::Health::kWarn;
  bool operator==(const Told&) const = default;
};

/// One stretch of time in which one subject was not well. One alarm each, whatever the number of
/// reasons.
struct Outage {
  std::int64_t seq = 0;  ///< 1, 2, 3 ...
  std::string id;  ///< "<subject>-<start>-<seq>", the dedupe key: "cube-20150118T103013-000007"
  std::string subject;  ///< see SubjectOf
  OutageState state = OutageState::kPending;
  integration::Health severity = integration::Health::kWarn;  ///< the worst so far
  UtcTime since;         ///< start: the earliest that its reasons name, or when it was first seen
  UtcTime last_look_at;  ///< when the state was last looked at with this outage known
  Duration held{};       ///< how long it has been looked at as not well; counts up to the hold-off
  std::optional<Duration> well;  ///< how long it has been well again; nullopt: it is not
  std::optional<UtcTime> opened_at, ended_at;
  std::vector<MessageReason> reasons;  ///< the newest that there were, worst first
  std::size_t reasons_left_out = 0;
  std::string acked_by;
  std::optional<UtcTime> acked_at;
  std::vector<Told> told;
  int messages = 0;  ///< events so far
  std::optional<UtcTime> last_sent_at;
  bool operator==(const Outage&) const = default;
};

struct OutageRules {
  /// How long something must be wrong before anybody is told. Longer: fewer alarms over what mends
  /// itself, and later ones. Source of both: reference/status-api.md 5; setting alert.hold_off_s.
  Duration hold_off = std::chrono::seconds(120);
  /// How long it must be well before the end is told, against flapping. Setting
  /// alert.resolve_after_s.
  Duration resolve_after = std::chrono::seconds(60);
};

/// What a look changed.
struct OutageChange {
  Outage outage;
  std::optional<Event> event;  ///< to be told; nullopt: only to be stored
  bool forgotten = false;      ///< it was pending and went away: remove it
};

/// Follows the outages of one server. Times are monotonic between looks, so that a step of the wall
/// clock neither opens nor holds back an alarm. Threads: one at a time.
class OutageTracker {
 public:
  /// `known`: pending and open outages of before. `last_seq`: of the newest outage ever.
  OutageTracker(const OutageRules& rules, std::vector<Outage> known, std::int64_t last_seq);

  /// Takes one look. `elapsed`: monotonic time since the look before; zero for the first one.
  /// Pending outages that nobody looked at for longer than the hold-off start anew.
  std::vector<OutageChange> Look(const integration::StatusView& view, Duration elapsed);

  /// Somebody takes care: nothing more is told but the end. Errors: kNotFound (no such open one).
  Result<Outage> Acknowledge(std::string_view id, std::string_view by, UtcTime at);
  /// Notes what a receiver is told of an outage that the last look changed, there and here.
  void NoteTold(Outage& outage, const Told& told);
  /// Notes when something of it was delivered. nullopt: it is not open any more.
  std::optional<Outage> NoteSent(std::string_view id, UtcTime at);
  /// Open ones, by subject.
  std::vector<Outage> Open() const;

 private:
  struct Finding;
  static std::map<std::string, Finding> FindingsOf(const integration::StatusView& view);
  std::optional<OutageChange> LookAtBad(std::string_view subject, const Finding& finding,
                                        UtcTime now, Duration elapsed);
  std::optional<OutageChange> LookAtWell(Outage& outage, UtcTime now, Duration elapsed) const;

  OutageRules rules_;
  std::map<std::string, Outage, std::less<>> by_subject_;  // pending and open
  std::int64_t last_seq_;
};

/// What a reason is about: its stage, else "source:NAME", else "system". Reasons of one subject are
/// one outage. A missed service level looks back on weeks: it is "slo:STAGE", so that it does not
/// hide what happens to the stage today.
std::string SubjectOf(const integration::Reason& reason);

}  // namespace cqd::alert
