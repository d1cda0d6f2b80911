// Reads a QoEMetrics database over ODBC: SQL Server, PostgreSQL, SQLite.
// Guide for operators: docs/sources/qoe-metrics.md.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "source/source.h"

namespace cqd::source {

/// How to come back after a connection broke.
struct ReconnectOptions {
  Duration first_wait = std::chrono::seconds(1);  ///< doubled after every failure
  Duration wait_max = std::chrono::seconds(60);
  int attempts = 6;  ///< 0: give up at once
};

struct QoeMetricsOptions {
  std::string name = "qoe";
  std::string connection_string = {};
  /// Kept apart from the connection string, so that it comes from a file or the environment; may be
  /// empty.
  std::string password = {};
  /// What lies so far behind the watermark is read again: the second endpoint's report completes
  /// rows late. A row that appears for the first time later than this is not seen. 0 to 7 days.
  /// Larger: more rows read twice. Source: reference/qoe-metrics-schema.md 0.
  Duration margin = std::chrono::hours(1);
  /// Rows of all tables a window is made for; 1,000 to 1,000,000. Larger: more memory, fewer
  /// questions to the server. Source: reference/performance-anchors.md, ODBC, recommended
  /// configuration (about 50,000).
  std::int64_t window_rows = 50'000;
  /// Table rows fetched a second at most; 0 = no limit. With a limit one connection is used.
  double rows_per_second = 0;
  /// Seconds the server may take for one answer; 0 = no limit.
  int query_timeout_s = 300;
  int login_timeout_s = 15;
  /// Connections for a backlog of more than `backlog_from`; 1 or 2. Small reads use one.
  int connections = 2;
  Duration backlog_from = std::chrono::hours(6);
  ReconnectOptions reconnect = {};
};

/// A QoEMetrics database as a source. Its watermark is an RFC 3339 time: everything with a
/// ConferenceDateTime before it has been handed out. Reads only; joins, and locks, nothing on the
/// server.
///
/// Records set aside: kSessionTimeAbsurd (before 1990, more than a day in the future),
/// kKeyPartMissing, kNoSession (a stream row without its Session or MediaLine). Those inside the
/// margin are handed out at every read; the archive keeps them once. Memory: about 10 window
/// buffers of `window_rows`, and the texts of the lookup tables.
class QoeMetricsSource final : public Source {
 public:
  /// Does not connect. `clock` must outlive the source. Errors: kInvalidArgument (an option out of
  /// range, named in the error's field).
  static Result<std::unique_ptr<QoeMetricsSource>> Create(const QoeMetricsOptions& options,
                                                          const Clock& clock);
  ~QoeMetricsSource() override;

  const std::string& name() const override;
  std::string_view kind() const override { return "qoe_metrics"; }
  Result<Probe> LookAt() override;
  Result<Probe> LookAtUnless(const CancelToken& cancel) override;
  /// The position goes back to the oldest of the records: all that came since is read again and
  /// recognised. A record before 1990 means everything.
  Result<Rewound> Rewind(model::SourceId id, std::span<const std::string> record_keys,
                         const std::optional<std::string>& watermark) override;
  /// Errors: as Source::Read; kUnavailable after the last attempt to reconnect, kDeadlineExceeded
  /// (query timeout), kInvalidArgument (watermark).
  Status Read(const std::optional<std::string>& watermark, const ReadContext& context,
              const BatchSink& sink) override;

 private:
  class Impl;
  explicit QoeMetricsSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cqd::source
