#include "model/classification.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include "model/internal/limits.h"

namespace cqd::model {
namespace {

/// Poor when any limit is broken, good when at least one metric is there, else unclassified.
/// Source: reference/cube-model.md 3.1 "Computation".
template <typename Limits>
QualityClass AnyOf(const StreamRow& row, const Limits& limits, const Classifier& by) {
  QualityClass result = QualityClass::kUnclassified;
  for (const Limit& limit : limits) {
    if (!Measured(row, limit)) continue;
    if (Breaks(row, limit, by)) return QualityClass::kPoor;
    result = QualityClass::kGood;
  }
  return result;
}

/// Of the classes of a leg's streams: one poor stream makes the leg poor; good outweighs
/// unclassified.
QualityClass Combine(QualityClass a, QualityClass b) {
  if (a == QualityClass::kPoor || b == QualityClass::kPoor) return QualityClass::kPoor;
  if (a == QualityClass::kGood || b == QualityClass::kGood) return QualityClass::kGood;
  return QualityClass::kUnclassified;
}

QualityClass ClassOfAudio(const StreamRow& row, const Classifier& by) {
  const QualityClass jpdr = AnyOf(row, kAudioJpdrLimits, by);
  return Combine(jpdr, AnyOf(row, std::initializer_list<Limit>{kAudioConcealed}, by));
}

QualityClass ClassOfVbss(const StreamRow& row, const Classifier& by) {
  const Limit* const deciding = VbssDecidingLimit(row);
  if (deciding == nullptr) return QualityClass::kUnclassified;
  return Breaks(row, *deciding, by) ? QualityClass::kPoor : QualityClass::kGood;
}

QualityClass ClassOfMetrics(const StreamRow& row, const Classifier& by) {
  switch (MediaTypeOf(row)) {
    case MediaType::kAudio:
      return ClassOfAudio(row, by);
    case MediaType::kVideo:
      return AnyOf(row, kVideoLimits, by);
    case MediaType::kAppSharing:
      return AnyOf(row, kSharingLimits, by);
    case MediaType::kVbss:
      return ClassOfVbss(row, by);
    case MediaType::kOther:
      return QualityClass::kUnclassified;
  }
  return QualityClass::kUnclassified;
}

QualityClass JpdrOf(const StreamRow& row, const Classifier& by) {
  if (MediaTypeOf(row) != MediaType::kAudio) return QualityClass::kUnclassified;
  return AnyOf(row, kAudioJpdrLimits, by);
}

/// The source's own verdict on the leg. It only fills a gap: the source judged by the same limits
/// (reference/qoe-metrics-schema.md 7) on the metrics it had, and what we hold may be more.
QualityClass ClassOfSource(const StreamRow& row) {
  if (!row.Has(Field::kClassifiedPoor)) return QualityClass::kUnclassified;
  return row.Get(Field::kClassifiedPoor) != 0 ? QualityClass::kPoor : QualityClass::kGood;
}

bool HasAny(const StreamRow& row, std::initializer_list<Field> fields) {
  for (const Field field : fields) {
    if (row.Has(field)) return true;
  }
  return false;
}

/// For labels nobody documents: which stream table or report element the metrics came from. Fields
/// that several media share (jitter, loss, round trip) tell nothing.
MediaType MediaTypeByMetrics(const StreamRow& row) {
  if (HasAny(row, {Field::kSpoiledTile, Field::kTileLatency, Field::kSharingType})) {
    return MediaType::kAppSharing;
  }
  if (HasAny(row, {Field::kVideoPacketLoss, Field::kLocalFrameLoss, Field::kFrameLoss,
                   Field::kRecvFrameRate, Field::kInboundFrameRate, Field::kOutboundFrameRate,
                   Field::kLowFrameRate, Field::kLowResolution, Field::kDynamicCapability,
                   Field::kBitRate, Field::kBitRateMax, Field::kResolution})) {
    return MediaType::kVideo;
  }
  if (HasAny(row, {Field::kDegradation, Field::kDegradationMax, Field::kConcealed,
                   Field::kConcealedMax, Field::kStretched, Field::kCompressed, Field::kHealerDrop,
                   Field::kNetworkMos, Field::kNetworkMosMin, Field::kSendListenMos,
                   Field::kRecvListenMos, Field::kSampleRate, Field::kFecUsed})) {
    return MediaType::kAudio;
  }
  return MediaType::kOther;
}

/// What is gathered of the rows of one leg.
struct Leg {
  std::int32_t media_label = 0;
  QualityClass by_metrics = QualityClass::kUnclassified;
  QualityClass by_source = QualityClass::kUnclassified;
  QualityClass jpdr = QualityClass::kUnclassified;

  QualityClass Class() const {
    return by_metrics != QualityClass::kUnclassified ? by_metrics : by_source;
  }
};

/// Sessions have a handful of legs, so a search beats a map.
Leg& LegOf(std::vector<Leg>& legs, std::int32_t media_label) {
  for (Leg& leg : legs) {
    if (leg.media_label == media_label) return leg;
  }
  return legs.emplace_back(Leg{.media_label = media_label});
}

}  // namespace

MediaType MediaTypeOf(const StreamRow& row) {
  switch (row.key.media_label) {
    case kLabelAudio:
      return MediaType::kAudio;
    case kLabelVideo:
    case kLabelPanoramicVideo:
    case kLabelGalleryVideo:
      return MediaType::kVideo;
    case kLabelSharing:
      return MediaType::kAppSharing;
    case kLabelVbss:
      return MediaType::kVbss;
    default:
      return MediaTypeByMetrics(row);
  }
}

QualityClass ClassifyStream(const StreamRow& row) {
  const QualityClass by_metrics = ClassOfMetrics(row, PublishedClassifier());
  return by_metrics != QualityClass::kUnclassified ? by_metrics : ClassOfSource(row);
}

QualityClass ClassifyStreamJpdr(const StreamRow& row) {
  return JpdrOf(row, PublishedClassifier());
}

void ClassifySession(std::span<StreamRow> session) {
  ClassifySession(session, PublishedClassifier());
}

void ClassifySession(std::span<StreamRow> session, const Classifier& classifier) {
  std::vector<Leg> legs;
  Value media = 0;
  for (const StreamRow& row : session) {
    Leg& leg = LegOf(legs, row.key.media_label);
    leg.by_metrics = Combine(leg.by_metrics, ClassOfMetrics(row, classifier));
    leg.by_source = Combine(leg.by_source, ClassOfSource(row));
    leg.jpdr = Combine(leg.jpdr, JpdrOf(row, classifier));
    const MediaType type = MediaTypeOf(row);
    if (type != MediaType::kOther) media |= Value{1} << static_cast<int>(type);
  }
  for (StreamRow& row : session) {
    const Leg& leg = LegOf(legs, row.key.media_label);
    row.Set(Field::kLegClass, static_cast<Value>(leg.Class()));
    row.Set(Field::kLegClassJpdr, static_cast<Value>(leg.jpdr));
    row.Set(Field::kSessionMedia, media);
  }
}

}  // namespace cqd::model
