#include "cube/internal/what_if.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "cube/internal/lenient_json.h"
#include "model/facts.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;
using model::Fact;
using model::Facts;

Error Invalid(std::string message, std::string field) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

/// Media, or the metrics of one.
std::string Names(std::string_view medium) {
  std::vector<std::string_view> names;
  for (const model::LimitInfo& info : model::Limits()) {
    const std::string_view name = medium.empty() ? info.medium : info.metric;
    if (!medium.empty() && !EqualsIgnoreCase(medium, info.medium)) continue;
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

bool IsMedium(std::string_view name) {
  return std::any_of(
      model::Limits().begin(), model::Limits().end(),
      [name](const model::LimitInfo& info) { return EqualsIgnoreCase(info.medium, name); });
}

std::optional<double> NumberOf(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

Status ReadLimit(std::string_view medium, std::string_view metric, const json::value& value,
                 model::Classifier& classifier) {
  const std::string field = fmt::format("WhatIf.{}.{}", medium.substr(0, 64), metric.substr(0, 64));
  const model::LimitInfo* info = model::FindLimit(medium, metric);
  if (info == nullptr) {
    return Invalid(fmt::format("{} is no limit; there are: {}", field, Names(medium)), field);
  }
  if (value.is_null()) return OkStatus();
  const model::FieldInfo& range = model::InfoOf(info->field);
  const std::optional<double> number = NumberOf(value);
  if (!number || !std::isfinite(*number) || *number < range.min || *number > range.max) {
    return Invalid(fmt::format("{} must be a number from {} to {} ({})", field, range.min,
                               range.max, range.unit),
                   field);
  }
  classifier.limits[static_cast<std::size_t>(info->id)] = *number;
  return OkStatus();
}

constexpr Facts kClassFacts =
    model::BitOf(Fact::kGood) | model::BitOf(Fact::kPoor) | model::BitOf(Fact::kUnclassified);
constexpr Facts kJpdrFacts = model::BitOf(Fact::kJpdrGood) | model::BitOf(Fact::kJpdrPoor) |
                             model::BitOf(Fact::kJpdrUnclassified);

std::vector<Fact> DueFacts(const model::MediumRule& rule) {
  std::vector<Fact> facts;
  for (const model::RuleStep& step : rule.steps) {
    if (step.due == Fact::kAudio) continue;
    if (std::find(facts.begin(), facts.end(), step.due) == facts.end()) facts.push_back(step.due);
  }
  return facts;
}

Facts AllDueFacts() {
  Facts all = 0;
  for (const model::MediumRule& rule : model::MediumRules()) {
    for (const Fact fact : DueFacts(rule)) all |= model::BitOf(fact);
  }
  return all;
}

}  // namespace

Result<std::optional<model::Classifier>> ReadWhatIf(const json::object& body) {
  const json::value* value = FindProperty(body, "WhatIf");
  if (value == nullptr) return std::optional<model::Classifier>();
  if (!value->is_object()) {
    return Invalid(fmt::format("WhatIf must be an object of limits by medium ({}), not {}",
                               Names({}), KindOfJson(*value)),
                   "WhatIf");
  }
  model::Classifier classifier = model::PublishedClassifier();
  for (const auto& [medium, limits] : value->get_object()) {
    const std::string field = fmt::format("WhatIf.{}", std::string_view(medium).substr(0, 64));
    if (!IsMedium(medium)) {
      return Invalid(fmt::format("{} is no medium with limits; there are: {}", field, Names({})),
                     field);
    }
    if (limits.is_null()) continue;
    if (!limits.is_object()) {
      return Invalid(fmt::format("{} must be an object of limits by metric ({}), not {}", field,
                                 Names(medium), KindOfJson(limits)),
                     field);
    }
    for (const auto& [metric, limit] : limits.get_object()) {
      CQD_RETURN_IF_ERROR(ReadLimit(medium, metric, limit, classifier));
    }
  }
  return std::optional(classifier);
}

std::string ThresholdsJson(const model::Classifier& classifier) {
  std::string out = "{";
  std::string_view medium;
  for (const model::LimitInfo& info : model::Limits()) {
    if (info.medium != medium) {
      out += fmt::format("{}\"{}\":{{", medium.empty() ? "" : "},", info.medium);
      medium = info.medium;
    } else {
      out += ',';
    }
    out += fmt::format("\"{}\":{}", info.metric, classifier.Of(info.id));
  }
  return out + "}}";
}

std::string ChangedLimitsJson(const model::Classifier& classifier) {
  std::vector<std::string> changed;
  for (const model::LimitInfo& info : model::Limits()) {
    if (classifier.Of(info.id) == model::PublishedClassifier().Of(info.id)) continue;
    changed.push_back(fmt::format("\"{}.{}\"", info.medium, info.metric));
  }
  return fmt::format("[{}]", fmt::join(changed, ","));
}

int DueIndex(const model::MediumRule& rule, Fact due) {
  const std::vector<Fact> facts = DueFacts(rule);
  return static_cast<int>(std::find(facts.begin(), facts.end(), due) - facts.begin());
}

Facts ReplacedFacts() {
  return kClassFacts | RenewedFacts();
}
Facts RenewedFacts() {
  static const Facts kRenewed = kJpdrFacts | AllDueFacts();
  return kRenewed;
}

Facts WithState(Facts facts, WhatIfState state) {
  facts &= ~RenewedFacts();
  const int quality = state & kClassBits;
  if (quality != 0) {
    facts &= ~kClassFacts;
    facts |= model::BitOf(quality == 1 ? Fact::kGood : Fact::kPoor);
  }
  if ((facts & model::BitOf(Fact::kAudio)) != 0) {
    const int jpdr = (state & kJpdrBits) >> kJpdrShift;
    facts |= model::BitOf(jpdr == 0   ? Fact::kJpdrUnclassified
                          : jpdr == 1 ? Fact::kJpdrGood
                                      : Fact::kJpdrPoor);
  }
  for (const model::MediumRule& rule : model::MediumRules()) {
    if ((facts & model::BitOf(rule.fact)) == 0) continue;
    const std::vector<Fact> due = DueFacts(rule);
    for (std::size_t i = 0; i < due.size(); ++i) {
      if ((state >> (kDueShift + static_cast<int>(i)) & 1) != 0) facts |= model::BitOf(due[i]);
    }
  }
  return facts;
}

}  // namespace cqd::cube
