#include "source/internal/labels.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/stream.h"
#include "source/internal/text_forms.h"

namespace cqd::source::internal {
namespace {

struct Word {
  std::string_view word;
  int number;
};

template <std::size_t N>
std::optional<int> Find(const std::array<Word, N>& words, std::string_view word) {
  for (const Word& known : words) {
    if (EqualsIgnoreCase(known.word, Trim(word))) return known.number;
  }
  return std::nullopt;
}

std::optional<double> AsNumber(std::optional<int> number) {
  return number ? std::optional<double>(*number) : std::nullopt;
}

bool EndsName(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '>' || c == '/';
}

struct Element {
  std::size_t start = 0;
  std::string_view name;  // local name
};

std::vector<Element> AllElements(std::string_view text,
                                 const std::vector<std::string_view>& names) {
  std::vector<Element> elements;
  for (const std::string_view name : names) {
    for (std::size_t at = FindElement(text, name); at != std::string_view::npos;
         at = FindElement(text, name, at + 1)) {
      elements.push_back({at, name});
    }
  }
  std::sort(elements.begin(), elements.end(),
            [](const Element& a, const Element& b) { return a.start < b.start; });
  return elements;
}

/// End of the element at the head of `text`: after its end tag, or npos when that is missing.
std::size_t ElementEnd(std::string_view text, std::string_view local_name) {
  const std::size_t name_end = text.find(local_name) + local_name.size();
  const std::string end_tag = "</" + std::string(text.substr(1, name_end - 1)) + ">";
  const std::size_t at = text.find(end_tag, name_end);
  return at == std::string_view::npos ? at : at + end_tag.size();
}

}  // namespace

int LabelOf(std::string_view word) {
  // Source: reference/ingest-formats.md 3 (labels) and 4 (types), reference/qoe-metrics-schema.md 2
  // (numbers).
  static constexpr std::array<Word, 11> kLabels = {
      {{"main-audio", model::kLabelAudio},
       {"audio", model::kLabelAudio},
       {"main-video", model::kLabelVideo},
       {"video", model::kLabelVideo},
       {"panoramic-video", model::kLabelPanoramicVideo},
       {"applicationsharing", model::kLabelSharing},
       {"data", model::kLabelSharing},
       {"main-video1", model::kLabelGalleryVideo},
       {"gallery-video", model::kLabelGalleryVideo},
       {"applicationsharing-video", model::kLabelVbss},
       {"vbss", model::kLabelVbss}}};
  if (const auto known = Find(kLabels, word)) return *known;
  const std::string lower = ToLower(Trim(word));
  // Further gallery windows: main-video2 .. main-video6 are 5 .. 9.
  if (lower.size() == 11 && lower.starts_with("main-video") && lower[10] >= '2' &&
      lower[10] <= '9') {
    return model::kLabelGalleryVideo + (lower[10] - '1');
  }
  unsigned hash = 0;
  for (const char c : lower) hash = (hash * 31 + static_cast<unsigned char>(c)) % 128;
  return 100 + static_cast<int>(hash);
}

std::optional<double> TransportOf(std::string_view word) {
  static constexpr std::array<Word, 2> kWords = {{{"UDP", 0}, {"TCP", 1}}};
  return AsNumber(Find(kWords, word));
}

std::optional<double> SecurityOf(std::string_view word) {
  static constexpr std::array<Word, 3> kWords = {{{"None", 0}, {"SRTP", 1}, {"V1", 2}}};
  return AsNumber(Find(kWords, word));
}

std::optional<double> IceOf(std::string_view word) {
  static constexpr std::array<Word, 6> kWords = {
      {{"DIRECT", 1}, {"RELAY", 2}, {"RELAYED", 2}, {"HTTP", 4}, {"HTTP-PROXY", 4}, {"FAILED", 8}}};
  return AsNumber(Find(kWords, word));
}

std::optional<std::int64_t> VirtualizationFlags(std::string_view text) {
  static constexpr std::array<Word, 7> kWords = {{{"None", 0},
                                                  {"HyperV", 1},
                                                  {"Hyper-V", 1},
                                                  {"VMware", 2},
                                                  {"VirtualPC", 4},
                                                  {"Xen", 8},
                                                  {"XenPC", 8}}};
  if (const auto number = ParseInt(Trim(text))) return number;
  const auto known = Find(kWords, text);
  return known ? std::optional<std::int64_t>(*known) : std::nullopt;
}

std::size_t FindElement(std::string_view text, std::string_view local_name, std::size_t from) {
  for (std::size_t at = text.find(local_name, from); at != std::string_view::npos;
       at = text.find(local_name, at + 1)) {
    const std::size_t after = at + local_name.size();
    if (after >= text.size() || !EndsName(text[after])) continue;
    std::size_t start = at;
    if (start > 0 && text[start - 1] == ':') {  // a prefix
      --start;
      while (start > 0 && !EndsName(text[start - 1]) && text[start - 1] != '<' && at - start < 40) {
        --start;
      }
    }
    if (start > from && text[start - 1] == '<') return start - 1;
  }
  return std::string_view::npos;
}

std::vector<std::string> SplitElements(std::string_view bytes,
                                       const std::vector<std::string_view>& local_names) {
  const std::string text = ToUtf8(bytes);
  std::vector<std::string> whole = {text};
  if (text.find("<!DOCTYPE") != std::string::npos || text.find("<!ENTITY") != std::string::npos)
    return whole;
  std::vector<std::string> pieces;
  const bool is_log = text.find("<?xml") == std::string::npos;
  const std::vector<Element> elements = AllElements(text, local_names);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    // Only up to the next start tag: an end tag behind that one is not ours.
    const std::size_t limit = i + 1 < elements.size() ? elements[i + 1].start : text.size();
    const std::string_view reach =
        std::string_view(text).substr(elements[i].start, limit - elements[i].start);
    std::size_t end = ElementEnd(reach, elements[i].name);
    if (end == std::string_view::npos) {
      end = reach.size();
      // Logs write a report on one line inside other text.
      if (is_log && elements[i].start > 0) end = std::min(end, reach.find('\n'));
    }
    pieces.emplace_back(Trim(reach.substr(0, end)));
  }
  return pieces.empty() ? whole : pieces;
}

}  // namespace cqd::source::internal
