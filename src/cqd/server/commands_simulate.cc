// simulate: fills a QoEMetrics database with a believable organisation.
#include <fmt/format.h>

#include <thread>

#include "base/cancel.h"
#include "file/io.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "simulate/simulate.h"

namespace cqd::server {
namespace {

Result<std::unique_ptr<simulate::QoeSink>> OpenSink(const SimulateCommand& command) {
  if (!command.database.empty()) return simulate::OpenSqliteSink(command.database);
  if (!command.tsv_folder.empty()) return simulate::OpenTsvSink(command.tsv_folder);
  if (!command.odbc.empty()) return simulate::OpenOdbcSink(command.odbc);
  return Fail(ErrorCode::kInvalidArgument,
              "where to? --database FILE, --odbc CONNECTION or --tsv FOLDER");
}

Status WriteCustomerTables(const SimulateCommand& command) {
  const auto organisation =
      simulate::MakeOrganisation(command.seed, static_cast<int>(command.users));
  const simulate::CustomerTableTexts texts = simulate::CustomerTablesOf(organisation);
  CQD_RETURN_IF_ERROR(file::MakeFolders(command.customer_tables));
  CQD_RETURN_IF_ERROR(
      file::WriteDurably(command.customer_tables + "/buildings.txt", texts.building_file));
  CQD_RETURN_IF_ERROR(
      file::WriteDurably(command.customer_tables + "/coordinates.csv", texts.coordinates));
  return file::WriteDurably(command.customer_tables + "/bssids.csv", texts.access_points);
}

void PrintReport(const simulate::SimulateReport& report) {
  fmt::print(
      "{} sessions, {} streams ({} audio, {} video, {} sharing), reports received until {}\n",
      report.sessions, report.streams(), report.audio_streams, report.video_streams,
      report.sharing_streams, FormatRfc3339(report.state.written_until));
}

int Follow(simulate::QoeSink& sink, const SimulateCommand& command, const Clock& clock) {
  const CancelToken cancel;
  for (;;) {
    const auto report = simulate::SimulateFollow(sink, clock.Now(), cancel);
    if (!report.ok()) return Complain(report.error());
    if (report->rows > 0) PrintReport(*report);
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::seconds(command.every_s));
  }
}

}  // namespace

int RunSimulate(const SimulateCommand& command, const Clock& clock) {
  if (!command.customer_tables.empty()) {
    if (const Status written = WriteCustomerTables(command); !written.ok())
      return Complain(written.error());
  }
  auto sink = OpenSink(command);
  if (!sink.ok()) return Complain(sink.error());
  if (command.follow) return Follow(**sink, command, clock);
  simulate::SimulateOptions options;
  options.seed = command.seed;
  options.range = simulate::DefaultRange(clock.Now());
  options.range.begin = Month::Of(clock.Now()).Plus(1 - static_cast<int>(command.months)).begin();
  options.target_streams = command.streams;
  // A slot of the simulation has ten minutes.
  options.live_calls_per_slot = command.live_calls_per_minute * 10;
  options.user_count = static_cast<std::int32_t>(command.users);
  ProgressLine progress(clock);
  const CancelToken cancel;
  const auto report = simulate::Simulate(
      options, **sink, cancel, [&](double share, const simulate::SimulateReport& so_far) {
        progress.Show(
            fmt::format("simulating: {:.0f} %, {} streams", share * 100, so_far.streams()));
      });
  if (!report.ok()) return Complain(report.error());
  PrintReport(*report);
  return kExitOk;
}

}  // namespace cqd::server
