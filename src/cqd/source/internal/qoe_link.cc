#include "source/internal/qoe_link.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace cqd::source::internal {

Status Link::Connect() {
  if (connection_ && !connection_->alive()) Disconnect();
  if (connection_) return OkStatus();
  CQD_ASSIGN_OR_RETURN(odbc::Connection connection,
                       odbc::Connection::Open({.connection_string = options_.connection_string,
                                               .password = options_.password,
                                               .login_timeout_s = options_.login_timeout_s,
                                               .read_only = true}));
  connection_ = std::move(connection);
  if (!schema_) {
    auto schema = ProbeSchema(*connection_);
    if (!schema.ok()) {
      Disconnect();
      return std::move(schema).error();
    }
    schema_ = *std::move(schema);
  }
  reader_ = std::make_unique<WindowReader>(*connection_, *schema_, options_.query_timeout_s);
  return OkStatus();
}

void Link::Disconnect() {
  reader_.reset();
  connection_.reset();
}

Status Link::Run(const CancelToken& cancel, const Work& work) {
  Duration wait = options_.reconnect.first_wait;
  for (int attempt = 0;; ++attempt) {
    CQD_RETURN_IF_ERROR(cancel.Check());
    Status status = Connect();
    if (status.ok()) status = work(*connection_, *reader_);
    if (status.ok()) return status;
    Error error = std::move(status).error();
    if (error.code == ErrorCode::kCancelled && !cancel.cancelled()) {
      // Nobody asked for it: the server or its driver gave the statement up.
      error.code = ErrorCode::kDeadlineExceeded;
    }
    if (error.code != ErrorCode::kUnavailable) return error;
    Disconnect();
    if (attempt >= options_.reconnect.attempts) return error;
    LogWarning("source {}: connection lost, trying again in {} ms: {}", options_.name,
               wait.count() / 1000, error.ToString());
    CQD_RETURN_IF_ERROR(WaitFor(clock_, wait, cancel));
    wait = std::min(wait * 2, options_.reconnect.wait_max);
  }
}

}  // namespace cqd::source::internal
