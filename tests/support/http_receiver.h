// A receiver of webhooks on loopback that fails as real ones do.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"

namespace cqd::test {

/// What came in one request.
struct Received {
  std::string method, path, body;
  std::string timestamp, signature, message_id, dedupe_key, content_type;

  boost::json::value Json() const { return boost::json::parse(body); }
  /// "outage.started" and so on, of the generic form.
  std::string Type() const { return std::string(Json().at("type").as_string()); }
};

enum class Mood { kFine, kRefuse, kBusy, kHang, kBreakOff };

/// An HTTP server that keeps what it gets and behaves as told.
class HttpReceiver {
 public:
  HttpReceiver() {
    http::Router router;
    const http::RouteOptions open{.role_min = http::Role::kNone};
    const auto take = [this](const http::Request& request) { return Take(request); };
    router.Post("/{rest...}", take, open);
    router.Get("/{rest...}", take, open);
    http::ServerOptions options;
    options.port = 0;
    options.tick = std::chrono::milliseconds(5);
    options.worker_threads = 8;
    auto server = http::Server::Start(std::move(options), std::move(router));
    if (!server.ok()) throw std::runtime_error(server.error().ToString());
    server_ = *std::move(server);
  }
  ~HttpReceiver() {
    SetMood(Mood::kFine);
    server_->Shutdown(std::chrono::milliseconds(100));
  }

  std::string Url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  void SetMood(Mood mood) {
    const std::lock_guard guard(mutex_);
    mood_ = mood;
    wake_.notify_all();
  }
  /// All requests, also those that were refused or left hanging.
  std::vector<Received> All() const {
    const std::lock_guard guard(mutex_);
    return all_;
  }
  /// Those that got a 204.
  std::vector<Received> Taken() const {
    const std::lock_guard guard(mutex_);
    return taken_;
  }
  /// Waits until `count` requests came, whatever became of them; false after 20 s.
  bool WaitForAll(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [&] { return all_.size() >= count; });
  }
  bool WaitForTaken(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [&] { return taken_.size() >= count; });
  }

 private:
  http::Response Take(const http::Request& request) {
    Received received{.method = std::string(http::MethodName(request.method)),
                      .path = request.target,
                      .body = request.body,
                      .timestamp = Field(request, "X-OpenCQD-Timestamp"),
                      .signature = Field(request, "X-OpenCQD-Signature"),
                      .message_id = Field(request, "X-OpenCQD-Message-Id"),
                      .dedupe_key = Field(request, "X-OpenCQD-Dedupe-Key"),
                      .content_type = Field(request, "Content-Type")};
    std::unique_lock lock(mutex_);
    all_.push_back(received);
    const Mood mood = mood_;
    if (mood == Mood::kFine) taken_.push_back(received);
    wake_.notify_all();
    switch (mood) {
      case Mood::kFine:
        return http::Response::NoContent();
      case Mood::kRefuse:
        return http::Response::Text(500, "not now");
      case Mood::kBusy:
        return http::Response::Text(429, "slowly").WithHeader("Retry-After", "1800");
      case Mood::kHang:
        wake_.wait_for(lock, std::chrono::seconds(20), [&] { return mood_ != Mood::kHang; });
        return http::Response::Text(503, "too late");
      case Mood::kBreakOff:
        break;
    }
    return http::Response::Stream("text/plain", [](std::string&) -> bool {
      throw std::runtime_error("the receiver breaks off");
    });
  }
  static std::string Field(const http::Request& request, std::string_view name) {
    return std::string(request.headers.Find(name).value_or(""));
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable wake_;
  Mood mood_ = Mood::kFine;
  std::vector<Received> all_, taken_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace cqd::test
