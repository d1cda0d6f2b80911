// status: one answer for monitoring systems and for people.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "integration/ledger.h"
#include "server/commands.h"
#include "server/internal/server_client.h"
#include "server/internal/status_line.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// "We cannot tell" is an answer of its own: neither well nor broken.
int Unknown(const Error& error, bool as_json) {
  const std::string text = error.message + (error.detail.empty() ? "" : " (" + error.detail + ")");
  const json::object document{{"status", "unknown"}, {"summary", text}};
  fmt::print("{}\n", as_json ? json::serialize(document) : StatusLine(document, kStatusUnknown));
  return kStatusUnknown;
}

/// Without a server a look must not make a data directory where there is none.
Status CheckThere(const Config& config) {
  std::error_code failed;
  const std::string log = DataPath(config, "integration.sqlite");
  if (std::filesystem::exists(log, failed)) return OkStatus();
  return Fail(ErrorCode::kNotFound, "there is no data of OpenCQD in " + config.data_dir +
                                        ": name the right folder with --config or --data-dir");
}

/// What the first line says about who answered; raises `code` when the server died.
std::string Remark(const Config& config, const ServerClient& client, StatusCode& code) {
  if (!client.url().empty()) return {};
  std::error_code failed;
  // A server takes its address away when it ends; one that could not was killed.
  if (!std::filesystem::exists(DataPath(config, kServerFile), failed)) return "no server runs";
  code = std::max(code, kStatusWarning);
  return "the server has died";
}

/// Proves that no run was altered or removed; reads the log itself, also beside a server.
int Verify(const Config& config, const StatusOptions& options) {
  if (!config.remote_server.empty()) {
    return Unknown(Fail(ErrorCode::kInvalidArgument,
                        "--verify reads the log of this machine: leave --server away"),
                   options.json);
  }
  const auto report =
      integration::VerifyLedger(DataPath(config, "integration.sqlite"), options.known_head);
  if (!report.ok()) return Unknown(report.error(), options.json);
  const StatusCode code = report->intact() ? kStatusOk : kStatusCritical;
  if (options.json) {
    json::array findings;
    for (const auto& finding : report->findings) {
      findings.push_back(
          {{"fault", integration::LedgerFaultName(finding.fault)},
           {"run_seq", finding.run_seq ? json::value(*finding.run_seq) : json::value(nullptr)},
           {"message", finding.message}});
    }
    const json::object document{{"intact", report->intact()},
                                {"runs_checked", report->runs_checked},
                                {"removed_by_retention", report->removed_by_retention},
                                {"linked_at_upgrade", report->linked_at_upgrade},
                                {"head", report->head},
                                {"findings_total", report->findings_total},
                                {"findings", std::move(findings)}};
    fmt::print("{}\n", json::serialize(document));
    return code;
  }
  fmt::print("CQD {} - ledger {}: {} runs checked | runs={};;;0 findings={};;1;0\nhead {}\n",
             StatusWord(code), report->intact() ? "intact" : "broken", report->runs_checked,
             report->runs_checked, report->findings_total, report->head);
  for (const auto& finding : report->findings)
    fmt::print("{}: {}\n", integration::LedgerFaultName(finding.fault), finding.message);
  if (report->findings_total > static_cast<std::int64_t>(report->findings.size())) {
    fmt::print("and {} more\n",
               report->findings_total - static_cast<std::int64_t>(report->findings.size()));
  }
  return code;
}

}  // namespace

int ShowStatus(const Config& config, const StatusOptions& options, const Clock& clock) {
  Config limited = config;
  limited.client_timeout_s = std::min(limited.client_timeout_s, options.timeout_s);
  if (limited.remote_server.empty()) {
    if (const Status there = CheckThere(limited); !there.ok())
      return Unknown(there.error(), options.json);
  }
  if (options.verify) return Verify(config, options);
  auto client = ServerClient::Open(limited, clock);
  if (!client.ok()) return Unknown(client.error(), options.json);
  const auto status = client->Call("GET", "/api/v1/status");
  if (!status.ok()) return Unknown(status.error(), options.json);
  StatusCode code = StatusCodeOf(*status);
  const std::string remark = Remark(limited, *client, code);
  if (options.json) {
    fmt::print("{}\n", json::serialize(*status));
  } else {
    fmt::print("{}\n{}", StatusLine(*status, code, remark),
               StatusDetails(*status, options.verbose));
  }
  return code;
}

}  // namespace cqd::server
