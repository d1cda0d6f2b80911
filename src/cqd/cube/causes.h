// What explains a rise of the share of poor streams between two windows of time: a search over
// members of one attribute and of two together.
//
// Each group of streams is scored by a log likelihood ratio, as a spatial scan does (M. Kulldorff,
// "A spatial scan statistic", Communications in Statistics 26, 1997, Bernoulli model): how much
// better the counts fit when the group and all others change each by itself than when all change
// alike. It is greatest for the group that the rise fills best, neither a part of it nor diluted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cube/query.h"

namespace cqd::cube {

struct CausesRequest {
  std::vector<Filter> filters;  ///< for both windows
  /// What makes the windows. Without `before` a group is held against all other streams of the
  /// window: what stands out, instead of what rose.
  std::vector<Filter> before, after;
  /// Counts poor streams, and those that are poor or good; kCount measures.
  const model::Measure* poor = nullptr;
  const model::Measure* good = nullptr;
  std::vector<const model::Attribute*> attributes;  ///< searched; empty: DefaultCauseAttributes()
  std::size_t attributes_in_pairs = 8;  ///< the best of them are searched in pairs too; 0: none
  /// Of an attribute with more members (20,000 subnets) only the best, then the largest, are
  /// searched in pairs: two such attributes have more pairs than a query may have groups.
  std::size_t members_in_pairs = 100;
  std::int64_t streams_min = 50;  ///< classified streams after; smaller groups do not count
  std::size_t most = 10;          ///< causes told
};

/// Reads the body of POST /api/v1/causes (docs/openapi.json, CausesRequest).
/// Errors: kInvalidArgument with the field, kResourceExhausted (sizes).
Result<CausesRequest> ParseCausesRequest(std::string_view json);

/// The attributes searched when none are named: places, networks, devices, clients, codecs. Not the
/// metrics that make a stream poor, not dates, not people.
const std::vector<const model::Attribute*>& DefaultCauseAttributes();

/// Classified streams of a group in one window.
struct CauseCounts {
  std::int64_t classified = 0;
  std::int64_t poor = 0;
  double ratio() const {
    return classified == 0 ? 0 : static_cast<double>(poor) / static_cast<double>(classified);
  }
};

struct Cause {
  std::vector<const model::Attribute*> attributes;  ///< one or two
  std::vector<model::Member> members;
  CauseCounts before, after;  ///< `before`: of all others, in a search without that window
  /// Difference of the shares and its interval at 95 %. Source: R. G. Newcombe, "Interval
  /// estimation for the difference between independent proportions", Statistics in Medicine 17,
  /// 1998, method 10 (of Wilson's score intervals).
  double rise = 0, rise_low = 0, rise_high = 0;
  double excess = 0;  ///< poor streams after beyond what the share before lets expect
  double score = 0;   ///< log likelihood ratio
  /// Other members that hold exactly the same streams by count ("[Second Building].[City] = Oslo").
  std::vector<std::string> same_as;
};

struct CausesReport {
  CauseCounts before, after;
  double rise = 0, rise_low = 0, rise_high = 0;
  /// Groups large enough to count; of pairs with chosen members the most there can be.
  std::int64_t groups_tested = 0;
  /// Only rises that hold at 95 % for all tested groups together (Bonferroni), best first.
  std::vector<Cause> causes;
};

/// Errors: those of Executor::Run (kResourceExhausted when one attribute alone has too many
/// members). Cost: two queries an attribute and pair.
Result<CausesReport> FindCauses(const Executor& executor, const CausesRequest& request,
                                const QueryLimits& limits);

/// The object of docs/openapi.json, Causes.
std::string CausesJson(const CausesReport& report);

/// Lower and upper end of Newcombe's interval for after.ratio() - before.ratio(), at `z` standard
/// deviations (1.96: 95 %). Of windows without streams: -1, 1.
std::pair<double, double> DifferenceInterval(const CauseCounts& before, const CauseCounts& after,
                                             double z);

}  // namespace cqd::cube
