// Who calls whom, when. Time is cut into slots of ten minutes (of the server's clock); what happens
// in a slot depends on the organisation, the slot's number and the intensity alone, so any range of
// time can be made again, in pieces or at once.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "simulate/organisation.h"

namespace cqd::simulate {

enum class SessionKind {
  kPeer,         ///< two users
  kConference,   ///< a user and the A/V conferencing server
  kSharing,      ///< a user and the application sharing server, beside a kConference leg
  kPstnClient,   ///< a user and the Mediation Server
  kPstnGateway,  ///< the Mediation Server and the gateway, same correlation
  kPstnBypass,   ///< a user and the gateway directly
  kService,      ///< a user and an attendant, announcement, response group, voice mail or parking
                 ///< server
};

/// One SIP dialog to be written, without its details: these follow from `seed`.
struct PlannedSession {
  UtcTime received;   ///< ConferenceDateTime: the first report arrived
  UtcTime second_at;  ///< the other side's report arrived; kNever when it never does
  std::uint64_t seed = 0;
  SessionKind kind = SessionKind::kPeer;
  int session_seq = 1;
  int caller = 0;  ///< position in users, or in servers when caller_is_server
  int callee = 0;
  bool caller_is_server = false, callee_is_server = false;
  bool caller_first = true;  ///< the caller's report is the first one
  int duration_s = 0;
  int conference = 0;    ///< number within the slot
  int correlation = -1;  ///< number within the slot; -1: none
  int organiser = -1;    ///< of a meeting: position in users
  int phone = -1;        ///< number of the outside phone, 0..kPhoneNumberCount-1
  bool inbound_pstn = false;
};
inline constexpr UtcTime kNever = UtcTime::max();

/// No report is later than this after the first one (reports later than that never arrive).
inline constexpr Duration kSecondReportDelayMax = std::chrono::hours(2);
inline constexpr Duration kSlotLength = std::chrono::minutes(10);

/// Number of the slot that holds `time`: ten-minute steps since 1970.
std::int64_t SlotOf(UtcTime time);
UtcTime SlotBegin(std::int64_t slot);

/// Share of a week's calls that fall in `slot`: daily and weekly rhythm of all sites at their
/// local times. Adds up to 1 over the 1008 slots of any week.
double SlotWeight(const Organisation& organisation, std::int64_t slot);

/// The sessions received in one slot, in order of (received, session_seq), unique in both.
struct SlotPlan {
  std::vector<PlannedSession> sessions;
  int conference_count = 0;
  int correlation_count = 0;
};
/// `calls_per_week`: calls, meetings and outside calls begun in an average week; see
/// kStreamsPerCall.
/// `calls_min`: at least so many on average in this slot, whatever the hour.
SlotPlan PlanSlot(const Organisation& organisation, std::int64_t slot, double calls_per_week,
                  double calls_min = 0);

/// Streams that one call, meeting or outside call gives on average (all legs, both directions).
/// Measured over 100,000 calls; calls_test.cc holds it to 3 %.
inline constexpr double kStreamsPerCall = 5.38;

}  // namespace cqd::simulate
