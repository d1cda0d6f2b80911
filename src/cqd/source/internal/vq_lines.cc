#include "source/internal/vq_lines.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "source/internal/text_forms.h"

namespace cqd::source::internal {
namespace {

/// Keys of RFC 6035 section 4.6.2, in upper case: they end the value before them even without a
/// blank.
constexpr std::array<std::string_view, 58> kKnownKeys = {
    "PT",          "PD",          "SR",    "FD",          "FO",        "FPP",         "PPS",
    "FMTP",        "PLC",         "SSUP",  "JBA",         "JBR",       "JBN",         "JBM",
    "JBX",         "NLR",         "JDR",   "BLD",         "BD",        "GLD",         "GD",
    "GMIN",        "RTD",         "ESD",   "SOWD",        "OWD",       "IAJ",         "MAJ",
    "SL",          "NL",          "RERL",  "RLQ",         "RLQESTALG", "RCQ",         "RCQESTALG",
    "EXTRI",       "EXTRIESTALG", "EXTRO", "EXTROESTALG", "MOSLQ",     "MOSLQESTALG", "MOSCQ",
    "MOSCQESTALG", "QOEESTALG",   "START", "STOP",        "TYPE",      "SEVERITY",    "DIR",
    "SVA",         "SRD",         "SFC",   "SDC",         "SDT",       "SDR",         "IP",
    "PORT",        "SSRC"};

/// Lines "Name: value" that belong to the report, not to a section, wherever they stand.
constexpr std::array<std::string_view, 13> kInfoNames = {
    "CALLID",     "LOCALID",    "REMOTEID",    "ORIGID",   "FROMID",    "TOID",    "LOCALADDR",
    "REMOTEADDR", "LOCALGROUP", "REMOTEGROUP", "LOCALMAC", "REMOTEMAC", "DIALOGID"};

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsKnownKey(std::string_view upper) {
  return std::find(kKnownKeys.begin(), kKnownKeys.end(), upper) != kKnownKeys.end();
}

/// Start of the key that ends before the '=' at `equals`; npos when there is none.
std::size_t KeyStart(std::string_view text, std::size_t equals) {
  std::size_t start = equals;
  while (start > 0 && IsLetter(text[start - 1])) --start;
  if (start == equals) return std::string_view::npos;
  const std::string run = Upper(text.substr(start, equals - start));
  if (IsKnownKey(run) || start == 0) return start;
  // "offJBA=3": the longest known key that the run ends in, written in capitals.
  for (std::size_t cut = 1; cut < run.size(); ++cut) {
    if (IsKnownKey(std::string_view(run).substr(cut)) && text[start + cut] == run[cut]) {
      return start + cut;
    }
  }
  const char before = text[start - 1];
  return before == ' ' || before == '\t' || (before >= '0' && before <= '9') || before == '"'
             ? start
             : std::string_view::npos;
}

std::string Unquoted(std::string_view value) {
  value = Trim(value);
  while (!value.empty() && (value.back() == ',' || value.back() == ';')) value.remove_suffix(1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(Trim(value));
}

/// Position of `label` as a word of its own that a ':' or '=' follows; npos when there is none.
std::size_t FindLabel(const std::string& upper, std::string_view label) {
  for (std::size_t at = upper.find(label); at != std::string::npos;
       at = upper.find(label, at + 1)) {
    const bool begins = at == 0 || !IsLetter(upper[at - 1]);
    std::size_t after = at + label.size();
    while (after < upper.size() && (upper[after] == ' ' || upper[after] == '\t')) ++after;
    if (begins && after < upper.size() && (upper[after] == ':' || upper[after] == '=')) return at;
  }
  return std::string::npos;
}

/// The first word (letters, digits, '-') of a line and what follows its ':' or '='.
struct NamedLine {
  std::string name;
  char separator = '\0';
  std::string_view value;
};

NamedLine TakeName(std::string_view line) {
  NamedLine named;
  std::size_t at = 0;
  while (at < line.size() &&
         (IsLetter(line[at]) || (line[at] >= '0' && line[at] <= '9') || line[at] == '-')) {
    ++at;
  }
  const std::string_view name = line.substr(0, at);
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  if (name.empty() || at == line.size() || (line[at] != ':' && line[at] != '=')) return named;
  named.name = Upper(name);
  named.separator = line[at];
  named.value = Trim(line.substr(at + 1));
  return named;
}

class BodyReader {
 public:
  void Line(std::string_view line) {
    if (const auto kind = VqHeading(line)) {
      bodies_.emplace_back();
      bodies_.back().kind = *kind;
      section_ = &bodies_.back().heading;
      AddPairs(line);
      return;
    }
    if (bodies_.empty()) return;
    VqBody& body = bodies_.back();
    const NamedLine named = TakeName(line);
    if (named.name == "LOCALMETRICS" || named.name == "METRICS") {
      section_ = &body.local;
    } else if (named.name == "REMOTEMETRICS") {
      section_ = &body.remote;
    } else if (std::find(kInfoNames.begin(), kInfoNames.end(), named.name) != kInfoNames.end() ||
               (named.name.starts_with("X-") && named.separator == ':' && TakesWholeLine(named))) {
      body.info.emplace(named.name, std::string(named.value));
    } else if (named.separator == ':' && !IsKnownKey(named.name)) {
      AddPairs(named.value);
    } else {
      AddPairs(line);
    }
  }

  std::vector<VqBody> Take() { return std::move(bodies_); }

 private:
  static bool TakesWholeLine(const NamedLine& named) { return named.name == "X-USERAGENT"; }

  void AddPairs(std::string_view text) {
    for (auto& [key, value] : VqPairs(text))
      section_->values.emplace(std::move(key), std::move(value));
  }

  std::vector<VqBody> bodies_;
  VqSection* section_ = nullptr;
};

}  // namespace

std::string_view VqSection::Get(std::string_view key) const {
  const auto found = values.find(std::string(key));
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view VqBody::Info(std::string_view name) const {
  const auto found = info.find(std::string(name));
  return found == info.end() ? std::string_view() : std::string_view(found->second);
}

VqAddress VqBody::Address(std::string_view name) const {
  return ParseVqAddress(Info(name));
}

std::optional<ReportKind> VqHeading(std::string_view line) {
  line = Trim(line);
  struct Heading {
    std::string_view word;
    ReportKind kind;
  };
  static constexpr std::array<Heading, 3> kHeadings = {{{"VQSessionReport", ReportKind::kSession},
                                                        {"VQIntervalReport", ReportKind::kInterval},
                                                        {"VQAlertReport", ReportKind::kAlert}}};
  for (const Heading& heading : kHeadings) {
    if (!StartsWithIgnoreCase(line, heading.word)) continue;
    const std::string_view rest = Trim(line.substr(heading.word.size()));
    if (rest.empty() || rest.front() == ':') return heading.kind;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> VqPairs(std::string_view text) {
  struct Key {
    std::size_t start, equals;
  };
  std::vector<Key> keys;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] != '=' || quoted) continue;
    const std::size_t start = KeyStart(text, i);
    if (start != std::string_view::npos && (keys.empty() || start > keys.back().equals)) {
      keys.push_back({start, i});
    }
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::size_t end = i + 1 < keys.size() ? keys[i + 1].start : text.size();
    pairs.emplace_back(Upper(text.substr(keys[i].start, keys[i].equals - keys[i].start)),
                       Unquoted(text.substr(keys[i].equals + 1, end - keys[i].equals - 1)));
  }
  return pairs;
}

VqAddress ParseVqAddress(std::string_view text) {
  const std::string upper = Upper(text);
  const std::array<std::string_view, 3> labels = {"IP", "PORT", "SSRC"};
  std::array<std::size_t, 3> starts{};
  for (std::size_t i = 0; i < labels.size(); ++i) starts[i] = FindLabel(upper, labels[i]);
  std::array<std::string, 3> found;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (starts[i] == std::string::npos) continue;
    std::size_t end = text.size();
    for (const std::size_t other : starts) {
      if (other != std::string::npos && other > starts[i]) end = std::min(end, other);
    }
    std::string_view value = Trim(text.substr(starts[i], end - starts[i]).substr(labels[i].size()));
    value = Trim(value.substr(std::min<std::size_t>(1, value.size())));  // the ':' or '='
    found[i] = std::string(value.substr(0, value.find_first_of(" \t,;")));
  }
  VqAddress address;
  std::string_view ip = found[0];
  std::string_view port = found[1];
  // "IP=10.0.0.1:5004" and "IP=[2001:db8::1]:5004"
  const auto bracket = ip.find(']');
  const auto colon = ip.rfind(':');
  if (colon != std::string_view::npos &&
      (ip.find(':') == colon || (bracket != std::string_view::npos && colon > bracket))) {
    if (port.empty()) port = ip.substr(colon + 1);
    ip = ip.substr(0, colon);
  }
  address.ip = AddressForm(ip);
  address.port = PortOf(port);
  address.ssrc = SsrcOf(found[2]);
  return address;
}

std::vector<VqBody> ReadVqBodies(std::string_view text) {
  // A line without '=' and ':' continues the one before it; anything else starts anew, however it
  // is indented.
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    const std::string_view trimmed = Trim(line);
    if (trimmed.empty()) continue;
    const bool folded = (line.front() == ' ' || line.front() == '\t') && !lines.empty() &&
                        !VqHeading(trimmed) &&
                        trimmed.find_first_of("=:") == std::string_view::npos;
    if (folded) {
      lines.back() += ' ';
      lines.back() += trimmed;
    } else {
      lines.emplace_back(trimmed);
    }
  }
  BodyReader reader;
  for (const std::string& line : lines) reader.Line(line);
  return reader.Take();
}

}  // namespace cqd::source::internal
