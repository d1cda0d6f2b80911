// Attributes of the call and the stream as a whole. Source: reference/cube-model.md 2.1, 2.4, 2.7.
#include <fmt/format.h>

#include "base/text.h"
#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.7";

std::string_view MediaTypeName(Value type) {
  switch (type) {
    case static_cast<Value>(MediaType::kAudio):
      return "Audio";
    case static_cast<Value>(MediaType::kVideo):
      return "Video";
    case static_cast<Value>(MediaType::kAppSharing):
      return "AppSharing";
    case static_cast<Value>(MediaType::kVbss):
      return "VBSS";
    default:
      return type == kNull ? "" : "Other";
  }
}

std::vector<Member> MediaTypeMembers() {
  std::vector<Member> members;
  for (Value type = 0; type <= static_cast<Value>(MediaType::kOther); ++type) {
    members.push_back(TextMember(MediaTypeName(type), type));
  }
  return members;
}

Member StreamTypeMember(bool invalid) {
  Member member = BooleanMember(invalid);
  member.caption = invalid ? "Invalid" : "Valid";
  return member;
}

Member ScenarioMember(Value packed, Value, const Mapping&) {
  if (packed < 0 || packed >= 1024) return BlankMember();
  const Scenario scenario = Scenario::Unpack(packed);
  return {.key = scenario.Key(), .caption = scenario.Caption()};
}

/// One word of a list of texts by number; an unknown number stays visible.
MemberFunction NamedNumber(std::vector<std::pair<Value, std::string>> names,
                           std::string other = "") {
  return [names = std::move(names), other = std::move(other)](Value value, Value, const Mapping&) {
    if (value == kNull) return BlankMember();
    for (const auto& [number, name] : names) {
      if (number == value) return TextMember(name, value);
    }
    return other.empty() ? IntegerMember(value) : TextMember(other, 256);
  };
}

/// "conf:audio-video" of "sip:a@x;gruu;opaque=app:conf:audio-video:id:QX7"; blank for other URIs.
/// Source: member list of reference/cube-model.md 2.7 "Conference Type".
Member ConferenceTypeMember(Value key, Value, const Mapping& mapping) {
  constexpr std::string_view kMark = "conf:";
  const std::string uri = ToLower(mapping.Entry(KeySpace::kConference, key).text);
  const std::size_t at = uri.find(kMark);
  if (at == std::string::npos) return BlankMember();
  const std::size_t end = uri.find_first_of(":;?", at + kMark.size());
  return TextMember(uri.substr(at, end == std::string::npos ? end : end - at));
}

void AddScenario(Catalog& catalog) {
  catalog.Add({.category = "Scenarios",
               .name = "ScenarioPair",
               .input = CubeColumn::kScenario,
               .member = ScenarioMember,
               .proven = true,
               .description = "Role, place and connection of both ends: first is server, second is "
                              "server, first inside, second inside, first and second connection",
               .source = "reference/cube-model.md 2.4"});
  catalog.Add(
      {.category = "StreamType",
       .name = "StreamType",
       .type = AttributeType::kBoolean,
       .input = CubeColumn::kInvalid,
       .member =
           [](Value invalid, Value, const Mapping&) {
             return invalid == kNull ? BlankMember() : StreamTypeMember(invalid != 0);
           },
       .fixed_members =
           [] {
             return std::vector<Member>{StreamTypeMember(false), StreamTypeMember(true)};
           },
       .proven = true,
       .description = "Valid (False) unless an end is a mobile client or on mobile broadband",
       .source = "reference/cube-model.md 2.4"});
}

void AddMedia(Catalog& catalog) {
  catalog.Add({.category = "Media Type",
               .name = "Media Type",
               .aliases = {AllStreams("Media Type")},
               .input = CubeColumn::kMediaType,
               .member = [](Value type, Value,
                            const Mapping&) { return TextMember(MediaTypeName(type), type); },
               .fixed_members = MediaTypeMembers,
               .description = "What the stream carries, by the label of its media line",
               .source = kSource});
  catalog.Add({.category = "Media Line",
               .name = "Label",
               .aliases = {AllStreams("Media Line Label")},
               .type = AttributeType::kInteger,
               .input = CubeColumn::kMediaLabel,
               .member = IntegerOfColumn(),
               .description = "Label of the media line: 0 audio, 1 video, 2 panoramic video, 3 "
                              "application sharing, 16 video-based screen sharing",
               .source = kSource});
  catalog.Add({.category = "Codec",
               .name = "Payload Description",
               .aliases = {AllStreams("Payload Description")},
               .input = AsColumn(Field::kCodec),
               .member = EntryText(KeySpace::kCodec),
               .description = "Codec of the stream",
               .source = kSource});
  catalog.Add({.category = "Audio And Video Call",
               .name = "Audio And Video Call",
               .aliases = {AllStreams("Audio and Video Call")},
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kSessionMedia),
               .member =
                   [](Value media, Value, const Mapping&) {
                     return media == kNull ? BlankMember() : BooleanMember((media & 3) == 3);
                   },
               .fixed_members = BooleanMembers(),
               .description = "The call had audio and video",
               .source = kSource});
  catalog.Add({.category = "Stream Direction",
               .name = "Stream Direction",
               .aliases = {AllStreams("Stream Direction")},
               .input = CubeColumn::kFromFirst,
               .member =
                   [](Value from_first, Value, const Mapping&) {
                     if (from_first == kNull) return BlankMember();
                     return TextMember(from_first != 0 ? "First-to-Second" : "Second-to-First");
                   },
               .description = "Which end sent the stream",
               .source = kSource});
  catalog.Add({.category = "First Is Caller",
               .name = "First Is Caller",
               .aliases = {AllStreams("First Is Caller")},
               .type = AttributeType::kBoolean,
               .input = CubeColumn::kFirstIsCaller,
               .member = BooleanOfColumn(),
               .fixed_members = BooleanMembers(),
               .description = "The first end placed the call",
               .source = kSource});
}

void AddConference(Catalog& catalog) {
  catalog.Add({.category = "Conference",
               .name = "Conference Type",
               .aliases = {AllStreams("Conference Type")},
               .input = AsColumn(Field::kConference),
               .member = ConferenceTypeMember,
               .description = "Kind of conference, from its URI; blank for calls of two",
               .source = kSource});
  catalog.Add({.category = "Conference",
               .name = "Conference Id",
               .aliases = {AllStreams("Conference Id")},
               .input = AsColumn(Field::kConference),
               .member = EntryText(KeySpace::kConference),
               .personal = true,
               .description = "URI of the conference; meant as a filter",
               .source = kSource});
  catalog.Add({.category = "Mediation Server",
               .name = "Bypass Flag",
               .aliases = {AllStreams("Mediation Server Bypass Flag")},
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kMediationBypass),
               .member = BooleanOfColumn(),
               .fixed_members = BooleanMembers(),
               .description = "Media went past the Mediation Server",
               .source = kSource});
  catalog.Add(
      {.category = "Mediation Server",
       .name = "Bypass Warning",
       .type = AttributeType::kInteger,
       .input = AsColumn(Field::kBypassWarning),
       .member = IntegerOfColumn(),
       .description = "Why media bypass was not possible: 1 is an unknown bypass id on the adapter",
       .source = "reference/qoe-metrics-schema.md 2"});
  catalog.Add({.category = "Mediation Server",
               .name = "Dialog Category",
               .input = AsColumn(Field::kDialogCategory),
               .member = NamedNumber(
                   {{0, "Server to Mediation Server"}, {1, "Mediation Server to Gateway"}}),
               .description = "Which leg of a telephone call this is",
               .source = "reference/qoe-metrics-schema.md 2"});
  catalog.Add({.category = "Reports",
               .name = "QoE Record Available",
               .aliases = {AllStreams("QoE Record Available")},
               .type = AttributeType::kBoolean,
               .input = CubeColumn::kFirstReported,
               .second_input = CubeColumn::kSecondReported,
               .member = [](Value first, Value second,
                            const Mapping&) { return BooleanMember(first == 1 || second == 1); },
               .fixed_members = BooleanMembers(),
               .description = "A quality report of at least one end arrived",
               .source = kSource});
  catalog.Add({.category = "Reports",
               .name = "Mid Call Report",
               .type = AttributeType::kBoolean,
               .input = AsColumn(Field::kMidCallReport),
               .member = BooleanOfColumn(),
               .fixed_members = BooleanMembers(),
               .description = "The report covers part of the call only",
               .source = "reference/qoe-metrics-schema.md 2"});
}

void AddTransport(Catalog& catalog) {
  catalog.Add({.category = "Transport",
               .name = "Transport",
               .aliases = {AllStreams("Transport")},
               .input = AsColumn(Field::kTransport),
               .member = NamedNumber({{0, "UDP"}, {1, "TCP"}}, "Unrecognized"),
               .description = "Transport protocol of the media",
               .source = kSource});
  catalog.Add({.category = "Security",
               .name = "Security",
               .input = AsColumn(Field::kSecurity),
               .member = NamedNumber({{0, "None"}, {1, "SRTP"}, {2, "V1"}}),
               .description = "How the media was protected",
               .source = "reference/qoe-metrics-schema.md 2"});
  catalog.Add({.category = "Applied Bandwidth",
               .name = "Source",
               .aliases = {AllStreams("Applied Bandwidth Source")},
               .input = AsColumn(Field::kBandwidthSource),
               .member = EntryText(KeySpace::kBandwidthSource),
               .description = "Who limited the bandwidth of the stream",
               .source = kSource});
  catalog.Add({.category = "Applied Bandwidth",
               .name = "Limit",
               .type = AttributeType::kBand,
               .input = AsColumn(Field::kBandwidthLimit),
               .member = BandOfField(BandKind::kBandwidth, AsColumn(Field::kBandwidthLimit)),
               .unit = "bit/s",
               .description = "Bandwidth the stream was limited to",
               .source = "reference/qoe-metrics-schema.md 3"});
}

void AddDuration(Catalog& catalog) {
  const auto add = [&](const char* name, const char* alias, AttributeType type, const char* unit,
                       const char* description, auto member) {
    catalog.Add({.category = "Duration",
                 .name = name,
                 .aliases = {AllStreams(alias)},
                 .type = type,
                 .input = CubeColumn::kDurationMs,
                 .member =
                     [member](Value ms, Value, const Mapping&) {
                       return ms == kNull ? BlankMember() : member(static_cast<double>(ms));
                     },
                 .fixed_members = type == AttributeType::kBoolean ? BooleanMembers() : MemberList{},
                 .unit = unit,
                 .description = description,
                 .source = kSource});
  };
  add("Metric", "Duration (Seconds)", AttributeType::kBand, "s", "Length of the stream in seconds",
      [](double ms) { return BandMember(BandKind::kInteger, ms / 1000); });
  add("Minutes", "Duration (Minutes)", AttributeType::kBand, "min",
      "Length of the stream in minutes",
      [](double ms) { return BandMember(BandKind::kInteger, ms / 60000); });
  add("5 Seconds Or Less", "Duration 5 seconds or less", AttributeType::kBoolean, "",
      "The stream lasted at most 5 seconds", [](double ms) { return BooleanMember(ms <= 5000); });
  add("60 Seconds Or More", "Duration 60 seconds or more", AttributeType::kBoolean, "",
      "The stream lasted at least 60 seconds",
      [](double ms) { return BooleanMember(ms >= 60000); });
}

}  // namespace

void AddCallAttributes(Catalog& catalog) {
  AddScenario(catalog);
  AddMedia(catalog);
  AddConference(catalog);
  AddTransport(catalog);
  AddDuration(catalog);
  // Reports written for the later product carry this filter; every stream we hold passes it.
  catalog.Add({.category = "AllStreams",
               .name = "Is Teams",
               .type = AttributeType::kBoolean,
               .input = CubeColumn::kMediaType,
               .member = [](Value, Value, const Mapping&) { return BooleanMember(false); },
               .fixed_members = BooleanMembers(),
               .listed = false,
               .description = "Always False: kept for reports that filter by it",
               .source = kSource});
}

}  // namespace cqd::model
