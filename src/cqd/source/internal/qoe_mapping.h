// Which column of QoEMetrics becomes which field: one table per QoE table, spelling variants
// included. Source: reference/qoe-metrics-schema.md 3, 4 and 8.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/fields.h"

namespace cqd::source::internal {

/// Fact tables, in the order in which a window of them is fetched.
enum class QoeTable : std::uint8_t {
  kSession,
  kMediaLine,
  kAudioStream,
  kVideoStream,
  kAppSharingStream,
  kAudioSignal,
  kAudioClientEvent,
  kVideoClientEvent,
  kFeedback,
  kFeedbackToken,
};
inline constexpr int kQoeTableCount = 10;

/// Lookup tables that fact tables point to.
enum class QoeDictionary : std::uint8_t {
  kUser,
  kUserAgent,
  kEndpoint,
  kPool,
  kConference,
  kIpAddress,
  kMacAddress,
  kDevice,
  kDeviceDriver,
  kNetworkConnection,
  kPayload,
  kBandwidthSource,
  kTokenDef,
  kNone,  ///< the column is a value, or text
};
inline constexpr int kQoeDictionaryCount = 13;

/// Names under which a column may be found, the documented one first; unused places are empty.
using Names = std::array<std::string_view, 3>;

/// One column that becomes a field.
struct ColumnMapping {
  Names names;
  model::Field field;  ///< of the caller, where the row tells the side
  QoeDictionary dictionary = QoeDictionary::kNone;
  /// Used only when the field is still null after the columns before it.
  bool fallback = false;
};

/// What a table is read for.
struct TableMapping {
  QoeTable table;
  std::string_view name;
  /// Parts of the clustered key after ConferenceDateTime, SessionSeq; at most two. The table is
  /// unusable without them.
  std::array<Names, 2> key_tail;
  /// Columns that steer the join but are stored in no field; the meaning of each place is in
  /// qoe_join.cc.
  std::array<Names, 3> extras;
  std::span<const ColumnMapping> columns;
  /// True: a row is about one side, told by the last key part (FromCaller).
  bool per_side;
};

const TableMapping& MappingOf(QoeTable table);

/// A lookup table: its key, its text, and what becomes the entry's detail.
struct DictionaryMapping {
  QoeDictionary dictionary;
  std::string_view table;
  Names key;
  Names text;
  std::array<Names, 5> details;
};
const DictionaryMapping& MappingOf(QoeDictionary dictionary);

inline constexpr Names kSessionTimeNames = {"ConferenceDateTime", "SessionTime"};
inline constexpr Names kSessionSeqNames = {"SessionSeq"};

/// Places of TableMapping::extras.
inline constexpr std::size_t kExtraCallerPai = 0;   // Session
inline constexpr std::size_t kExtraCalleePai = 1;   // Session
inline constexpr std::size_t kExtraAggregated = 0;  // VideoStream
inline constexpr std::size_t kExtraTokenId = 0;     // CallQualityFeedbackToken
inline constexpr std::size_t kExtraTokenValue = 1;  // CallQualityFeedbackToken

}  // namespace cqd::source::internal
