// One HTTP request and its answer, as handlers see them. No socket and no library type in sight.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/target.h"

namespace cqd::http {

class StreamSignal;

/// The methods a route can be made for; every other one is kOther (see Request::method_text).
enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

/// "GET" and so on; "OTHER" for kOther.
std::string_view MethodName(Method method);
/// Exact, upper case only (RFC 9110 section 9.1: methods are case-sensitive).
Method ParseMethod(std::string_view text);

/// What a caller may do. Each role may do what the ones before it may.
enum class Role { kNone, kReader, kAuthor, kAdministrator };

/// "none", "reader", "author", "administrator".
std::string_view RoleName(Role role);
/// The inverse of RoleName, without regard to case; nullopt for any other text.
std::optional<Role> ParseRole(std::string_view text);

/// Who calls.
struct Principal {
  /// Empty when the route needs no role.
  std::string name;
  Role role = Role::kNone;
};

/// The fields of a message head in the order they came. Lookup is without regard to case.
/// All texts lie in one buffer that Clear() keeps, so that a connection allocates once.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  void Add(std::string_view name, std::string_view value);
  void Clear();
  /// The first field of that name. The view lives until the next Add or Clear.
  std::optional<std::string_view> Find(std::string_view name) const;
  /// How many fields have that name.
  std::size_t Count(std::string_view name) const;
  std::size_t size() const { return entries_.size(); }
  /// `index` < size().
  Field at(std::size_t index) const;

 private:
  struct Entry {
    std::uint32_t name_begin, name_size, value_begin, value_size;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

/// One request. Lives until its response is sent; handlers must not keep a reference longer.
struct Request {
  Method method = Method::kGet;
  /// As sent, for example "PROPFIND".
  std::string method_text;
  /// As sent, before any decoding.
  std::string target;
  /// Decoded and normalised as ParseTarget says.
  std::string path;
  /// Decoded, in order, names may repeat.
  std::vector<QueryParameter> query;
  Headers headers;
  std::string body;
  /// The peer's address without port: "127.0.0.1", "::1".
  std::string remote_address;
  Principal principal;
  /// Decoded values of the pattern's {name}s, by order in the pattern.
  std::vector<std::pair<std::string, std::string>> captures;
  /// When the answer should be there, on Clock::Monotonic; zero: no limit.
  Duration deadline{0};
  const Clock* clock = nullptr;
  const CancelToken* cancel = nullptr;

  /// First query parameter of that name (exact case), or nullopt.
  std::optional<std::string_view> Query(std::string_view name) const;
  /// The capture of that name; empty when the pattern has none.
  std::string_view Capture(std::string_view name) const;
  /// For long handlers to ask at least every 100 ms; set when the client went away, the time is up
  /// or the server stops. Pass it down to what does the work.
  const CancelToken& cancel_token() const;
  /// Errors: kDeadlineExceeded when the time is up, kCancelled when the client went away or the
  /// server stops.
  Status CheckTime() const;

  /// Makes it as new but keeps the memory.
  void Clear();
};

/// Gives the next piece of a streamed body by appending to `chunk`.
/// Returns false when that was the last piece. True with an empty chunk means "nothing yet": it is
/// asked again after ServerOptions::stream_poll, or as Response::signal says, and no thread waits
/// meanwhile.
/// Threads: called on threads for pieces alone, io_threads of them (or see produce_inline), never
/// twice at once: handlers that wait hold no answer up that has begun. So it must not wait for
/// anything itself, and should give some 64 KiB a call. The next piece is asked for when the client
/// has taken the one before; one that takes none for ServerOptions::write_timeout is closed, and
/// the producer destroyed. An exception breaks the connection off, so that a client never takes a
/// cut body for a whole one. (HTTP/1.0 knows no chunks: there the body ends with the connection.)
using BodyProducer = std::function<bool(std::string& chunk)>;

/// One answer.
struct Response {
  int status = 200;
  /// Empty: no Content-Type.
  std::string content_type;
  std::string body;
  /// A body prepared earlier, sent without a copy; used instead of `body` when set.
  std::shared_ptr<const std::string> shared_body;
  /// Further fields. Those of framing (Content-Length, Transfer-Encoding, Connection) are the
  /// server's and left out here.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Set: the body is what this makes, sent in chunks (RFC 9112 section 7.1); `body` is not sent.
  BodyProducer producer;
  /// A stream without end (server-sent events): shutdown ends it in good order instead of waiting.
  bool endless = false;
  /// Set: a producer that had nothing is asked again when this is notified or `ask_every` has
  /// passed, whichever is first, instead of after ServerOptions::stream_poll.
  std::shared_ptr<StreamSignal> signal;
  Duration ask_every = std::chrono::seconds(1);
  /// True, with `signal`: the producer runs on the I/O thread. Only for pieces from memory
  /// (microseconds, at most some 64 KiB a call). Streams are served a few at a time, between other
  /// requests.
  bool produce_inline = false;

  static Response Json(int status, std::string body);
  static Response Text(int status, std::string body);
  static Response NoContent();
  static Response Stream(std::string content_type, BodyProducer producer);

  Response&& WithHeader(std::string name, std::string value) &&;
  std::string_view body_view() const;
};

/// "Not Found" for 404; "Unknown Status" for codes this project never meets.
std::string_view StatusPhrase(int status);

/// What one request came to, for metrics and access logs. Views live during the call only.
struct RequestSummary {
  /// The pattern of the route ("/api/v1/runs/{id}"), never the path itself, so that it can be a
  /// metric label; "" when none matched.
  std::string_view route;
  Method method = Method::kOther;
  int status = 0;
  /// From the complete head to the last byte handed to the system.
  Duration duration{0};
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::string_view remote_address;
  std::string_view principal;
};

}  // namespace cqd::http
