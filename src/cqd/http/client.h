// A small blocking HTTP client for the command line and for tests. One connection a request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "base/time.h"

namespace cqd::http {

/// A user's name and password, sent as HTTP Basic.
struct BasicCredentials {
  std::string name;
  std::string password;
};

struct ClientOptions {
  /// For the whole exchange, from looking up the name to the last byte.
  Duration timeout = std::chrono::seconds(30);
  /// Whether the certificate and its name are checked. Off only for tests.
  bool tls_verify = true;
  /// PEM file of further trusted authorities; empty: the system's.
  std::string ca_file;
  std::optional<BasicCredentials> credentials;
  /// Longest body taken, in bytes.
  std::size_t response_bytes_max = 1024 * 1024 * 1024;
  /// Set: the exchange ends with kCancelled within 100 ms of the token (a name that is being looked
  /// up is waited for). Must live until Send returns.
  const CancelToken* cancel = nullptr;
};

struct ClientRequest {
  std::string method = "GET";
  /// "http://host[:port]/path?query" or https; an IPv6 address stands in brackets.
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first field of that name without regard to case, or nullopt.
  std::optional<std::string_view> Header(std::string_view name) const;
};

/// Sends and waits for the answer. Any status is a success; redirects are not followed.
/// Errors: kInvalidArgument (the URL, a field with a line break), kUnavailable (no connection,
/// broken off, certificate refused, not HTTP), kDeadlineExceeded, kCancelled, kResourceExhausted
/// (body too long). Threads: any.
Result<ClientResponse> Send(const ClientRequest& request, const ClientOptions& options = {});
Result<ClientResponse> Get(const std::string& url, const ClientOptions& options = {});
Result<ClientResponse> Post(const std::string& url, const std::string& content_type,
                            std::string body, const ClientOptions& options = {});

/// The parts of a URL, as Send understands it.
struct Url {
  bool tls = false;
  std::string host;  // without brackets
  std::string port;
  std::string target;  // begins with '/'
};
/// Errors: kInvalidArgument.
Result<Url> ParseUrl(std::string_view url);

}  // namespace cqd::http
