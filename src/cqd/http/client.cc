#include "http/client.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>

#include "base/text.h"
#include "http/internal/base64.h"
#include "http/internal/client_socket.h"

namespace cqd::http {
namespace {

namespace beast_http = boost::beast::http;
using ResponseParser = beast_http::response_parser<beast_http::string_body>;

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<std::string> MakeMessage(const ClientRequest& request, const Url& url,
                                const ClientOptions& options) {
  const bool v6 = url.host.find(':') != std::string::npos;
  std::string head = request.method + " " + url.target +
                     " HTTP/1.1\r\nHost: " + (v6 ? "[" + url.host + "]" : url.host) + ":" +
                     url.port + "\r\nConnection: close\r\nUser-Agent: OpenCQD\r\n";
  if (options.credentials.has_value()) {
    head += "Authorization: Basic " +
            Base64Encode(options.credentials->name + ":" + options.credentials->password) + "\r\n";
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasLineBreak(name) || HasLineBreak(value)) {
      return Fail(ErrorCode::kInvalidArgument, "a header field holds a line break", {}, name);
    }
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n" + request.body;
}

Result<ClientResponse> TakeResponse(ResponseParser& parser) {
  ClientResponse response;
  auto& message = parser.get();
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    response.headers.emplace_back(
        std::string(field.name_string().data(), field.name_string().size()),
        std::string(field.value().data(), field.value().size()));
  }
  response.body = std::move(message.body());
  return response;
}

Result<ClientResponse> ReadResponse(ClientSocket& socket, const ClientRequest& request,
                                    const ClientOptions& options) {
  std::optional<ResponseParser> parser;
  const auto renew = [&] {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(1024 * 1024);
    parser->body_limit(options.response_bytes_max);
    parser->skip(request.method == "HEAD");
  };
  renew();
  std::string pending;
  std::array<char, 64 * 1024> block;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const std::size_t got, socket.Read(block.data(), block.size()));
    boost::beast::error_code error;
    if (got == 0) {
      if (parser->got_some()) parser->put_eof(error);
      if (!parser->got_some() || error || !parser->is_done()) {
        return Fail(ErrorCode::kUnavailable, "the server closed before its answer was whole");
      }
      return TakeResponse(*parser);
    }
    pending.append(block.data(), got);
    while (!pending.empty() && !parser->is_done()) {
      const std::size_t used =
          parser->put(boost::asio::buffer(pending.data(), pending.size()), error);
      pending.erase(0, used);
      if (error == beast_http::error::need_more) break;
      if (error == beast_http::error::body_limit) {
        return Fail(ErrorCode::kResourceExhausted, "the answer is longer than allowed");
      }
      if (error) {
        return Fail(ErrorCode::kUnavailable, "the answer is not HTTP: " + error.message());
      }
      // 100 Continue and its like stand before the answer itself.
      if (parser->is_done() && parser->get().result_int() < 200) renew();
    }
    if (parser->is_done()) return TakeResponse(*parser);
  }
}

}  // namespace

std::optional<std::string_view> ClientResponse::Header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (EqualsIgnoreCase(known, name)) return value;
  }
  return std::nullopt;
}

Result<Url> ParseUrl(std::string_view url) {
  const Error bad = Fail(
      ErrorCode::kInvalidArgument,
      "a URL is http://host[:port]/path or https, not \"" + std::string(url) + "\"", {}, "url");
  Url parsed;
  if (StartsWithIgnoreCase(url, "https://")) {
    parsed.tls = true;
    url.remove_prefix(8);
  } else if (StartsWithIgnoreCase(url, "http://")) {
    url.remove_prefix(7);
  } else {
    return bad;
  }
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, end);
  std::string_view target = url.substr(end);
  target = target.substr(0, target.find('#'));
  parsed.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return bad;
  }
  parsed.port = parsed.tls ? "443" : "80";
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return bad;
  const std::size_t colon = authority.find(':', bracket);
  if (colon != std::string_view::npos) {
    const auto port = ParseInt(authority.substr(colon + 1));
    if (!port.has_value() || *port < 1 || *port > 65535) return bad;
    parsed.port = std::to_string(*port);
  }
  parsed.host = authority.substr(0, colon);
  if (bracket > 0) parsed.host = parsed.host.substr(1, bracket - 1);
  if (parsed.host.empty() || parsed.host.find('@') != std::string::npos) return bad;
  return parsed;
}

Result<ClientResponse> Send(const ClientRequest& request, const ClientOptions& options) {
  CQD_ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
  CQD_ASSIGN_OR_RETURN(const std::string message, MakeMessage(request, url, options));
  const SigpipeGuard guard;
  ClientSocket socket(std::chrono::steady_clock::now() + options.timeout);
  CQD_RETURN_IF_ERROR(socket.Connect(url, options));
  // A server that refuses early stops reading: its answer counts, not the failed write.
  const Status sent = socket.Write(message);
  if (!sent.ok() && sent.error().code != ErrorCode::kUnavailable) return sent.error();
  Result<ClientResponse> response = ReadResponse(socket, request, options);
  if (!response.ok() && !sent.ok()) return sent.error();
  return response;
}

Result<ClientResponse> Get(const std::string& url, const ClientOptions& options) {
  ClientRequest request;
  request.url = url;
  return Send(request, options);
}

Result<ClientResponse> Post(const std::string& url, const std::string& content_type,
                            std::string body, const ClientOptions& options) {
  ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.emplace_back("Content-Type", content_type);
  request.body = std::move(body);
  return Send(request, options);
}

}  // namespace cqd::http
