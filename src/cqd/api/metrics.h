// Figures for Prometheus. Names: reference/status-api.md 5. No user data in labels.
#pragma once

#include <memory>
#include <string>

#include "http/message.h"

namespace cqd::api {

struct Services;

/// Threads: any.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  /// Counts one answered request; cheap enough for an I/O thread.
  void NoteRequest(const http::RequestSummary& request);
  /// The text of `/metrics`; what comes from the run log, the cube and the cache is taken at this
  /// moment.
  std::string Text(Services& services);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cqd::api
