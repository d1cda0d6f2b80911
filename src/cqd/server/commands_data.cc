// query, describe, check, sql, import, import-reports, quarantine.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>

#include "archive/import.h"
#include "archive/sql.h"
#include "cube/query.h"
#include "cube/structure.h"
#include "file/io.h"
#include "http/client.h"
#include "model/registry.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"

namespace cqd::server {
namespace {

constexpr std::uint64_t kQueryBytesMax = 1024 * 1024;
/// Source: reference/cube-model.md 2.6, limit of the published building file.
constexpr std::uint64_t kImportBytesMax = 50ULL * 1024 * 1024;
constexpr std::uint64_t kReportFileBytesMax = 64ULL * 1024 * 1024;

Result<std::string> ReadInput(const std::string& file, std::uint64_t bytes_max) {
  if (file != "-") {
    auto text = file::ReadWhole(file, bytes_max);
    if (!text.ok()) return std::move(text).error().WithContext(file);
    return text;
  }
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (text.size() > bytes_max)
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("standard input is longer than {} bytes", bytes_max));
  return text;
}

std::string CellText(const cube::Cell& cell) {
  std::string text;
  cube::AppendCell(text, cell);
  return text == "null" ? "" : text;
}

void PrintResult(const cube::CubeQuery& query, const cube::ResultTable& table) {
  std::vector<std::vector<std::string>> rows(1);
  for (const model::Attribute* dimension : query.dimensions) rows[0].push_back(dimension->name);
  for (const model::Measure* measure : query.measures) rows[0].push_back(measure->name);
  for (const auto& row : table.rows) {
    rows.push_back(row.captions);
    for (const cube::Cell& cell : row.cells) rows.back().push_back(CellText(cell));
  }
  PrintTable(rows);
}

}  // namespace

int Query(const Config& config, const std::string& file, bool json, const Clock& clock) {
  auto body = ReadInput(file, kQueryBytesMax);
  if (!body.ok()) return Complain(body.error());
  auto query = cube::ParseCubeQuery(*body);
  if (!query.ok()) return Complain(query.error());
  auto application = Application::Open(config, clock);
  if (!application.ok()) {
    auto server = file::ReadWhole(DataPath(config, "SERVER"), 1024);
    if (application.error().code != ErrorCode::kFailedPrecondition || !server.ok())
      return Complain(application.error());
    // The server owns the data; its answer is the published one.
    auto answer = http::Post(*server + "/QoEDataService/RunQuery", "application/json", *body);
    if (!answer.ok()) return Complain(answer.error());
    fmt::print("{}\n", answer->body);
    return answer->status == 200 ? kExitOk : kExitFailed;
  }
  const cube::QueryOutcome outcome = (*application)->queries().RunQuery(*query);
  if (outcome.error) return Complain(*outcome.error);
  if (json) {
    fmt::print("{}\n", outcome.ToJson());
  } else {
    PrintResult(*query, *outcome.table);
  }
  return kExitOk;
}

int Describe(const std::string& what) {
  if (what == "configuration") {
    fmt::print("{}", ConfigurationMarkdown());
  } else if (what == "registry") {
    fmt::print("{}", model::DescribeRegistryMarkdown());
  } else if (what == "structure") {
    fmt::print("{}\n", cube::WriteCubeStructure(cube::Dialect::kOnPremises));
  } else {
    return Complain(
        Fail(ErrorCode::kInvalidArgument, "describe what? configuration, registry or structure"));
  }
  return kExitOk;
}

int Check(const Config& config, const Clock& clock) {
  int findings = 0;
  const auto find = [&](const std::string& text) {
    ++findings;
    fmt::print("- {}\n", text);
  };
  for (const std::string& finding : CheckConfig(config)) find(finding);
  if (findings == 0) {
    auto application = Application::Open(config, clock);
    if (!application.ok()) {
      find(application.error().message);
    } else {
      for (const std::string& damage : (*application)->cube().damage()) find(damage);
      for (const auto& probe : (*application)->ProbeSources()) {
        if (!probe.error.empty()) find(fmt::format("source {}: {}", probe.name, probe.error));
        for (const std::string& remark : probe.remarks)
          fmt::print("  note: source {}: {}\n", probe.name, remark);
        if (probe.error.empty()) fmt::print("  source {} answers\n", probe.name);
      }
    }
  }
  fmt::print("{}\n", findings == 0 ? "all is well" : fmt::format("{} to mend", findings));
  return findings == 0 ? kExitOk : kExitFailed;
}

int Sql(const Config& config, const std::string& text, bool write, bool csv,
        const std::vector<std::string>& months) {
  archive::SqlOptions options{.write_customer_tables = write};
  for (const std::string& name : months) {
    auto month = Month::Parse(name);
    if (!month.ok()) return Complain(month.error());
    options.months.push_back(*month);
  }
  auto connection = archive::OpenForSql(DataPath(config, "archive"), options);
  if (!connection.ok()) return Complain(connection.error());
  if (!connection->left_out.empty()) {
    fmt::print(stderr, "note: {} older months are not in the view; name months with --month\n",
               connection->left_out.size());
  }
  auto sql =
      text.empty() || text == "-" ? ReadInput("-", kQueryBytesMax) : Result<std::string>(text);
  if (!sql.ok()) return Complain(sql.error());
  const Status status = archive::RunSql(
      *connection, *sql, csv ? archive::SqlFormat::kCsv : archive::SqlFormat::kTable, std::cout);
  std::cout.flush();
  return status.ok() ? static_cast<int>(kExitOk) : Complain(status.error());
}

int ImportReports(const Config& config, const std::vector<std::string>& files, const Clock& clock) {
  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  std::int64_t accepted = 0, duplicates = 0, rejected = 0;
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    auto bytes = ReadInput(file, kReportFileBytesMax);
    if (!bytes.ok()) {
      exit_code = Complain(bytes.error());
      continue;
    }
    auto receipts =
        (*application)
            ->inbox()
            .Accept(*bytes, "", std::filesystem::path(file).filename().string(), clock.Now());
    if (!receipts.ok()) {
      exit_code = Complain(Error(receipts.error()).WithContext(file));
      continue;
    }
    for (const source::Receipt& receipt : *receipts) {
      accepted += receipt.status == source::ReceiptStatus::kAccepted;
      duplicates += receipt.status == source::ReceiptStatus::kDuplicate;
      if (receipt.status == source::ReceiptStatus::kRejected ||
          receipt.status == source::ReceiptStatus::kRefused) {
        ++rejected;
        exit_code = kExitFailed;
        fmt::print(stderr, "cqd: {}: {}: {}\n", file, source::ReceiptStatusName(receipt.status),
                   receipt.reason);
      }
    }
  }
  fmt::print(
      "{} accepted, {} known already, {} not readable; the next archive run integrates them ('cqd "
      "integrate')\n",
      accepted, duplicates, rejected);
  return exit_code;
}

int Quarantine(const Config& config, const QuarantineOptions& options, const Clock& clock) {
  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  archive::Archive& archive = (*application)->archive();
  if (options.action == "list") {
    auto entries = archive.ListQuarantine(static_cast<std::size_t>(options.most), INT64_MAX);
    if (!entries.ok()) return Complain(entries.error());
    std::vector<std::vector<std::string>> rows = {
        {"Id", "First at", "Source", "Reason", "Times", "Record", "Detail"}};
    for (const auto& entry : *entries) {
      rows.push_back({std::to_string(entry.id), FormatRfc3339(entry.first_at), entry.source,
                      entry.reason, std::to_string(entry.occurrences), entry.record_key,
                      entry.detail});
    }
    PrintTable(rows);
    return kExitOk;
  }
  if (options.ids.empty())
    return Complain(Fail(ErrorCode::kInvalidArgument,
                         "name the records by their ids from 'cqd quarantine list'"));
  if (options.action == "drop") {
    const Status dropped = archive.DropQuarantine(options.ids);
    return dropped.ok() ? static_cast<int>(kExitOk) : Complain(dropped.error());
  }
  return (*application)->ShowOrReplayQuarantine(options.action == "replay", options.ids);
}

}  // namespace cqd::server
