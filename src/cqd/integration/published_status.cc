#include "integration/published_status.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace cqd::integration {
namespace {

std::string PublishedTime(UtcTime time, const TimeZone& zone) {
  const CivilTime c = ToCivil(zone.ToLocal(time));
  return fmt::format("{:02}/{:02}/{:04} {:02}:{:02}:{:02}", c.month, c.day, c.year, c.hour,
                     c.minute, c.second);
}

void AppendTimes(std::string& out, std::string_view name, const std::vector<UtcTime>& times,
                 const TimeZone& zone) {
  out += fmt::format("\"{}\":[", name);
  for (std::size_t i = 0; i < times.size(); ++i) {
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ",", PublishedTime(times[i], zone));
  }
  out += "],";
}

std::string StartOf(const StageSummary& stage, const TimeZone& zone) {
  if (!stage.newest || IsSuccess(stage.newest->state)) return "null";
  // A run that waits in the queue has not started; then nothing of this stage is under way.
  if (!stage.newest->started_at) return "null";
  return fmt::format("\"{}\"", PublishedTime(*stage.newest->started_at, zone));
}

}  // namespace

std::string PublishedStatusJson(const LogSummary& summary, const TimeZone& zone) {
  const StageSummary& archive = summary.Of(Stage::kArchive);
  const StageSummary& cube = summary.Of(Stage::kCube);
  std::string out = "{";
  AppendTimes(out, "LastSuccessIntegrations", archive.successes, zone);
  AppendTimes(out, "LastSuccessCubeProcessings", cube.successes, zone);
  AppendTimes(out, "LastFailedIntegrations", archive.failures, zone);
  AppendTimes(out, "LastFailedCubeProcessings", cube.failures, zone);
  out += fmt::format("\"LastDataIntegrationStart\":{},\"LastCubeProcessingStart\":{}}}",
                     StartOf(archive, zone), StartOf(cube, zone));
  return out;
}

std::string PublishedLogJson(const LogSummary& summary, const TimeZone& zone, std::size_t most) {
  boost::json::array lines;
  const std::size_t skip = summary.entries.size() > most ? summary.entries.size() - most : 0;
  for (std::size_t i = skip; i < summary.entries.size(); ++i) {
    const LogEntry& entry = summary.entries[i];
    const CivilTime c = ToCivil(zone.ToLocal(entry.at));
    lines.push_back(
        {{"LogCategory", entry.category},
         {"LogTime", fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:02}", c.year, c.month,
                                 c.day, c.hour, c.minute, c.second, c.micros / 10'000)},
         {"LogDescription", entry.description}});
  }
  return boost::json::serialize(lines);
}

}  // namespace cqd::integration
