// MemberTest: one filter, decided member by member. (The name x_test.cc belongs to tests.)
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "base/text.h"
#include "cube/internal/member_text.h"
#include "cube/query.h"

namespace cqd::cube {
namespace {

using model::AttributeType;

/// Our limits for expressions from outside; the longest published one has 60 characters.
constexpr std::size_t kPatternBytesMax = 1000;
constexpr std::size_t kPatternsMax = 256;
/// Memory of all expressions of one filter; RE2 keeps compiled programs and automata within it.
constexpr std::size_t kPatternMemoryBytes = 32 * 1024 * 1024;
constexpr std::size_t kPatternMemoryBytesEach = 4 * 1024 * 1024;

/// What an ordering comparison compares: numbers when both sides are, else texts.
struct OrderKey {
  std::optional<double> number;
  std::string text;
};

bool IsNegated(Operand operand) {
  return operand == Operand::kNotEquals || operand == Operand::kNotContains ||
         operand == Operand::kNotBeginsWith;
}

OrderKey MakeOrderKey(AttributeType type, std::string_view text) {
  OrderKey key;
  switch (type) {
    case AttributeType::kText:
    case AttributeType::kInteger:
      key.text = text;
      break;
    case AttributeType::kBand:
      key.text = BandOrderKey(text);
      break;
    case AttributeType::kBoolean:
      key.text = NormalKey(type, text);
      break;
    case AttributeType::kDate:
      // Microseconds of any date of the cube are below 2^53, so the double is exact.
      if (const auto micros = ParseDateKey(text)) key.number = static_cast<double>(*micros);
      return key;
  }
  key.number = ParseDouble(Trim(key.text));
  key.text = FoldCase(key.text);
  return key;
}

/// Negative, zero or positive.
int Compare(const OrderKey& a, const OrderKey& b) {
  if (a.number && b.number) return *a.number < *b.number ? -1 : *a.number > *b.number ? 1 : 0;
  return a.text.compare(b.text);
}

Error BadValue(const std::string& message) {
  return Fail(ErrorCode::kInvalidArgument, message, {}, "Value");
}

RE2::Options PatternOptions(std::size_t patterns) {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_dot_nl(true);
  const std::size_t share = kPatternMemoryBytes / std::max<std::size_t>(patterns, 1);
  options.set_max_mem(static_cast<int64_t>(std::min(share, kPatternMemoryBytesEach)));
  return options;
}

/// Substring with '*' for any text: what a pattern means when it is no regular expression.
std::string WildcardPattern(std::string_view text) {
  std::string pattern;
  for (const std::string_view piece : Split(text, '*')) {
    if (!pattern.empty()) pattern += ".*";
    pattern += "(?:" + RE2::QuoteMeta(re2::StringPiece(piece.data(), piece.size())) + ")";
  }
  return pattern;
}

}  // namespace

struct MemberTest::State {
  AttributeType type = AttributeType::kText;
  Operand operand = Operand::kEquals;
  bool blank = false;                    ///< "(Blank)" is among the values
  std::unordered_set<std::string> keys;  ///< equals: NormalKey
  std::vector<std::string> prefixes;     ///< begins with: folded
  std::vector<std::unique_ptr<RE2>> patterns;
  std::vector<OrderKey> bounds;

  Status Add(const std::string& value, std::size_t value_count);
  Status AddKey(const std::string& value);
  Status AddPattern(const std::string& value, std::size_t value_count);
  Status AddBound(const std::string& value);
  bool MatchesAny(const model::Member& member) const;
  bool Contains(const model::Member& member) const;
  bool Begins(const model::Member& member) const;
  bool Ordered(const model::Member& member) const;
};

Status MemberTest::State::AddKey(const std::string& value) {
  if (type == AttributeType::kDate && !value.empty() && !ParseDateKey(value)) {
    return BadValue(fmt::format("'{}' is not {}", value.substr(0, 64), kDateForms));
  }
  keys.insert(NormalKey(type, value));
  return OkStatus();
}

Status MemberTest::State::AddPattern(const std::string& value, std::size_t value_count) {
  if (value_count > kPatternsMax) {
    return BadValue(fmt::format("at most {} values can be searched for at once", kPatternsMax));
  }
  if (value.size() > kPatternBytesMax) {
    return BadValue(fmt::format("an expression may have {} bytes at most", kPatternBytesMax));
  }
  const RE2::Options options = PatternOptions(value_count);
  auto pattern = std::make_unique<RE2>(value, options);
  if (!pattern->ok()) pattern = std::make_unique<RE2>(WildcardPattern(value), options);
  if (!pattern->ok()) {
    return BadValue(
        fmt::format("'{}' is no text or expression that can be searched for", value.substr(0, 64)));
  }
  patterns.push_back(std::move(pattern));
  return OkStatus();
}

Status MemberTest::State::AddBound(const std::string& value) {
  OrderKey key = MakeOrderKey(type, value);
  if (type == AttributeType::kDate && !key.number) {
    return BadValue(fmt::format("'{}' is not {}", value.substr(0, 64), kDateForms));
  }
  if (type == AttributeType::kInteger && !key.number) {
    return BadValue(fmt::format("'{}' is not a number", value.substr(0, 64)));
  }
  bounds.push_back(std::move(key));
  return OkStatus();
}

Status MemberTest::State::Add(const std::string& value, std::size_t value_count) {
  const bool is_blank = IsBlankValue(value);
  blank = blank || is_blank;
  switch (operand) {
    case Operand::kEquals:
    case Operand::kNotEquals:
      return is_blank ? OkStatus() : AddKey(value);
    case Operand::kContains:
    case Operand::kNotContains:
      return is_blank ? OkStatus() : AddPattern(value, value_count);
    case Operand::kBeginsWith:
    case Operand::kNotBeginsWith:
      if (!is_blank) prefixes.push_back(FoldCase(value));
      return OkStatus();
    case Operand::kGreater:
    case Operand::kGreaterOrEqual:
    case Operand::kLess:
    case Operand::kLessOrEqual:
      if (is_blank) return BadValue("(Blank) has no order; use it with the operands 0 and 1");
      return AddBound(value);
  }
  return BadValue("unknown operand");
}

bool MemberTest::State::Contains(const model::Member& member) const {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::unique_ptr<RE2>& pattern) {
    return RE2::PartialMatch(re2::StringPiece(member.key.data(), member.key.size()), *pattern);
  });
}

bool MemberTest::State::Begins(const model::Member& member) const {
  const std::string key = FoldCase(member.key);
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return key.starts_with(prefix); });
}

bool MemberTest::State::Ordered(const model::Member& member) const {
  if (member.blank) return false;
  const OrderKey key = MakeOrderKey(type, member.key);
  return std::any_of(bounds.begin(), bounds.end(), [&](const OrderKey& bound) {
    const int order = Compare(key, bound);
    if (operand == Operand::kGreater) return order > 0;
    if (operand == Operand::kGreaterOrEqual) return order >= 0;
    if (operand == Operand::kLess) return order < 0;
    return order <= 0;
  });
}

bool MemberTest::State::MatchesAny(const model::Member& member) const {
  if (member.blank && blank) return true;
  switch (operand) {
    case Operand::kEquals:
    case Operand::kNotEquals:
      return keys.contains(NormalKey(type, member.key));
    case Operand::kContains:
    case Operand::kNotContains:
      return Contains(member);
    case Operand::kBeginsWith:
    case Operand::kNotBeginsWith:
      return Begins(member);
    case Operand::kGreater:
    case Operand::kGreaterOrEqual:
    case Operand::kLess:
    case Operand::kLessOrEqual:
      return Ordered(member);
  }
  return false;
}

Result<MemberTest> MemberTest::Make(const Filter& filter) {
  if (filter.values.empty()) {
    return BadValue("at least one value is needed: [key], [key],[key] or [(Blank)]");
  }
  auto state = std::make_unique<State>();
  state->type = filter.attribute->type;
  state->operand = filter.operand;
  for (const std::string& value : filter.values) {
    CQD_RETURN_IF_ERROR(state->Add(value, filter.values.size()));
  }
  return MemberTest(std::move(state));
}

bool MemberTest::Matches(const model::Member& member) const {
  return state_->MatchesAny(member) != IsNegated(state_->operand);
}

MemberTest::MemberTest(std::unique_ptr<const State> state) : state_(std::move(state)) {}
MemberTest::MemberTest(MemberTest&&) noexcept = default;
MemberTest& MemberTest::operator=(MemberTest&&) noexcept = default;
MemberTest::~MemberTest() = default;

}  // namespace cqd::cube
