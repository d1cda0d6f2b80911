// quarantine: records that were set aside, with their reasons.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

using archive::QuarantineEntry;

Result<std::vector<QuarantineEntry>> FindEntries(const archive::Archive& archive,
                                                 const std::vector<std::int64_t>& ids) {
  std::vector<QuarantineEntry> found;
  for (const std::int64_t id : ids) {
    CQD_ASSIGN_OR_RETURN(auto entries, archive.ListQuarantine(1, id + 1));
    if (entries.empty() || entries.front().id != id) {
      return Fail(ErrorCode::kNotFound, fmt::format("there is no quarantined record {}", id));
    }
    found.push_back(std::move(entries.front()));
  }
  return found;
}

int List(const archive::Archive& archive, std::int64_t most) {
  auto entries = archive.ListQuarantine(static_cast<std::size_t>(most), INT64_MAX);
  if (!entries.ok()) return Complain(entries.error());
  if (entries->empty()) {
    fmt::print("nothing is set aside\n");
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"Id", "First at", "Source", "Reason", "Times", "Record", "Detail"}};
  for (const QuarantineEntry& entry : *entries) {
    rows.push_back({std::to_string(entry.id), FormatRfc3339(entry.first_at), entry.source,
                    entry.reason, std::to_string(entry.occurrences), entry.record_key,
                    entry.detail});
  }
  PrintTable(rows);
  return kExitOk;
}

/// The time in a key of a QoEMetrics record: "AudioStream 2015-03-01T10:00:00Z/1/0/2".
std::optional<UtcTime> TimeOfKey(std::string_view record_key) {
  for (const std::string_view word : Split(record_key, ' ')) {
    if (word.size() >= 20) {
      if (auto time = ParseTime(Split(word, '/').front()); time.ok()) return *time;
    }
  }
  return std::nullopt;
}

/// A database still holds the record: its source is read again from there on. What was stored is
/// recognised and not doubled.
Status SetBack(archive::Archive& archive, const std::string& source_name, UtcTime to) {
  CQD_ASSIGN_OR_RETURN(const model::SourceId source,
                       archive.RegisterSource(source_name, "qoe_metrics"));
  CQD_ASSIGN_OR_RETURN(const auto watermark, archive.ReadWatermark(source));
  if (watermark) {
    CQD_ASSIGN_OR_RETURN(const UtcTime now, ParseTime(watermark->text));
    if (now <= to) return OkStatus();
  }
  CQD_ASSIGN_OR_RETURN(auto writer, archive.BeginWrite());
  return writer->Commit(source, FormatRfc3339(to));
}

Status Replay(Application& application, const std::vector<QuarantineEntry>& entries) {
  std::vector<std::int64_t> reports;
  std::map<std::string, UtcTime> set_back;
  for (const QuarantineEntry& entry : entries) {
    if (const auto report = ParseInt(entry.record_key)) {
      reports.push_back(*report);
    } else if (const auto time = TimeOfKey(entry.record_key)) {
      const auto [known, added] = set_back.emplace(entry.source, *time);
      if (!added) known->second = std::min(known->second, *time);
    } else {
      return Fail(ErrorCode::kFailedPrecondition,
                  fmt::format("record {} has no key to read it again by; see 'cqd quarantine show'",
                              entry.id));
    }
  }
  if (!reports.empty()) CQD_RETURN_IF_ERROR(application.inbox().Requeue(reports));
  for (const auto& [source, time] : set_back)
    CQD_RETURN_IF_ERROR(SetBack(application.archive(), source, time));
  return OkStatus();
}

}  // namespace

int Quarantine(const Config& config, const QuarantineOptions& options, const Clock& clock) {
  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  archive::Archive& archive = (*application)->archive();
  if (options.action == "list") return List(archive, options.most);
  if (options.ids.empty()) {
    return Complain(Fail(ErrorCode::kInvalidArgument,
                         "name the records by their ids from 'cqd quarantine list'"));
  }
  auto entries = FindEntries(archive, options.ids);
  if (!entries.ok()) return Complain(entries.error());
  if (options.action == "show") {
    for (const QuarantineEntry& entry : *entries) {
      fmt::print("record {}: {}: {}\n{}\n", entry.id, entry.reason, entry.detail, entry.payload);
    }
    return kExitOk;
  }
  if (options.action == "replay") {
    if (const Status replayed = Replay(**application, *entries); !replayed.ok())
      return Complain(replayed.error());
  }
  // A record that is still not right comes back with the next run.
  if (const Status dropped = archive.DropQuarantine(options.ids); !dropped.ok())
    return Complain(dropped.error());
  fmt::print("{} records {}\n", options.ids.size(),
             options.action == "replay" ? "are read again by the next archive run" : "dropped");
  return kExitOk;
}

}  // namespace cqd::server
