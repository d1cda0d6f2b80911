// GET /api/v1/status/stream: what happens, as it happens; reference/status-api.md 2, 5.
#include <algorithm>
#include <atomic>
#include <memory>

#include "api/internal/event_stream.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/stream_signal.h"

namespace cqd::api {
namespace {

using http::Request;
using http::Response;

/// What a client may give: filters, and where it was.
struct Wanted {
  StreamFilter filter;
  std::optional<std::string_view> last_event_id;
};

http::ProblemExtras Choices(std::vector<std::string> allowed) {
  http::ProblemExtras extras;
  extras.allowed = std::move(allowed);
  return extras;
}

Response BadParameter(std::string_view name, std::vector<std::string> allowed) {
  return http::Problem(
      Fail(ErrorCode::kInvalidArgument, "the parameter " + std::string(name) + " is not known here",
           {}, std::string(name)),
      Choices(std::move(allowed)));
}

/// False: `refusal` is the answer.
bool ParseWanted(const Request& request, Wanted& wanted, Response& refusal) {
  for (const auto& [name, value] : request.query) {
    if (name == "stage") {
      if (!integration::ParseStage(value)) {
        refusal = BadParameter(name, {"archive", "cube"});
        return false;
      }
      wanted.filter.stage = value;
    } else if (name == "types") {
      const std::vector<std::string>& known = StreamEventTypes();
      for (const std::string_view type : Split(value, ',')) {
        if (std::find(known.begin(), known.end(), type) == known.end()) {
          refusal = BadParameter(name, known);
          return false;
        }
        wanted.filter.types.emplace_back(type);
      }
    } else if (name == "last_event_id") {
      wanted.last_event_id = value;
    } else {
      refusal = BadParameter(name, {"stage", "types", "last_event_id"});
      return false;
    }
  }
  // A browser that connects again sends the field, which is newer than what stands in its URL.
  if (const auto field = request.headers.Find("Last-Event-ID"); field && !Trim(*field).empty())
    wanted.last_event_id = Trim(*field);
  return true;
}

/// Wakes the streams of all clients when the log has news, and counts them.
class Streams {
 public:
  explicit Streams(Services& services)
      : services_(services),
        watch_(
            services.integration.log().events().Watch([signal = signal_] { signal->Notify(); })) {}

  Response Open(const Request& request) {
    Wanted wanted;
    Response refusal;
    if (!ParseWanted(request, wanted, refusal)) return refusal;
    const std::shared_ptr<void> place = TakePlace();
    if (place == nullptr) {
      return http::Problem(503, Fail(ErrorCode::kUnavailable,
                                     "too many status streams are open; poll /api/v1/status "
                                     "instead or come back later"))
          .WithHeader("Retry-After", "5");
    }
    const auto stream = std::make_shared<EventStream>(
        EventStream::Options{.events = services_.integration.log().events(),
                             .clock = services_.clock,
                             .snapshot = [this] { return Snapshot(); },
                             .filter = std::move(wanted.filter)},
        wanted.last_event_id);
    // The snapshot is made here, on a worker; the I/O thread only copies what is in memory.
    auto first = std::make_shared<std::string>();
    stream->Produce(*first);
    Response response = Response::Stream("text/event-stream; charset=utf-8",
                                         [stream, first, place](std::string& chunk) {
                                           chunk += std::exchange(*first, {});
                                           return stream->Produce(chunk);
                                         });
    response.endless = true;
    response.signal = signal_;
    response.ask_every = std::chrono::seconds(1);
    response.produce_inline = true;
    response.headers.emplace_back("Cache-Control", "no-store");
    // nginx and what follows it would collect the events before passing them on.
    response.headers.emplace_back("X-Accel-Buffering", "no");
    return response;
  }

 private:
  /// Given back when the last copy goes; nullptr: none is free.
  std::shared_ptr<void> TakePlace() {
    if (open_->fetch_add(1) >= services_.streams_max) {
      open_->fetch_sub(1);
      return nullptr;
    }
    return {open_.get(), [open = open_](void*) { open->fetch_sub(1); }};
  }
  std::string Snapshot() const {
    const auto snapshot = services_.cube.snapshot();
    std::optional<std::int64_t> data_version;
    if (snapshot != nullptr) data_version = snapshot->data_version();
    return StreamSnapshot(services_.integration.status(), services_.boot_id, services_.version,
                          data_version);
  }

  Services& services_;
  const std::shared_ptr<std::atomic<std::int64_t>> open_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
  const std::shared_ptr<http::StreamSignal> signal_ = std::make_shared<http::StreamSignal>();
  const std::shared_ptr<const void> watch_;
};

}  // namespace

void AddStreamApi(http::Router& router, Services& services) {
  router.Get("/api/v1/status/stream",
             [streams = std::make_shared<Streams>(services)](const Request& request) {
               return streams->Open(request);
             });
}

}  // namespace cqd::api
