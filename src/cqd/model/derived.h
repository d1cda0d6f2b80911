// A stream as the cube sees it: ends are First and Second instead of caller and callee, and what
// follows from several fields is computed once.
// Source of every rule: reference/cube-model.md 2.3 to 2.5, 3.1.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time_zone.h"
#include "model/classification.h"
#include "model/classifier.h"
#include "model/facts.h"
#include "model/fields.h"
#include "model/mapping.h"
#include "model/stream.h"

namespace cqd::model {

/// A column of the cube. The first kFieldCount have the order of Field, with First in the caller's
/// and Second in the callee's place; then the computed ones.
enum class CubeColumn : std::uint16_t {
#define F(name, ...) k##name,
#define S(name, ...) kFirst##name, kSecond##name,
  CQD_STREAM_FIELDS(F) CQD_SIDE_FIELDS(S)
#undef F
#undef S
      kMediaType,    ///< MediaType
  kMediaLabel,       ///< label of the media line
  kFirstIsCaller,    ///< 1 / 0
  kFirstIsServer,    ///< 1 / 0
  kSecondIsServer,   ///< 1 / 0
  kFirstInsideCorp,  ///< 1 inside: building's InsideCorp, else the reported bit; servers 1; null
                     ///< unknown
  kSecondInsideCorp,
  kFirstLink,  ///< ConnectionClass; servers kWired; null unknown
  kSecondLink,
  kScenario,    ///< packed ScenarioPair, see Scenario; null while it is unknown whether an end is
                ///< inside
  kInvalid,     ///< StreamType: 1 when an end is a mobile client or on mobile broadband
  kFromFirst,   ///< 1: First-to-Second, 0: Second-to-First, null unknown
  kDurationMs,  ///< end - start, null unless both are known and end >= start
  kStartDay,  ///< days since 1970-01-01 of the start in the reporting zone; session time when start
              ///< is unknown
  kStartSecond,  ///< second of that day, 0..86399
  kEndDay,       ///< null when the end is unknown
  kEndSecond,
  kFacts,  ///< Facts
  kCall,   ///< CallOf: equal for all streams of a session
};
inline constexpr int kCubeColumnCount = kFieldCount + 19;

constexpr CubeColumn AsColumn(Field field) {
  return static_cast<CubeColumn>(field);
}
/// The stored field a column comes from unchanged (after the exchange of sides); false for computed
/// ones.
constexpr bool IsFieldColumn(CubeColumn column) {
  return static_cast<int>(column) < kFieldCount;
}
/// The second end's column, given the first end's.
constexpr CubeColumn SecondOf(CubeColumn first) {
  return static_cast<CubeColumn>(static_cast<int>(first) + 1);
}
/// Name of a column in docs and segment files: the field's name with first_/second_, or the
/// computed one's. Stable.
std::string_view CubeColumnName(CubeColumn column);

/// Folded connection, the members of the scenario key. Source: reference/cube-model.md 2.5.
enum class ConnectionClass : std::uint8_t {
  kWired = 0,
  kWifi = 1,
  kMobileBroadband = 2,
  kTunnel = 3,
  kOther = 4
};
/// By the text, ignoring case, blanks and dashes: "Wired" and "Ethernet" are wired, "WiFi" in any
/// spelling is Wi-Fi ...; empty text: kOther.
ConnectionClass ConnectionClassOf(std::string_view detail);
/// "Wired", "Wifi", "MobileBB", "Tunnel", "Other".
std::string_view ConnectionClassName(ConnectionClass link);

/// The six parts of a ScenarioPair.
struct Scenario {
  bool first_is_server = false, second_is_server = false;
  bool first_inside = false, second_inside = false;
  ConnectionClass first_link = ConnectionClass::kOther, second_link = ConnectionClass::kOther;
  bool operator==(const Scenario&) const = default;
  /// Packed for CubeColumn::kScenario, 0 <= value < 1024.
  Value Pack() const;
  static Scenario Unpack(Value packed);
  /// "[1]&[0]&[1]&[0]&[Wired]&[Wifi]".
  std::string Key() const;
  /// "Server-Inside-wired,Client-Outside-wifi".
  std::string Caption() const;
};

using DerivedRow = std::array<Value, kCubeColumnCount>;

/// True when the caller is First: the server end is First; among equals the lower UAType; tie: the
/// caller. Unknown agents are clients of the greatest type. Source: reference/cube-model.md 2.5.
bool FirstIsCaller(const AgentInfo& caller, const AgentInfo& callee);

/// Computes all columns of `row`. Pure; threads: any. Cost: about 1 us.
void Derive(const StreamRow& row, const Mapping& mapping, const TimeZone& zone, DerivedRow& out);

/// The fact that a stream is of the medium.
constexpr Fact FactOf(MediaType medium) {
  static_assert(static_cast<int>(Fact::kOtherMedia) == static_cast<int>(MediaType::kOther));
  return static_cast<Fact>(static_cast<int>(Fact::kAudio) + static_cast<int>(medium));
}

/// The facts of a row whose leg was classified by `classifier` (ClassifySession); `derived` is the
/// row by the published one.
Facts FactsBy(const Classifier& classifier, const StreamRow& row, const DerivedRow& derived);

/// 63 bits of a hash of source, session time and sequence. Two of n calls have the same with a
/// chance of n^2 / 2^64.
Value CallOf(const StreamKey& key);

/// Computes again what depends on buildings and networks, PlaceOutputs(), from PlaceInputs() of the
/// same row, whatever mapping it was derived by. Gives what Derive gives. Threads: any.
void DerivePlaces(const Mapping& mapping, DerivedRow& row);
std::span<const CubeColumn> PlaceInputs();
std::span<const CubeColumn> PlaceOutputs();

}  // namespace cqd::model
