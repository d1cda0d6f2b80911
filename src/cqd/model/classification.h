// Is a stream good, poor or unclassified? Pure functions over stored metrics.
// Source: reference/cube-model.md 3.1, reference/qoe-metrics-schema.md 7.
#pragma once

#include <cstdint>
#include <span>

#include "model/stream.h"

namespace cqd::model {

struct Classifier;
enum class QualityClass : std::uint8_t { kUnclassified = 0, kGood = 1, kPoor = 2 };

/// What a media line carries, by its label.
enum class MediaType : std::uint8_t {
  kAudio = 0,
  kVideo = 1,
  kAppSharing = 2,
  kVbss = 3,
  kOther = 4
};
inline constexpr std::size_t kMediaTypeCount = 5;
/// Labels 0 audio; 1, 2, 4 and further video labels video; 3 sharing; 16 VbSS. An unknown label is
/// typed by the metrics the row carries (reference/qoe-metrics-schema.md 2).
MediaType MediaTypeOf(const StreamRow& row);

/// The class of one stream on its own, by the rule of its medium. Its metrics decide when it
/// carries any that the rule looks at; the verdict of the source (kClassifiedPoor) only fills the
/// gap.
QualityClass ClassifyStream(const StreamRow& row);
/// Audio only, without the concealed-samples limit ("JPDR"); kUnclassified for other media. Always
/// computed: no source stores it.
QualityClass ClassifyStreamJpdr(const StreamRow& row);

/// Sets kLegClass, kLegClassJpdr and kSessionMedia on all rows of one session: one poor stream
/// makes every stream of its leg poor; good when none is poor and at least one carries a metric;
/// else the source's verdict on the leg, else unclassified. A leg whose metrics we hold is judged
/// by them alone. Precondition: equal source, session_time and session_seq in all rows.
void ClassifySession(std::span<StreamRow> session);
/// The same by other limits.
void ClassifySession(std::span<StreamRow> session, const Classifier& classifier);

}  // namespace cqd::model
