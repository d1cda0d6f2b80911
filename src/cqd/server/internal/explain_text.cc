#include "server/internal/explain_text.h"

#include <fmt/format.h>

#include <cctype>

namespace cqd::server {
namespace {

namespace json = boost::json;

std::string NumberText(std::int64_t number) {
  const std::string digits = fmt::format("{}", number);
  if (number > -10'000 && number < 10'000) return digits;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string ValueText(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* number = value.if_int64()) return NumberText(*number);
  return json::serialize(value);
}

/// "FromMembers" as "from members".
std::string Words(std::string_view name) {
  std::string words;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isupper(u) != 0 && !words.empty()) words += ' ';
    words += static_cast<char>(std::tolower(u));
  }
  return words;
}

void AddLine(std::string& out, const std::string& label, const std::string& words) {
  out += fmt::format("{:<12} {}\n", label, words);
}

/// What each choice means; another one is shown by its name alone.
std::string_view Meaning(std::string_view choice) {
  if (choice == "scan") return "rows were read";
  if (choice == "totals") return "the totals of segments were enough, no row was read";
  if (choice == "members") return "the lists of members were enough, no row was read";
  if (choice == "nothing") return "no segment can hold a row of the answer";
  return {};
}

std::string ChoiceText(const json::value& choice) {
  const std::string name = ValueText(choice);
  const std::string_view meaning = Meaning(name);
  return meaning.empty() ? name : fmt::format("{}: {}", name, meaning);
}

/// {"All":80,"Skipped":3,...} as "80: 3 skipped, ..."; zeros are left out.
std::string PartsText(const json::object& parts) {
  std::string all, text;
  for (const auto& [name, value] : parts) {
    if (name == "All") {
      all = ValueText(value);
    } else if (!value.is_int64() || value.get_int64() != 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", ValueText(value), Words(name));
    }
  }
  if (all.empty() || text.empty()) return all + text;
  return all + ": " + text;
}

std::string AttributeText(const json::object& attribute) {
  const auto part = [&](std::string_view name) {
    const json::value* value = attribute.if_contains(name);
    return value == nullptr ? std::string() : ValueText(*value);
  };
  std::string text = part("DataModelName") + ": ";
  if (attribute.contains("Passing")) text += part("Passing") + " of ";
  text += part("Members") + " members";
  if (attribute.contains("Passing")) text += " pass";
  if (!part("UnionGroup").empty())
    text += fmt::format(" (one of the group {})", part("UnionGroup"));
  return text;
}

/// Times in one line: "plan 0.12 ms, scan 3.40 ms".
std::string TimesText(const json::object& explain) {
  constexpr std::string_view kEnd = "Microseconds";
  std::string text;
  for (const auto& [key, value] : explain) {
    const std::string_view name = key;
    if (!name.ends_with(kEnd) || !value.is_int64()) continue;
    text += fmt::format("{}{} {:.2f} ms", text.empty() ? "" : ", ",
                        Words(name.substr(0, name.size() - kEnd.size())),
                        static_cast<double>(value.get_int64()) / 1000);
  }
  return text;
}

}  // namespace

std::string ExplainText(const json::object& explain) {
  std::string out;
  for (const auto& [key, value] : explain) {
    const std::string name = key;
    if (name.ends_with("Microseconds")) continue;
    if (name == "Choice") {
      AddLine(out, "answered by", ChoiceText(value));
    } else if (const auto* parts = value.if_object()) {
      AddLine(out, Words(name), PartsText(*parts));
    } else if (const auto* attributes = value.if_array()) {
      std::string label = Words(name);
      if (label.ends_with('s')) label.pop_back();
      for (const json::value& attribute : *attributes) {
        if (const auto* one = attribute.if_object()) AddLine(out, label, AttributeText(*one));
      }
    } else {
      AddLine(out, Words(name), ValueText(value));
    }
  }
  if (const std::string times = TimesText(explain); !times.empty()) AddLine(out, "time", times);
  return out;
}

}  // namespace cqd::server
