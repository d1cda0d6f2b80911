#include "model/fields.h"

#include <unordered_map>

#include "base/check.h"

namespace cqd::model {
namespace {

struct TypeAndSpace {
  FieldType type;
  KeySpace space = KeySpace::kUser;
};
constexpr TypeAndSpace Key(KeySpace space) {
  return {FieldType::kKey, space};
}
constexpr TypeAndSpace Integer{FieldType::kInteger};
constexpr TypeAndSpace Decimal{FieldType::kDecimal};
constexpr TypeAndSpace Flag{FieldType::kFlag};
constexpr TypeAndSpace Mask{FieldType::kMask};
constexpr TypeAndSpace Time{FieldType::kTime};

constexpr std::array<FieldInfo, kFieldCount> kFields = {{
#define F(name, column, kind, scale, min, max, unit, source) \
  {Field::k##name, #column, (kind).type, (kind).space, scale, min, max, unit, source},
#define S(name, column, kind, scale, min, max, unit, source) \
  {Field::kCaller##name,                                     \
   "caller_" #column,                                        \
   (kind).type,                                              \
   (kind).space,                                             \
   scale,                                                    \
   min,                                                      \
   max,                                                      \
   unit,                                                     \
   source},                                                  \
      {Field::kCallee##name,                                 \
       "callee_" #column,                                    \
       (kind).type,                                          \
       (kind).space,                                         \
       scale,                                                \
       min,                                                  \
       max,                                                  \
       unit,                                                 \
       source},
    CQD_STREAM_FIELDS(F) CQD_SIDE_FIELDS(S)
#undef F
#undef S
}};

struct SpaceInfo {
  KeySpace space;
  std::string_view name;
  std::size_t characters_max;
};
// Sizes: reference/qoe-metrics-schema.md 4; user agent and device as ingest-formats.md 18.
constexpr std::array<SpaceInfo, kKeySpaceCount> kSpaces = {{
    {KeySpace::kUser, "user", 450},
    {KeySpace::kUserAgent, "user_agent", 512},
    {KeySpace::kEndpoint, "endpoint", 256},
    {KeySpace::kAddress, "address", 50},
    {KeySpace::kSubnet, "subnet", 50},
    {KeySpace::kMac, "mac", 256},
    {KeySpace::kBssid, "bssid", 256},
    {KeySpace::kDevice, "device", 256},
    {KeySpace::kDriver, "driver", 256},
    {KeySpace::kPool, "pool", 256},
    {KeySpace::kConference, "conference", 450},
    {KeySpace::kCodec, "codec", 256},
    {KeySpace::kBandwidthSource, "bandwidth_source", 256},
    {KeySpace::kConnection, "connection", 256},
    {KeySpace::kResolution, "resolution", 32},
    {KeySpace::kSharingType, "sharing_type", 256},
    {KeySpace::kFeedbackTokens, "feedback_tokens", 1024},
    {KeySpace::kWifiRadio, "wifi_radio", 64},
}};

const SpaceInfo& SpaceOf(KeySpace space) {
  const auto index = static_cast<std::size_t>(space);
  CQD_CHECK(index < kSpaces.size() && kSpaces[index].space == space);
  return kSpaces[index];
}

}  // namespace

std::string_view KeySpaceName(KeySpace space) {
  return SpaceOf(space).name;
}
std::size_t KeyTextCharactersMax(KeySpace space) {
  return SpaceOf(space).characters_max;
}

const FieldInfo& InfoOf(Field field) {
  return kFields[static_cast<std::size_t>(field)];
}
const std::array<FieldInfo, kFieldCount>& AllFields() {
  return kFields;
}

std::optional<Field> FindField(std::string_view column) {
  static const auto* const kByColumn = [] {
    auto* map = new std::unordered_map<std::string_view, Field>();
    for (const FieldInfo& info : kFields) map->emplace(info.column, info.field);
    return map;
  }();
  const auto found = kByColumn->find(column);
  if (found == kByColumn->end()) return std::nullopt;
  return found->second;
}

}  // namespace cqd::model
