#include "cube/query_extras.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "cube/internal/lenient_json.h"

namespace cqd::cube {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"explain", "funnel", "asof", "compareto"};

bool Mentions(std::string_view text, std::string_view lower_name) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  return std::search(text.begin(), text.end(), lower_name.begin(), lower_name.end(), same) !=
         text.end();
}

}  // namespace

Result<QueryExtras> ParseQueryExtras(std::string_view text) {
  QueryExtras extras;
  if (std::none_of(kNames.begin(), kNames.end(),
                   [text](std::string_view name) { return Mentions(text, name); })) {
    return extras;
  }
  CQD_ASSIGN_OR_RETURN(const boost::json::object body, ParseLenientObject(text));
  CQD_ASSIGN_OR_RETURN(const auto funnel, BooleanProperty(body, "Funnel", "Funnel"));
  extras.funnel = funnel.value_or(false);
  CQD_ASSIGN_OR_RETURN(extras.as_of, IntegerProperty(body, "AsOf", "AsOf"));
  CQD_ASSIGN_OR_RETURN(extras.compare_to, IntegerProperty(body, "CompareTo", "CompareTo"));
  CQD_ASSIGN_OR_RETURN(const auto explain, BooleanProperty(body, "Explain", "Explain"));
  extras.explain = explain.value_or(false);
  return extras;
}

Result<std::string> WithExplain(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const boost::json::object body, ParseLenientObject(text));
  boost::json::object asking;
  for (const auto& property : body) {
    if (ToLower(property.key()) != "explain") asking.insert(property);
  }
  asking["Explain"] = true;
  return boost::json::serialize(asking);
}

}  // namespace cqd::cube
