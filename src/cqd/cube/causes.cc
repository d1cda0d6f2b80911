#include "cube/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "cube/internal/value_list.h"

namespace cqd::cube {
namespace {

constexpr double kZ95 = 1.959963984540054;  // two-sided 95 % of the normal distribution
constexpr std::size_t kSameAsMax = 5;

/// Wilson's score interval. Source: E. B. Wilson, JASA 22, 1927.
std::pair<double, double> WilsonInterval(const CauseCounts& counts, double z) {
  const auto n = static_cast<double>(counts.classified);
  if (n == 0) return {0, 1};
  const double p = counts.ratio(), z2 = z * z;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = z / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

/// z of a two-sided error `alpha`, by bisection: erfc falls steadily.
double ZOf(double alpha) {
  double low = 0, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > alpha ? low : high) = middle;
  }
  return high;
}

struct Counts {
  CauseCounts before, after;
};
using Key = std::vector<std::string>;  // keys of the members

struct GroupCounts {
  std::vector<model::Member> members;
  Counts counts;
};

/// Groups by members, over both windows.
class Search {
 public:
  Search(const Executor& executor, const CausesRequest& request, const QueryLimits& limits)
      : executor_(executor), request_(request), limits_(limits) {}

  /// `only`: conditions besides those of the request.
  Result<std::map<Key, GroupCounts>> Groups(const std::vector<const model::Attribute*>& by,
                                            const std::vector<Filter>& only = {}) const {
    std::map<Key, GroupCounts> groups;
    if (!request_.before.empty()) {
      CQD_RETURN_IF_ERROR(Add(by, only, request_.before, &Counts::before, groups));
    }
    CQD_RETURN_IF_ERROR(Add(by, only, request_.after, &Counts::after, groups));
    return groups;
  }

 private:
  Status Add(const std::vector<const model::Attribute*>& by, const std::vector<Filter>& only,
             const std::vector<Filter>& window, CauseCounts Counts::*side,
             std::map<Key, GroupCounts>& groups) const {
    CubeQuery query;
    query.dimensions = by;
    query.measures = {request_.poor, request_.good};
    query.filters = request_.filters;
    query.filters.insert(query.filters.end(), window.begin(), window.end());
    query.filters.insert(query.filters.end(), only.begin(), only.end());
    CQD_ASSIGN_OR_RETURN(const auto found, executor_.Run(query, limits_));
    for (const Group& group : found) {
      Key key;
      for (const model::Member& member : group.members) key.push_back(member.key);
      GroupCounts& counts = groups[key];
      counts.members = group.members;
      CauseCounts& into = counts.counts.*side;
      into.poor += group.values[0].numerator;
      into.classified += group.values[0].numerator + group.values[1].numerator;
    }
    return OkStatus();
  }

  const Executor& executor_;
  const CausesRequest& request_;
  const QueryLimits& limits_;
};

double Counted(std::int64_t count, std::int64_t of) {
  return count == 0 ? 0
                    : static_cast<double>(count) *
                          std::log(static_cast<double>(count) / static_cast<double>(of));
}

/// Of a share that is the counted one.
double LogLikelihood(const CauseCounts& counts) {
  return Counted(counts.poor, counts.classified) +
         Counted(counts.classified - counts.poor, counts.classified);
}

/// Log likelihood ratio of two shares against one for both.
double ChangeScore(const CauseCounts& a, const CauseCounts& b) {
  return LogLikelihood(a) + LogLikelihood(b) -
         LogLikelihood({a.classified + b.classified, a.poor + b.poor});
}

CauseCounts Without(const CauseCounts& all, const CauseCounts& part) {
  return {all.classified - part.classified, all.poor - part.poor};
}

class Scores {
 public:
  Scores(const CausesRequest& request, CausesReport& report) : request_(request), report_(report) {}

  /// Scores the groups of an attribute or a pair. `chosen`: only those that looked worth it are
  /// there.
  void Add(const std::vector<const model::Attribute*>& by, const std::map<Key, GroupCounts>& groups,
           bool chosen = false) {
    const std::int64_t tested_before = report_.groups_tested;
    for (const auto& [key, group] : groups) {
      if (group.counts.after.classified < request_.streams_min) continue;
      // Blank says that nothing is known: that explains nothing.
      if (std::any_of(group.members.begin(), group.members.end(),
                      [](const model::Member& m) { return m.blank; })) {
        continue;
      }
      ++report_.groups_tested;
      const double score = ScoreOf(group.counts);
      if (score > 0) Keep(by, group, score);
    }
    // Who chooses first has tested what was not chosen too. Groups share no stream, so there are at
    // most this many that are large enough.
    if (chosen) {
      report_.groups_tested = std::max(
          report_.groups_tested, tested_before + report_.after.classified / request_.streams_min);
    }
  }

  void Finish();

  /// How much better it is to let the group change by itself than with all others; 0 unless it
  /// rose more than they did.
  double ScoreOf(const Counts& counts) const {
    const CauseCounts others_after = Without(report_.after, counts.after);
    if (request_.before.empty()) {
      return counts.after.ratio() > others_after.ratio() ? ChangeScore(counts.after, others_after)
                                                         : 0;
    }
    const CauseCounts others_before = Without(report_.before, counts.before);
    const double rise = counts.after.ratio() - counts.before.ratio();
    if (rise <= 0 || rise <= others_after.ratio() - others_before.ratio()) return 0;
    return ChangeScore(counts.before, counts.after) + ChangeScore(others_before, others_after) -
           ChangeScore(report_.before, report_.after);
  }

 private:
  void Keep(const std::vector<const model::Attribute*>& by, const GroupCounts& group,
            double score) {
    Cause cause;
    cause.attributes = by;
    cause.members = group.members;
    cause.before = group.counts.before;
    if (request_.before.empty()) cause.before = Without(report_.after, group.counts.after);
    cause.after = group.counts.after;
    cause.score = score;
    cause.rise = cause.after.ratio() - cause.before.ratio();
    std::tie(cause.rise_low, cause.rise_high) = DifferenceInterval(cause.before, cause.after, kZ95);
    cause.excess = static_cast<double>(cause.after.poor) -
                   cause.before.ratio() * static_cast<double>(cause.after.classified);
    found_.push_back(std::move(cause));
  }

  const CausesRequest& request_;
  CausesReport& report_;
  std::vector<Cause> found_;
};

std::string NameOf(const Cause& cause) {
  std::string name;
  for (std::size_t i = 0; i < cause.members.size(); ++i) {
    name += fmt::format("{}{} = {}", i == 0 ? "" : ", ", cause.attributes[i]->data_model_name,
                        cause.members[i].caption);
  }
  return name;
}

bool SameStreams(const Cause& a, const Cause& b) {
  return a.before.classified == b.before.classified && a.before.poor == b.before.poor &&
         a.after.classified == b.after.classified && a.after.poor == b.after.poor;
}

void Scores::Finish() {
  const auto tested = static_cast<double>(std::max<std::int64_t>(1, report_.groups_tested));
  const double z = ZOf(0.05 / tested);
  std::erase_if(found_, [z](const Cause& cause) {
    return DifferenceInterval(cause.before, cause.after, z).first <= 0;
  });
  // Of equal scores the simpler one: it was found first.
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Cause& a, const Cause& b) { return a.score > b.score; });
  for (Cause& cause : found_) {
    const auto same = std::find_if(report_.causes.begin(), report_.causes.end(),
                                   [&](const Cause& told) { return SameStreams(told, cause); });
    if (same != report_.causes.end()) {
      if (same->same_as.size() < kSameAsMax) same->same_as.push_back(NameOf(cause));
    } else if (report_.causes.size() < request_.most) {
      report_.causes.push_back(std::move(cause));
    }
  }
}

void AppendCounts(std::string& out, const CauseCounts& counts) {
  out += fmt::format("{{\"classified\":{},\"poor\":{},\"ratio\":{:.6f}}}", counts.classified,
                     counts.poor, counts.ratio());
}

void AppendCause(std::string& out, const Cause& cause) {
  out += "{\"members\":[";
  for (std::size_t i = 0; i < cause.members.size(); ++i) {
    out += i == 0 ? "{\"DataModelName\":" : ",{\"DataModelName\":";
    AppendJsonText(out, cause.attributes[i]->data_model_name);
    out += ",\"Value\":";
    AppendJsonText(out, BracketKey(cause.members[i].key));
    out += ",\"Caption\":";
    AppendJsonText(out, cause.members[i].caption);
    out += '}';
  }
  out += "],\"before\":";
  AppendCounts(out, cause.before);
  out += ",\"after\":";
  AppendCounts(out, cause.after);
  out += fmt::format(
      ",\"rise\":{:.6f},\"rise_low\":{:.6f},\"rise_high\":{:.6f},\"excess\":{:.1f},"
      "\"score\":{:.3f},\"same_as\":[",
      cause.rise, cause.rise_low, cause.rise_high, cause.excess, cause.score);
  for (const std::string& name : cause.same_as) {
    if (out.back() == '"') out += ',';
    AppendJsonText(out, name);
  }
  out += "]}";
}

}  // namespace

std::pair<double, double> DifferenceInterval(const CauseCounts& before, const CauseCounts& after,
                                             double z) {
  if (before.classified == 0 || after.classified == 0) return {-1, 1};
  const auto [before_low, before_high] = WilsonInterval(before, z);
  const auto [after_low, after_high] = WilsonInterval(after, z);
  const double rise = after.ratio() - before.ratio();
  return {rise - std::hypot(after.ratio() - after_low, before_high - before.ratio()),
          rise + std::hypot(after_high - after.ratio(), before.ratio() - before_low)};
}

const std::vector<const model::Attribute*>& DefaultCauseAttributes() {
  static const auto* const kAttributes = [] {
    auto* attributes = new std::vector<const model::Attribute*>;
    for (const char* name : {"[Scenarios].[ScenarioPair]", "[Codec].[Payload Description]",
                             "[Mediation Server].[Bypass Flag]"}) {
      attributes->push_back(model::FindAttribute(name));
    }
    for (const std::string role : {"First", "Second"}) {
      for (const char* name :
           {" Building].[Building Name]", " Building].[City]", " Building].[Country]",
            " Building].[Region]", " Network].[Network Name]", " Subnet].[Subnet]",
            " Bssid].[Ap Name]", " Bssid].[Bssid]",
            " Network Connection Type].[Network Connection Detail]", " VPN].[VPN]",
            " User Agent].[User Agent Type]", " User Agent].[User Agent]", " Pool].[Pool]",
            " Capture Device].[Device]", " Capture Device].[Driver]", " Render Device].[Device]",
            " Render Device].[Driver]", " Wifi].[Driver Version]", " Endpoint].[OS]"}) {
        attributes->push_back(model::FindAttribute("[" + role + name));
      }
    }
    std::erase(*attributes, nullptr);
    return attributes;
  }();
  return *kAttributes;
}

namespace {

/// An attribute, and what of it is worth looking at in pairs.
struct PairSide {
  const model::Attribute* attribute = nullptr;
  double best = 0;           ///< score
  std::vector<Filter> only;  ///< empty: all members
};

PairSide MakePairSide(const model::Attribute& attribute, const std::map<Key, GroupCounts>& groups,
                      const CausesRequest& request, const Scores& scores) {
  struct Ranked {
    double score;
    std::int64_t size;
    const std::string* key;
  };
  std::vector<Ranked> ranked;
  for (const auto& [key, group] : groups) {
    const CauseCounts& after = group.counts.after;
    if (after.classified < request.streams_min || group.members[0].blank) continue;
    ranked.push_back({scores.ScoreOf(group.counts), after.classified, &key[0]});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.score, a.size) > std::tie(b.score, b.size);
  });
  PairSide side{&attribute, ranked.empty() ? 0 : ranked.front().score, {}};
  if (groups.size() > request.members_in_pairs && !ranked.empty()) {
    Filter filter{
        .attribute = &attribute, .operand = Operand::kEquals, .values = {}, .union_group = {}};
    ranked.resize(std::min(ranked.size(), request.members_in_pairs));
    for (const Ranked& one : ranked) filter.values.push_back(*one.key);
    side.only.push_back(std::move(filter));
  }
  return side;
}

}  // namespace

Result<CausesReport> FindCauses(const Executor& executor, const CausesRequest& request,
                                const QueryLimits& limits) {
  // Making rollups of all its kinds takes eight times as long as the whole search by scans, and
  // with many of them made it is no quicker (bench/RESULTS.md, cube_serve_bench).
  QueryLimits by_scans = limits;
  by_scans.with_rollups = false;
  const Search search(executor, request, by_scans);
  CausesReport report;
  CQD_ASSIGN_OR_RETURN(const auto all, search.Groups({}));
  if (!all.empty()) {
    report.before = all.begin()->second.counts.before;
    report.after = all.begin()->second.counts.after;
  }
  if (request.before.empty()) report.before = report.after;
  report.rise = report.after.ratio() - report.before.ratio();
  std::tie(report.rise_low, report.rise_high) =
      DifferenceInterval(report.before, report.after, kZ95);
  Scores scores(request, report);
  const auto& attributes =
      request.attributes.empty() ? DefaultCauseAttributes() : request.attributes;
  std::vector<PairSide> best;
  for (const model::Attribute* attribute : attributes) {
    CQD_ASSIGN_OR_RETURN(const auto groups, search.Groups({attribute}));
    scores.Add({attribute}, groups);
    best.push_back(MakePairSide(*attribute, groups, request, scores));
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const PairSide& a, const PairSide& b) { return a.best > b.best; });
  best.resize(std::min(best.size(), request.attributes_in_pairs));
  for (std::size_t a = 0; a < best.size(); ++a) {
    for (std::size_t b = a + 1; b < best.size(); ++b) {
      const std::vector<const model::Attribute*> pair = {best[a].attribute, best[b].attribute};
      std::vector<Filter> only = best[a].only;
      only.insert(only.end(), best[b].only.begin(), best[b].only.end());
      CQD_ASSIGN_OR_RETURN(const auto groups, search.Groups(pair, only));
      scores.Add(pair, groups, !only.empty());
    }
  }
  scores.Finish();
  return report;
}

std::string CausesJson(const CausesReport& report) {
  std::string out = "{\"before\":";
  AppendCounts(out, report.before);
  out += ",\"after\":";
  AppendCounts(out, report.after);
  out += fmt::format(
      ",\"rise\":{:.6f},\"rise_low\":{:.6f},\"rise_high\":{:.6f},\"groups_tested\":{},"
      "\"causes\":[",
      report.rise, report.rise_low, report.rise_high, report.groups_tested);
  for (const Cause& cause : report.causes) {
    if (out.back() == '}') out += ',';
    AppendCause(out, cause);
  }
  return out + "]}";
}

}  // namespace cqd::cube
