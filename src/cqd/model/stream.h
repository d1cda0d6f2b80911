// One stream: one direction of one media line of one session, as it is stored.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>

#include "base/strong_id.h"
#include "base/time.h"
#include "model/fields.h"

namespace cqd::model {

struct SourceTag {};
/// Number of a configured source in the archive's `source` table.
using SourceId = StrongId<SourceTag, std::int32_t>;

/// Media line labels, reference/qoe-metrics-schema.md 2.
inline constexpr int kLabelAudio = 0;
inline constexpr int kLabelVideo = 1;
inline constexpr int kLabelPanoramicVideo = 2;
inline constexpr int kLabelSharing = 3;
inline constexpr int kLabelGalleryVideo = 4;
inline constexpr int kLabelVbss = 16;

/// Natural key of a stream. Streams with equal source, session time, sequence and label form one
/// leg (a media line); with equal source, session time and sequence one session.
/// Session time: ConferenceDateTime, or for collected reports the receive time of the call's first
/// report. It decides the month, never changes, and is a server's time.
struct StreamKey {
  SourceId source;
  UtcTime session_time;
  std::int64_t session_seq = 0;
  std::int32_t media_label = 0;
  std::int64_t stream_id = 0;
  auto operator<=>(const StreamKey&) const = default;
};

/// A field's stored integer, or kNull: the source did not carry it (never 0 instead).
using Value = std::int64_t;
inline constexpr Value kNull = std::numeric_limits<Value>::min();

/// One row of the archive. Plain data; about 1.5 kB.
struct StreamRow {
  StreamKey key;
  std::array<Value, kFieldCount> values;

  StreamRow() { values.fill(kNull); }
  Value Get(Field field) const { return values[static_cast<std::size_t>(field)]; }
  bool Has(Field field) const { return Get(field) != kNull; }
  void Set(Field field, Value value) { values[static_cast<std::size_t>(field)] = value; }
  bool operator==(const StreamRow&) const = default;
};

/// Scales `value` to the field's stored integer, rounding half away from zero at its scale.
/// kNull for NaN, infinities and values outside the field's [min, max].
Value ToStored(Field field, double value);
/// The value in the field's unit. Precondition: stored != kNull.
double ToDouble(Field field, Value stored);

/// Sets a metric; when the value is present but cannot be right (outside the field's range, not
/// finite) the field stays null and Repair::kMetricOutOfRange is set in kRepairs. Returns false
/// then.
bool SetMetric(StreamRow& row, Field field, double value);

}  // namespace cqd::model
