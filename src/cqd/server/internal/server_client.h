// How a command reaches the API: over HTTP when a server owns the data directory or another machine
// was named, else within this process. A command says what it wants once.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "server/application.h"
#include "server/config.h"

namespace cqd::server {

/// Name of the file in the data directory that holds the address of the server that owns it.
inline constexpr std::string_view kServerFile = "SERVER";

/// The server that this configuration's commands talk to when one owns the data directory:
/// `client.server`, else what the server wrote into its data directory; nullopt when neither is
/// there.
std::optional<std::string> RunningServer(const Config& config);

/// True when Application::Open failed because another process owns the data directory.
bool IsOwned(const Error& error);

/// Credentials, trusted authorities and time limit of the configuration's `client.` settings and of
/// the command line. Errors: kInvalidArgument (a name without a password file or the other way
/// round), kNotFound (no such file).
Result<http::ClientOptions> MakeClientOptions(const Config& config);

/// One way to the API, for one command. Threads: one at a time.
class ServerClient {
 public:
  /// The server named with --server; else the data directory, opened here when nobody owns it.
  /// Errors: as Application::Open and MakeClientOptions; kFailedPrecondition when another process
  /// owns the directory and no address is known.
  static Result<ServerClient> Open(const Config& config, const Clock& clock);
  /// The server at `url`, whoever owns it.
  static Result<ServerClient> Connect(const Config& config, std::string url);

  /// "http://..." of the server; empty: this process answers.
  const std::string& url() const { return url_; }
  /// The opened data directory; nullptr when a server answers.
  Application* application() { return application_.get(); }

  /// `target` is path and query, "/api/v1/status"; a body is sent as JSON. Any status is a success.
  /// Errors: as http::Send.
  Result<http::ClientResponse> Send(const std::string& method, const std::string& target,
                                    std::string body = {});
  /// The same for calls that answer with a JSON object. A status of 400 or more is an error: of the
  /// code, field and text of the problem that the server told.
  Result<boost::json::object> Call(const std::string& method, const std::string& target,
                                   std::string body = {});

 private:
  std::string url_;
  http::ClientOptions options_;
  std::unique_ptr<Application> application_;
};

}  // namespace cqd::server
