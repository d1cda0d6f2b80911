#include "server/internal/server_client.h"

#include <fmt/format.h>

#include "base/text.h"
#include "file/io.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kServerFileBytesMax = 1024;
constexpr std::uint64_t kPasswordFileBytesMax = 64 * 1024;

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

/// The error behind an application/problem+json answer, or behind one that is none.
Error ErrorOf(const http::ClientResponse& answer, const std::string& target) {
  if (answer.status == 401) {
    return Fail(ErrorCode::kUnauthenticated,
                "the server wants a name and a password: give --user and --password-file, or set "
                "client.user and client.password_file");
  }
  boost::system::error_code failed;
  const json::value body = json::parse(answer.body, failed);
  if (!failed && body.is_object()) {
    const json::object& problem = body.get_object();
    if (const auto code = ParseErrorCode(TextOf(problem, "code"))) {
      Error error = Fail(*code, TextOf(problem, "detail"), {}, TextOf(problem, "field"));
      if (const json::value* allowed = problem.if_contains("allowed"))
        error.message += "; allowed: " + json::serialize(*allowed);
      return error;
    }
  }
  return Fail(ErrorCode::kUnavailable,
              fmt::format("the server answered {} to {}", answer.status, target),
              CleanUtf8(answer.body, 500));
}

}  // namespace

std::optional<std::string> RunningServer(const Config& config) {
  if (!config.client_server.empty()) return config.client_server;
  auto url = file::ReadWhole(DataPath(config, kServerFile), kServerFileBytesMax);
  if (!url.ok() || url->empty()) return std::nullopt;
  return *url;
}

bool IsOwned(const Error& error) {
  return error.code == ErrorCode::kFailedPrecondition && error.field.empty();
}

Result<http::ClientOptions> MakeClientOptions(const Config& config) {
  http::ClientOptions options;
  options.timeout = std::chrono::seconds(config.client_timeout_s);
  options.ca_file = config.client_ca_file;
  if (config.client_user.empty() != config.client_password_file.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "a user's name and the file with the password go together: --user and "
                "--password-file, or client.user and client.password_file",
                {}, "client.user");
  }
  if (config.client_user.empty()) return options;
  auto text = file::ReadWhole(config.client_password_file, kPasswordFileBytesMax);
  if (!text.ok()) return std::move(text).error().WithContext(config.client_password_file);
  options.credentials = {config.client_user, std::string(Trim(Split(*text, '\n').front()))};
  return options;
}

Result<ServerClient> ServerClient::Connect(const Config& config, std::string url) {
  ServerClient client;
  while (url.ends_with('/')) url.pop_back();
  CQD_RETURN_IF_ERROR(http::ParseUrl(url));
  client.url_ = std::move(url);
  CQD_ASSIGN_OR_RETURN(client.options_, MakeClientOptions(config));
  return client;
}

Result<ServerClient> ServerClient::Open(const Config& config, const Clock& clock) {
  if (!config.remote_server.empty()) return Connect(config, config.remote_server);
  auto application = Application::Open(config, clock);
  if (application.ok()) {
    ServerClient client;
    client.application_ = *std::move(application);
    return client;
  }
  const auto server = RunningServer(config);
  if (!IsOwned(application.error()) || !server) return application.error();
  return Connect(config, *server);
}

Result<http::ClientResponse> ServerClient::Send(const std::string& method,
                                                const std::string& target, std::string body) {
  if (application_ == nullptr) {
    http::ClientRequest request{
        .method = method, .url = url_ + target, .headers = {}, .body = std::move(body)};
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    auto answer = http::Send(request, options_);
    if (!answer.ok()) return std::move(answer).error().WithContext("the server at " + url_);
    return answer;
  }
  http::Request request;
  request.method = http::ParseMethod(method);
  request.method_text = method;
  request.target = target;
  request.body = std::move(body);
  request.principal = {"", http::Role::kAdministrator};
  CQD_ASSIGN_OR_RETURN(http::Response answer, application_->Answer(std::move(request)));
  return http::ClientResponse{.status = answer.status,
                              .headers = std::move(answer.headers),
                              .body = std::string(answer.body_view())};
}

Result<json::object> ServerClient::Call(const std::string& method, const std::string& target,
                                        std::string body) {
  CQD_ASSIGN_OR_RETURN(const http::ClientResponse answer, Send(method, target, std::move(body)));
  if (answer.status >= 400) return ErrorOf(answer, target);
  boost::system::error_code failed;
  json::value value = json::parse(answer.body, failed);
  if (failed || !value.is_object()) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("what answers {} is no OpenCQD server", target),
                CleanUtf8(answer.body, 500));
  }
  return std::move(value.get_object());
}

}  // namespace cqd::server
