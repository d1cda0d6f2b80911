#include "source/internal/feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "source/internal/text_forms.h"
#include "source/internal/xml.h"

namespace cqd::source::internal {
namespace {

using model::Field;

struct Token {
  int id;
  std::string_view name;
};

/// Source: reference/qoe-metrics-schema.md 3, Rate My Call (502 is spelled so).
constexpr std::array kTokens = {
    Token{1, "DistortedSpeech"},
    Token{2, "ElectronicFeedback"},
    Token{3, "BackgroundNoise"},
    Token{4, "MuffledSpeech"},
    Token{5, "Echo"},
    Token{21, "FrozenVideo"},
    Token{22, "PixelatedVideo"},
    Token{23, "BlurryImage"},
    Token{24, "PoorColor"},
    Token{25, "DarkVideo"},
    Token{101, "Audio_SilentLocal"},
    Token{102, "Audio_SilentRemote"},
    Token{103, "Audio_Echo"},
    Token{104, "Audio_BackgroundNoise"},
    Token{105, "Audio_LowSound"},
    Token{106, "Audio_Dropped"},
    Token{107, "Audio_DistortedSpeech"},
    Token{108, "Audio_Interrupted"},
    Token{109, "Audio_Other"},
    Token{201, "Video_NoLocalVideo"},
    Token{202, "Video_NoRemoteVideo"},
    Token{203, "Video_LowQuality"},
    Token{204, "Video_FrozenVideo"},
    Token{205, "Video_StoppedUnexpectedly"},
    Token{206, "Video_DarkVideo"},
    Token{207, "Video_NoAudioSync"},
    Token{208, "Video_Other"},
    Token{301, "Pstn_DialPad"},
    Token{401, "SS_NoContentLocal"},
    Token{402, "SS_NoContentRemote"},
    Token{403, "SS_CantPresent"},
    Token{404, "SS_LowQuality"},
    Token{405, "SS_Freezing"},
    Token{406, "SS_StoppedUnexpectedly"},
    Token{407, "SS_LargeDelay"},
    Token{408, "SS_Other"},
    Token{501, "Reliabilty_Join"},
    Token{502, "Reliabilty_Invite"},
};

const Token* FindToken(std::string_view text) {
  text = Trim(text);
  const auto id = ParseInt(text);
  const auto found = std::find_if(kTokens.begin(), kTokens.end(), [&](const Token& token) {
    return id ? token.id == *id : EqualsIgnoreCase(token.name, text);
  });
  return found == kTokens.end() ? nullptr : &*found;
}

std::string FirstOf(const pugi::xml_node& node, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = Attribute(node, name);
    if (text.empty()) text = ChildText(node, name);
    if (!text.empty()) return text;
  }
  return {};
}

/// Token id -> set, from one child of Tokens.
void ReadToken(const pugi::xml_node& node, std::map<int, bool>& tokens) {
  const Token* token = FindToken(FirstOf(node, {"Id", "TokenId", "id", "Name", "name"}));
  std::string value = FirstOf(node, {"Value", "TokenValue", "value"});
  if (token == nullptr) token = FindToken(LocalName(node.name()));
  if (token == nullptr) {
    token = FindToken(TextOf(node));
  } else if (value.empty()) {
    value = TextOf(node);
  }
  if (token == nullptr) return;
  tokens[token->id] = value.empty() || FlagOf(value).value_or(1) == 1;
}

/// Audio tokens: below 20 and 101-199; video: 21-99 and 201-299.
int IssueBits(int id) {
  if (id < 20 || (id >= 101 && id <= 199)) return 1;
  if ((id >= 21 && id <= 99) || (id >= 201 && id <= 299)) return 2;
  return 0;
}

}  // namespace

ReportedFeedback ReadFeedback(const pugi::xml_node& node) {
  ReportedFeedback feedback;
  feedback.user = UserForm(FirstOf(node, {"ReportingUserURI", "FromURI"}));
  feedback.values.SetNumber(Field::kCallerRating, NumberOf(FirstOf(node, {"Rating"})));
  std::map<int, bool> tokens;
  for (const pugi::xml_node& child : Child(node, "Tokens").children()) {
    if (child.type() == pugi::node_element) ReadToken(child, tokens);
  }
  std::string text;
  int issues = 0;
  for (const auto& [id, set] : tokens) {
    text += fmt::format("{}{}:{};", text.empty() ? "" : " ", FindToken(std::to_string(id))->name,
                        set ? 1 : 0);
    if (set) issues |= IssueBits(id);
  }
  if (!tokens.empty()) {
    feedback.values.SetText(Field::kCallerFeedbackTokens, "{" + text + "}");
    feedback.values.SetNumber(Field::kCallerFeedbackIssues, issues);
  }
  return feedback;
}

}  // namespace cqd::source::internal
