// Yes/no facts of a stream as bits of one word (CubeColumn::kFacts): what measures count.
#pragma once

#include <cstdint>

namespace cqd::model {

/// Bit numbers. Stored in cube segments: append only, and raise the segment format when one changes
/// its meaning.
enum class Fact : std::uint8_t {
  kAudio,  ///< medium; exactly one of the first five is set
  kVideo,
  kAppSharing,
  kVbss,
  kOtherMedia,
  kGood,  ///< class of the whole leg; exactly one of these three is set
  kPoor,
  kUnclassified,
  kJpdrGood,  ///< audio only; class of the leg without the concealed-samples limit
  kJpdrPoor,
  kJpdrUnclassified,
  kLossAboveOnePercent,  ///< packet loss > 1 %
  kDueToJitter,          ///< audio: this stream's own metric breaks the limit; several may
  kDueToLoss,
  kDueToDegradation,
  kDueToRoundTrip,
  kDueToConcealed,
  kDueToPostFec,  ///< video and VbSS
  kDueToLocalFrameLoss,
  kDueToFrameRate,
  kDueToSpoiledTile,  ///< application sharing
  kDueToRelativeOneWay,
  kDueToTileLatency,
  kFirstRated,  ///< rating 1..5 given by that end
  kSecondRated,
  kFirstRatedPoor,  ///< rating 1 or 2
  kSecondRatedPoor,
  kFirstAudioIssue,  ///< a feedback token of that kind is set
  kSecondAudioIssue,
  kFirstVideoIssue,
  kSecondVideoIssue,
  kFirstEchoBadTimestamp,  ///< six echo causes of the first end, then of the second
  kFirstEchoPostAec,
  kFirstEchoAnlp,
  kFirstEchoDnlp,
  kFirstEchoMicClipping,
  kFirstEchoBadState,
  kSecondEchoBadTimestamp,
  kSecondEchoPostAec,
  kSecondEchoAnlp,
  kSecondEchoDnlp,
  kSecondEchoMicClipping,
  kSecondEchoBadState,
  kDurationUpTo5s,    ///< duration known and <= 5 s
  kDurationFrom60s,   ///< duration known and >= 60 s
  kIceFailed,         ///< an end reported ICE FAILED: the media path never came up
  kReportAvailable,   ///< a quality report of either end arrived
  kDurationUnder60s,  ///< duration known and < 60 s
};
inline constexpr int kFactCount = 48;
static_assert(static_cast<int>(Fact::kDurationUnder60s) + 1 == kFactCount);

using Facts = std::uint64_t;
constexpr Facts BitOf(Fact fact) {
  return Facts{1} << static_cast<int>(fact);
}

/// True for a stream when (facts & mask) == value. The empty test is true for every stream.
struct FactTest {
  Facts mask = 0;
  Facts value = 0;
  constexpr bool operator()(Facts facts) const { return (facts & mask) == value; }
  bool operator==(const FactTest&) const = default;
};
/// All of the given facts hold.
template <typename... F>
constexpr FactTest AllOf(F... facts) {
  const Facts bits = (Facts{0} | ... | BitOf(facts));
  return {bits, bits};
}

}  // namespace cqd::model
