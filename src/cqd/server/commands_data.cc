// query, describe, check, sql, import, import-reports.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "archive/import.h"
#include "archive/sql.h"
#include "cube/query.h"
#include "cube/query_extras.h"
#include "cube/structure.h"
#include "file/io.h"
#include "model/describe.h"
#include "server/alert_targets.h"
#include "server/application.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/internal/console.h"
#include "server/internal/explain_text.h"
#include "server/internal/server_client.h"
#include "source/import_reports.h"

namespace cqd::server {
namespace {

constexpr std::uint64_t kQueryBytesMax = 1024 * 1024;

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

/// What a published answer says of the way to it.
int PrintExplanation(const boost::json::object& answer) {
  const auto text_of = [](const boost::json::value* value) {
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  const boost::json::value* explain = answer.if_contains("Explain");
  if (explain == nullptr || !explain->is_object()) {
    std::string reason = text_of(answer.if_contains("ErrorMessage"));
    if (reason.empty()) reason = "the answer does not say what it touched";
    return Complain(Fail(ErrorCode::kFailedPrecondition, reason));
  }
  fmt::print("{}", ExplainText(explain->get_object()));
  return kExitOk;
}

}  // namespace

int Query(const Config& config, const QueryCommand& command, const Clock& clock) {
  auto body = ReadInput(command.file, kQueryBytesMax);
  if (!body.ok()) return Complain(body.error());
  auto query = cube::ParseCubeQuery(*body);
  if (!query.ok()) return Complain(query.error());
  if (command.explain) body = cube::WithExplain(*body);
  if (!body.ok()) return Complain(body.error());
  auto client = ServerClient::Open(config, clock);
  if (!client.ok()) return Complain(client.error());
  if (client->application() == nullptr) {
    // The server owns the data; its answer is the published one.
    const auto answer = client->Call("POST", "/QoEDataService/RunQuery", *body);
    if (!answer.ok()) return Complain(answer.error());
    if (command.explain && !command.json) return PrintExplanation(*answer);
    fmt::print("{}\n", boost::json::serialize(*answer));
    return kExitOk;
  }
  const cube::QueryOutcome outcome = client->application()->queries().RunQuery(*body, nullptr);
  if (outcome.error) return Complain(*outcome.error);
  if (command.json) {
    fmt::print("{}\n", outcome.ToJson());
  } else if (command.explain) {
    return PrintExplanation(boost::json::parse(outcome.ToJson()).as_object());
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
  for (const std::string& finding : CheckAlertTargets(config)) find(finding);
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

int Import(const Config& config, const std::string& what, const std::string& file, bool dry_run,
           const Clock& clock) {
  auto text = ReadInput(file, archive::kImportBytesMax);
  if (!text.ok()) return Complain(text.error());
  const std::string folder = DataPath(config, "archive");
  if (const Status made = file::MakeFolders(folder); !made.ok()) return Complain(made.error());
  auto main = archive::OpenForImport(folder);
  if (!main.ok()) return Complain(main.error());
  const archive::ImportOptions options{.dry_run = dry_run, .now = clock.Now()};
  auto report = what == "buildings"  ? archive::ImportBuildings(*main, *text, options)
                : what == "networks" ? archive::ImportNetworks(*main, *text, options)
                : what == "names"    ? archive::ImportNetworkNames(*main, *text, options)
                                     : archive::ImportBssids(*main, *text, options);
  if (!report.ok()) return Complain(report.error());
  for (const archive::ImportProblem& problem : report->problems) {
    fmt::print(stderr, "{}, line {}, {}: \"{}\" is not allowed; {}\n", file, problem.line,
               problem.column, problem.value, problem.allowed);
  }
  if (report->problem_count > 0) {
    fmt::print(stderr, "cqd: {} wrong places; nothing was changed\n", report->problem_count);
    return kExitFailed;
  }
  for (const archive::ImportCounts& table : report->tables) {
    fmt::print("{}: {} added, {} changed, {} unchanged{}\n", table.table, table.added,
               table.changed, table.unchanged, dry_run ? " (not applied)" : "");
  }
  return kExitOk;
}

int ImportReports(const Config& config, const std::vector<std::string>& files, const Clock& clock) {
  auto application = Application::Open(config, clock);
  if (!application.ok()) return Complain(application.error());
  auto summary = source::ImportReports((*application)->inbox(), files, std::cin, clock);
  if (!summary.ok()) return Complain(summary.error());
  for (const std::string& problem : summary->problems) fmt::print(stderr, "cqd: {}\n", problem);
  fmt::print(
      "{} accepted, {} known already, {} not readable, {} refused; the next archive run integrates "
      "them "
      "('cqd integrate')\n",
      summary->accepted, summary->duplicate, summary->rejected, summary->refused);
  return summary->problems.empty() && summary->problems_left_out == 0 ? kExitOk : kExitFailed;
}

}  // namespace cqd::server
