#include "server/internal/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "server/command_line.h"

namespace cqd::server {
namespace {

/// Characters, not bytes: good enough for the alignment of Latin, Cyrillic and Greek.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsNumber(std::string_view text) {
  return ParseDouble(text).has_value();
}

}  // namespace

int Complain(const Error& error) {
  std::fputs(fmt::format("cqd: {}{}\n", error.message,
                         error.detail.empty() ? "" : " (" + error.detail + ")")
                 .c_str(),
             stderr);
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kConflict:
      return kExitBusy;
    default:
      return kExitFailed;
  }
}

ProgressLine::ProgressLine(const Clock& clock)
    : clock_(clock), terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (drawn_ && terminal_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Show(const std::string& text) {
  const Duration now = clock_.Monotonic();
  const Duration every =
      terminal_ ? Duration(std::chrono::milliseconds(200)) : Duration(std::chrono::seconds(10));
  if (drawn_ && now - last_ < every) return;
  drawn_ = true;
  last_ = now;
  std::fputs(terminal_ ? ("\r\033[K" + text).c_str() : (text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> numbers;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()));
    numbers.resize(widths.size(), true);
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      widths[c] = std::max(widths[c], Width(rows[r][c]));
      if (r > 0 && !rows[r][c].empty() && !IsNumber(rows[r][c])) numbers[c] = false;
    }
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - Width(row[c]), ' ');
      line += (c == 0 ? "" : "  ") + (numbers[c] ? pad + row[c] : row[c] + pad);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    fmt::print("{}\n", line);
  }
}

void PrintRun(const integration::RunRecord& run) {
  fmt::print("{} {}", run.run_id, integration::RunStateName(run.state));
  if (run.duration_ms) fmt::print(" in {:.1f} s", static_cast<double>(*run.duration_ms) / 1000);
  fmt::print(
      "\n  rows: {} read, {} inserted, {} updated, {} duplicate, {} quarantined, {} repaired\n",
      run.rows.read, run.rows.inserted, run.rows.updated, run.rows.duplicate, run.rows.quarantined,
      run.rows.repaired);
  if (run.data_version)
    fmt::print("  data version {}, {} streams\n", *run.data_version, run.rows_total.value_or(0));
  if (run.data_through) fmt::print("  data through {}\n", FormatRfc3339(*run.data_through));
  for (const auto& warning : run.warnings) fmt::print("  warning: {}\n", warning.message);
  if (run.error) {
    fmt::print("  error: {}{}\n  {}\n", run.error->message,
               run.error->detail.empty() ? "" : " (" + run.error->detail + ")", run.error->hint);
  }
}

}  // namespace cqd::server
