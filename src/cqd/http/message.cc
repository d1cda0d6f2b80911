#include "http/message.h"

#include <array>

#include "base/text.h"

namespace cqd::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods = {{
    {Method::kGet, "GET"},
    {Method::kHead, "HEAD"},
    {Method::kPost, "POST"},
    {Method::kPut, "PUT"},
    {Method::kPatch, "PATCH"},
    {Method::kDelete, "DELETE"},
    {Method::kOptions, "OPTIONS"},
}};

constexpr std::array<std::pair<Role, std::string_view>, 4> kRoles = {{
    {Role::kNone, "none"},
    {Role::kReader, "reader"},
    {Role::kAuthor, "author"},
    {Role::kAdministrator, "administrator"},
}};

// RFC 9110 section 15, RFC 6585 and RFC 4918 (507), as far as this project sends or meets them.
constexpr std::array<std::pair<int, std::string_view>, 41> kPhrases = {{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

}  // namespace

std::string_view MethodName(Method method) {
  for (const auto& [known, name] : kMethods) {
    if (known == method) return name;
  }
  return "OTHER";
}

Method ParseMethod(std::string_view text) {
  for (const auto& [method, name] : kMethods) {
    if (name == text) return method;
  }
  return Method::kOther;
}

std::string_view RoleName(Role role) {
  for (const auto& [known, name] : kRoles) {
    if (known == role) return name;
  }
  return "none";
}

std::optional<Role> ParseRole(std::string_view text) {
  for (const auto& [role, name] : kRoles) {
    if (EqualsIgnoreCase(name, text)) return role;
  }
  return std::nullopt;
}

void Headers::Add(std::string_view name, std::string_view value) {
  const auto begin = static_cast<std::uint32_t>(text_.size());
  text_ += name;
  text_ += value;
  entries_.push_back({begin, static_cast<std::uint32_t>(name.size()),
                      begin + static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
}

void Headers::Clear() {
  text_.clear();
  entries_.clear();
}

Headers::Field Headers::at(std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.name_begin, entry.name_size),
          text.substr(entry.value_begin, entry.value_size)};
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name_size != name.size()) continue;
    const Field field = at(i);
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::Count(std::string_view name) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (EqualsIgnoreCase(at(i).name, name)) ++count;
  }
  return count;
}

std::optional<std::string_view> Request::Query(std::string_view name) const {
  for (const QueryParameter& parameter : query) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

std::string_view Request::Capture(std::string_view name) const {
  for (const auto& [known, value] : captures) {
    if (known == name) return value;
  }
  return {};
}

const CancelToken& Request::cancel_token() const {
  static const CancelToken never;
  return cancel != nullptr ? *cancel : never;
}

Status Request::CheckTime() const {
  if (clock != nullptr && deadline.count() > 0 && clock->Monotonic() >= deadline) {
    return Fail(ErrorCode::kDeadlineExceeded, "the request took longer than allowed");
  }
  return cancel_token().Check();
}

void Request::Clear() {
  method = Method::kGet;
  method_text.clear();
  target.clear();
  path.clear();
  query.clear();
  headers.Clear();
  body.clear();
  principal.name.clear();
  principal.role = Role::kNone;
  captures.clear();
  deadline = Duration{0};
  cancel = nullptr;
}

Response Response::Json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

Response Response::Text(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response Response::NoContent() {
  Response response;
  response.status = 204;
  return response;
}

Response Response::Stream(std::string content_type, BodyProducer producer) {
  Response response;
  response.content_type = std::move(content_type);
  response.producer = std::move(producer);
  return response;
}

Response&& Response::WithHeader(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

std::string_view Response::body_view() const {
  return shared_body != nullptr ? std::string_view(*shared_body) : std::string_view(body);
}

std::string_view StatusPhrase(int status) {
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) return phrase;
  }
  return "Unknown Status";
}

}  // namespace cqd::http
