// A connection that comes back: whatever runs on it is run again after it broke.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "odbc/connection.h"
#include "source/internal/qoe_window.h"
#include "source/qoe_metrics.h"

namespace cqd::source::internal {

/// Threads: one at a time.
class Link {
 public:
  Link(const QoeMetricsOptions& options, const Clock& clock) : options_(options), clock_(clock) {}

  /// Opens the connection when there is none; gives up within a second of a cancel. What the
  /// database has is asked the first time only, and stays as it was for the life of the link, so
  /// that plans stay valid.
  Status Connect(const CancelToken& cancel);
  /// Precondition: connected once, or UseSchema.
  const Schema& schema() const { return *schema_; }
  void UseSchema(const Schema& schema) { schema_ = schema; }
  void Disconnect();
  bool connected() const { return connection_.has_value(); }

  using Work = std::function<Status(odbc::Connection&, WindowReader&)>;
  /// Runs `work`; when the connection breaks (kUnavailable), waits, connects and runs it again from
  /// its beginning. A cancel reaches a statement that the server still works on: the server is
  /// asked to stop it. Errors: those of `work`; kUnavailable after the last attempt, kCancelled,
  /// kDeadlineExceeded.
  Status Run(const CancelToken& cancel, const Work& work);

 private:
  const QoeMetricsOptions& options_;
  const Clock& clock_;
  std::optional<odbc::Connection> connection_;
  std::optional<Schema> schema_;
  std::unique_ptr<WindowReader> reader_;
};

}  // namespace cqd::source::internal
