// The scenario key and its parts. Source: reference/cube-model.md 2.4, 2.5.
#include <array>
#include <string>

#include "base/text.h"
#include "model/derived.h"

namespace cqd::model {
namespace {

// Layout of a packed scenario: four flags, then two links of three bits.
constexpr int kFirstLinkShift = 4;
constexpr int kSecondLinkShift = 7;
constexpr Value kLinkMask = 7;

struct LinkWord {
  std::string_view word;
  ConnectionClass link;
};
// As reported (qoe-metrics-schema.md 2) and as the cube itself writes them; "wired" and "wifi" are
// also what the SDN interface and some phones send.
constexpr LinkWord kLinkWords[] = {
    {"wired", ConnectionClass::kWired},
    {"ethernet", ConnectionClass::kWired},
    {"lan", ConnectionClass::kWired},
    {"wifi", ConnectionClass::kWifi},
    {"wlan", ConnectionClass::kWifi},
    {"wireless", ConnectionClass::kWifi},
    {"mobilebb", ConnectionClass::kMobileBroadband},
    {"mobilebroadband", ConnectionClass::kMobileBroadband},
    {"cellular", ConnectionClass::kMobileBroadband},
    {"tunnel", ConnectionClass::kTunnel},
};

ConnectionClass LinkOf(Value bits) {
  return bits <= static_cast<Value>(ConnectionClass::kOther) ? static_cast<ConnectionClass>(bits)
                                                             : ConnectionClass::kOther;
}

std::string EndCaption(bool is_server, bool inside, ConnectionClass link) {
  std::string text = is_server ? "Server-" : "Client-";
  text += inside ? "Inside-" : "Outside-";
  return text + ToLower(ConnectionClassName(link));
}

}  // namespace

ConnectionClass ConnectionClassOf(std::string_view detail) {
  std::string plain;
  for (const char c : ToLower(detail)) {
    if (c != ' ' && c != '-' && c != '_') plain += c;
  }
  for (const LinkWord& known : kLinkWords) {
    if (plain == known.word) return known.link;
  }
  return ConnectionClass::kOther;
}

std::string_view ConnectionClassName(ConnectionClass link) {
  switch (link) {
    case ConnectionClass::kWired:
      return "Wired";
    case ConnectionClass::kWifi:
      return "Wifi";
    case ConnectionClass::kMobileBroadband:
      return "MobileBB";
    case ConnectionClass::kTunnel:
      return "Tunnel";
    case ConnectionClass::kOther:
      return "Other";
  }
  return "Other";
}

Value Scenario::Pack() const {
  return (first_is_server ? 1 : 0) | (second_is_server ? 2 : 0) | (first_inside ? 4 : 0) |
         (second_inside ? 8 : 0) | static_cast<Value>(first_link) << kFirstLinkShift |
         static_cast<Value>(second_link) << kSecondLinkShift;
}

Scenario Scenario::Unpack(Value packed) {
  return {.first_is_server = (packed & 1) != 0,
          .second_is_server = (packed & 2) != 0,
          .first_inside = (packed & 4) != 0,
          .second_inside = (packed & 8) != 0,
          .first_link = LinkOf((packed >> kFirstLinkShift) & kLinkMask),
          .second_link = LinkOf((packed >> kSecondLinkShift) & kLinkMask)};
}

std::string Scenario::Key() const {
  std::string key;
  for (const bool flag : {first_is_server, second_is_server, first_inside, second_inside}) {
    key += flag ? "[1]&" : "[0]&";
  }
  key += '[';
  key += ConnectionClassName(first_link);
  key += "]&[";
  key += ConnectionClassName(second_link);
  key += ']';
  return key;
}

std::string Scenario::Caption() const {
  return EndCaption(first_is_server, first_inside, first_link) + "," +
         EndCaption(second_is_server, second_inside, second_link);
}

}  // namespace cqd::model
