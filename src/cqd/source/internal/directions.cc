#include "source/internal/directions.h"

#include <array>
#include <set>
#include <string>

namespace cqd::source::internal {
namespace {

class Resolver {
 public:
  void Settle(const CallReport& report, Direction direction) {
    const auto caller = static_cast<std::size_t>(direction.caller);
    for (const std::string& name : report.report.ends[caller].names) names_[0].insert(name);
    for (const std::string& name : report.report.ends[1 - caller].names) names_[1].insert(name);
    directions_[&report] = direction;
  }

  /// The direction that the names of the ends imply; the strongest name that tells the sides apart
  /// decides.
  std::optional<int> Find(const Report& report) const {
    for (std::size_t end = 0; end < 2; ++end) {
      for (const std::string& name : report.ends[end].names) {
        const bool is_caller = names_[0].contains(name);
        const bool is_callee = names_[1].contains(name);
        if (is_caller == is_callee) continue;
        return is_caller == (end == 0) ? 0 : 1;
      }
    }
    return std::nullopt;
  }

  bool Knows(const CallReport* report) const { return directions_.contains(report); }
  /// A direction that itself was estimated makes those found through it estimates too.
  bool any_estimated() const { return any_estimated_; }
  void set_any_estimated() { any_estimated_ = true; }
  std::map<const CallReport*, Direction> Take() { return std::move(directions_); }

 private:
  std::array<std::set<std::string>, 2> names_;  // caller, callee
  std::map<const CallReport*, Direction> directions_;
  bool any_estimated_ = false;
};

/// Settles what can be found until nothing more can.
void SettleFound(std::span<const CallReport* const> reports, Resolver& resolver) {
  for (bool progress = true; progress;) {
    progress = false;
    for (const CallReport* report : reports) {
      if (resolver.Knows(report)) continue;
      if (const auto caller = resolver.Find(report->report)) {
        resolver.Settle(*report, {*caller, resolver.any_estimated()});
        progress = true;
      }
    }
  }
}

}  // namespace

std::map<const CallReport*, Direction> ResolveDirections(
    std::span<const CallReport* const> reports) {
  Resolver resolver;
  for (const CallReport* report : reports) {
    if (report->report.caller) resolver.Settle(*report, {*report->report.caller, false});
  }
  SettleFound(reports, resolver);
  for (const CallReport* report : reports) {
    if (resolver.Knows(report) || report->report.streams.empty()) continue;
    resolver.set_any_estimated();
    resolver.Settle(*report, {0, true});
    SettleFound(reports, resolver);
  }
  return resolver.Take();
}

}  // namespace cqd::source::internal
