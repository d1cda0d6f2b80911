// From a request to its answer, without sockets: route, limits, authentication, CORS, handler.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/auth.h"
#include "http/cors.h"
#include "http/message.h"
#include "http/router.h"

namespace cqd::http {

/// What is to be done with a request once its head is known.
struct Plan {
  /// True: `response` of Begin is the answer; the body need not be read.
  bool answered = false;
  /// True: Finish may block, so it belongs on a worker thread.
  bool pooled = false;
  bool needs_authentication = false;
  const Route* route = nullptr;
  /// Of the route, or empty.
  std::string_view pattern;
  std::size_t body_bytes_max = 0;
};

/// Threads: const and callable from any.
class Dispatcher {
 public:
  /// All three must outlive it.
  Dispatcher(const Router& router, const CorsPolicy& cors, Authenticator& authenticator)
      : router_(router), cors_(cors), authenticator_(authenticator) {}

  /// Looks at method, target and fields; fills path, query, captures and what is known of the
  /// principal. Answers at once: 400, 401, 403, 404, 405, 415, OPTIONS.
  Plan Begin(Request& request, Response& response) const;
  /// Runs the rest: authentication when it is still open, then the handler. Never throws.
  void Finish(const Plan& plan, Request& request, Response& response) const;

 private:
  /// False when `response` is the refusal.
  bool AuthenticateEarly(Plan& plan, Request& request, Response& response) const;
  bool CheckRole(const Plan& plan, const Principal& principal, Response& response) const;
  void Refuse(const Error& error, const Request& request, Response& response) const;
  void AnswerWithoutRoute(const PathRoutes& routes, const Request& request,
                          Response& response) const;

  const Router& router_;
  const CorsPolicy& cors_;
  Authenticator& authenticator_;
};

}  // namespace cqd::http
