// "Why is this empty?": what each step of a query leaves of the streams, and which one took the
// last of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cube/cube.h"
#include "cube/query.h"

namespace cqd::cube {

/// What the archive holds now, beside what the cube has made of it.
struct ArchiveCounts {
  std::int64_t streams = 0;
  std::int64_t quarantined = 0;  ///< records set aside
};

/// Why an answer is empty. Written in JSON as the name without its k.
enum class EmptyCause : std::uint8_t {
  kNotProcessed,            ///< the archive has streams, the cube none of them yet
  kNothingArchived,         ///< no stream ever came
  kAllQuarantined,          ///< everything that came was set aside
  kBeforeData,              ///< the time asked for ends before the first stream
  kAfterData,               ///< the time asked for begins after the last stream
  kGapInData,               ///< streams before and after, none in the time asked for
  kUnknownMember,           ///< a value that no member has
  kCaptionNotKey,           ///< a value that is a member's caption; its key is another text
  kMemberWithoutStreams,    ///< the member exists, no stream carries it
  kBuildingWithoutNetwork,  ///< the building exists, no network leads to it
  kNoBlank,                 ///< (Blank) is asked for, every stream has a value
  kNoMatch,                 ///< no member contains, or begins with, the text
  kOutOfRange,              ///< all members lie on the other side of the bound
  kExcludesAll,             ///< a negated filter takes every member
  kNotInWindow,             ///< streams pass the filter, in other months only
  kCombination,             ///< each filter leaves streams, all together none
  kNothingMeasured,         ///< streams are left, none counts in the measures asked for
};
std::string_view EmptyCauseName(EmptyCause cause);

/// A filter value that no member of the data has, and members that look like it.
struct UnknownValue {
  std::string value;                ///< without brackets
  std::vector<model::Member> near;  ///< at most three, best first
};

struct FunnelCondition {
  Filter filter;
  std::int64_t members_passing = 0;   ///< members of the data that pass
  std::vector<UnknownValue> unknown;  ///< of equals and not equals; at most 20
};

/// A trend's window, or filters of which one must pass.
struct FunnelStep {
  std::optional<MonthWindow> window;
  std::vector<FunnelCondition> conditions;  ///< empty for the window
  std::int64_t before = 0;                  ///< streams that reach this step
  std::int64_t left = 0;                    ///< of them, those that pass
  std::int64_t alone = 0;                   ///< streams that would pass if this were the only step
};

struct EmptyReason {
  EmptyCause cause = EmptyCause::kUnknownMember;
  std::optional<std::size_t> step;  ///< in Funnel::steps, the step that took the last stream
  std::string message;              ///< for people; names values and months
};

struct Funnel {
  ArchiveCounts archive;
  std::int64_t loaded = 0;        ///< streams in the cube
  std::vector<FunnelStep> steps;  ///< the window first, then the filters in their order
  std::int64_t left = 0;          ///< after all steps
  std::optional<EmptyReason> empty;
};

/// Counts how many streams each step of `query` leaves. `snapshot` is nullptr before the first
/// processing run; `table` is the answer, nullptr when there is none: an answer without rows, or
/// with nothing but zeros and nulls, is empty and gets its reason.
/// Errors: those of Executor::Run. Cost: two queries a step, some more for an empty answer.
Result<Funnel> MakeFunnel(const Snapshot* snapshot, const CubeQuery& query,
                          const ResultTable* table, const ArchiveCounts& archive,
                          const QueryLimits& limits);

/// The object of docs/openapi.json, Funnel.
std::string FunnelJson(const Funnel& funnel);

}  // namespace cqd::cube
