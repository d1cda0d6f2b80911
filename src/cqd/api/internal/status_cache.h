// The status document, made at most once a second, however many ask for it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "integration/run_log.h"

namespace cqd::api {

/// A document ready to be sent.
struct StatusDocumentText {
  std::shared_ptr<const std::string> text;
  std::string tag;  ///< weak entity tag
};

/// What a document depends on beside the moment.
struct StatusVariant {
  bool administrator = false;
  std::size_t history = 0;  ///< at most integration::kHistoryRuns
};

/// Threads: any. While one caller makes a document anew, others get the one before, which is a
/// second older at most; only the first one of a variant waits.
class StatusCache {
 public:
  using Maker = std::function<StatusDocumentText(const StatusVariant&)>;
  StatusCache(const integration::RunLog& log, const Clock& clock, Maker make)
      : log_(log), clock_(clock), make_(std::move(make)) {}

  /// Cost: two atomic loads and a lock nobody holds for long, unless the log or the second changed.
  StatusDocumentText Get(const StatusVariant& variant);

 private:
  struct Entry {
    std::mutex making;
    std::mutex mutex;  ///< guards what follows
    StatusDocumentText document;
    std::int64_t log_version = -1;
    std::int64_t second = 0;
  };
  const integration::RunLog& log_;
  const Clock& clock_;
  const Maker make_;
  std::array<std::array<Entry, integration::kHistoryRuns + 1>, 2> entries_;
};

}  // namespace cqd::api
