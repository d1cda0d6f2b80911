// One client's stream of server-sent events (WHATWG HTML, "Server-sent events"), without HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "integration/event_log.h"
#include "integration/status.h"

namespace cqd::api {

/// Every type a client may choose. Source: reference/status-api.md 5.
const std::vector<std::string>& StreamEventTypes();

/// Which events a client wants.
struct StreamFilter {
  std::string stage;               ///< "" all; an event without stage always passes
  std::vector<std::string> types;  ///< empty: all
  bool Passes(const integration::Event& event) const;
};

/// Appends one event. Lines of `data` become lines of the event; `id` absent: the client's last id
/// stays as it is.
void AppendServerSentEvent(std::string& out, std::optional<std::int64_t> id, std::string_view type,
                           std::string_view data);

/// The state that a client without a past needs before events make sense to it, as one JSON object:
/// lamp, verdicts, runs under way, data version. `data_version` nullopt: no cube yet.
std::string StreamSnapshot(const integration::StatusView& view, std::string_view boot_id,
                           std::string_view version, std::optional<std::int64_t> data_version);

/// What to send next to one client. Keeps a place in the event log and no queue of its own, so that
/// a client that reads slowly costs no memory; one that falls behind what the log keeps gets
/// `reset` and goes on from the present.
/// Threads: one at a time.
class EventStream {
 public:
  struct Options {
    const integration::EventLog& events;
    const Clock& clock;
    std::function<std::string()> snapshot;  ///< as StreamSnapshot, of the moment it is called
    StreamFilter filter;
  };
  /// How often a client hears from us at least.
  static constexpr Duration kHeartbeat = std::chrono::seconds(15);
  /// What a client waits before it connects again, in milliseconds.
  static constexpr int kRetryMs = 2000;
  /// A stream ends after this time, so that the caller's right to read is asked for again; a client
  /// comes back with its last id and misses nothing.
  static constexpr Duration kLife = std::chrono::hours(1);
  /// Largest piece, about: more waits for the client to take it.
  static constexpr std::size_t kChunkBytesMax = 64 * 1024;

  /// `last_event_id` absent: begins with `snapshot`. An id of this log: begins behind it. Else
  /// begins with `reset`, which carries the same as `snapshot`.
  EventStream(Options options, std::optional<std::string_view> last_event_id);

  /// Appends what the client should get now, perhaps nothing. False: the stream has ended.
  /// Cost: from memory.
  bool Produce(std::string& out);

 private:
  void StartAnew(std::string& out, std::string_view type);
  void SendEvents(std::string& out);
  void SendHeartbeat(std::string& out);

  const Options options_;
  std::int64_t place_ = 0;  // newest event that was sent or left out by the filter
  std::int64_t told_ = 0;   // newest id the client knows
  bool is_new_ = true;
  bool wants_reset_ = false;
  bool wants_snapshot_ = false;
  Duration begun_at_;
  Duration sent_at_;
};

}  // namespace cqd::api
