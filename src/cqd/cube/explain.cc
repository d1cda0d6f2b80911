#include "cube/explain.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cqd::cube {
namespace {

const char* ChoiceOf(const ScanCounts& scan) {
  if (scan.blocks > 0) return "scan";
  if (scan.segments_from_rollups > 0) return "rollups";
  if (scan.segments_from_totals > 0) return "totals";
  return scan.segments_from_members > 0 ? "members" : "nothing";
}

void AppendAttributes(std::string& out, const char* name, bool with_passing,
                      const std::vector<ExplainedAttribute>& attributes) {
  out += fmt::format("\"{}\":[", name);
  for (const ExplainedAttribute& attribute : attributes) {
    out += "{\"DataModelName\":";
    AppendJsonText(out, attribute.data_model_name);
    out += fmt::format(",\"Members\":{}", attribute.members);
    if (with_passing) {
      out += fmt::format(",\"Passing\":{},\"UnionGroup\":", attribute.passing);
      AppendJsonText(out, attribute.union_group);
    }
    out += "},";
  }
  if (out.back() == ',') out.pop_back();
  out += "],";
}

}  // namespace

void ScanCounts::Add(const ScanCounts& other) {
  segments += other.segments;
  segments_skipped += other.segments_skipped;
  segments_from_members += other.segments_from_members;
  segments_from_totals += other.segments_from_totals;
  segments_from_rollups += other.segments_from_rollups;
  rollup_tuples += other.rollup_tuples;
  blocks += other.blocks;
  blocks_skipped += other.blocks_skipped;
  rows_scanned += other.rows_scanned;
  rows_passed += other.rows_passed;
  bytes_touched += other.bytes_touched;
}

std::string ExplainJson(const QueryExplanation& explanation) {
  const ScanCounts& scan = explanation.scan;
  const std::int64_t scanned = scan.segments - scan.segments_skipped - scan.segments_from_members -
                               scan.segments_from_totals - scan.segments_from_rollups;
  std::string out = fmt::format(
      "{{\"DataVersion\":{},\"Choice\":\"{}\",\"Segments\":{{\"All\":{},\"Skipped\":{},"
      "\"FromMembers\":{},\"FromTotals\":{},\"FromRollups\":{},\"Scanned\":{}}},\"Blocks\":{{"
      "\"All\":{},"
      "\"Skipped\":{}}},",
      explanation.data_version, ChoiceOf(scan), scan.segments, scan.segments_skipped,
      scan.segments_from_members, scan.segments_from_totals, scan.segments_from_rollups, scanned,
      scan.blocks, scan.blocks_skipped);
  out += fmt::format(
      "\"RollupTuples\":{},\"StreamsScanned\":{},\"StreamsPassed\":{},\"BytesTouched\":{},",
      scan.rollup_tuples, scan.rows_scanned, scan.rows_passed, scan.bytes_touched);
  AppendAttributes(out, "Filters", true, explanation.filters);
  AppendAttributes(out, "Dimensions", false, explanation.dimensions);
  out += fmt::format(
      "\"Groups\":\"{}\",\"Classes\":{},\"Rows\":{},\"Threads\":{},\"PlanMicroseconds\":{},"
      "\"ScanMicroseconds\":{},\"CollectMicroseconds\":{}}}",
      explanation.groups_in_array ? "array" : "hash table", explanation.classes, explanation.rows,
      explanation.threads, explanation.plan.count(), explanation.scan_time.count(),
      explanation.collect.count());
  return out;
}

}  // namespace cqd::cube
