// Figures for Prometheus. Names: reference/status-api.md 5. No user data in labels.
#pragma once

#include <memory>
#include <string>

#include "cube/query_service.h"
#include "http/message.h"
#include "integration/run.h"

namespace cqd::api {

struct Services;

/// Threads: any.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  /// Counts one answered request; cheap enough for an I/O thread.
  void NoteRequest(const http::RequestSummary& request);
  /// Counts one query, and how long it took.
  void NoteQuery(const cube::QueryOutcome& query);
  /// Counts the time of one ended run.
  void NoteRun(const integration::RunRecord& run);
  /// The text of `/metrics`; what comes from the run log, the cube and the cache is taken at this
  /// moment.
  std::string Text(Services& services);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cqd::api
