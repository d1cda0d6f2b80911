#include "http/internal/response_head.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/log.h"
#include "base/text.h"

namespace cqd::http {
namespace {

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void AppendNumber(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool IsSafe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool IsFraming(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Transfer-Encoding") ||
         EqualsIgnoreCase(name, "Connection");
}

bool Sets(const Response& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& field) { return EqualsIgnoreCase(field.first, name); });
}

}  // namespace

std::string FormatHttpDate(UtcTime time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime civil = ToCivil(time);
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[day.c_encoding()], civil.day,
                     kMonths[static_cast<std::size_t>(civil.month - 1)], civil.year, civil.hour,
                     civil.minute, civil.second);
}

CommonFields::CommonFields(const SecurityHeaders& security, bool tls) {
  security_ = {{"X-Content-Type-Options", "nosniff"},
               {"X-Frame-Options", "DENY"},
               {"Referrer-Policy", security.referrer_policy},
               {"Content-Security-Policy", security.content_security_policy},
               {"Cache-Control", "no-store"}};
  if (tls) security_.emplace_back("Strict-Transport-Security", security.strict_transport_security);
  std::erase_if(security_, [](const auto& field) { return field.second.empty(); });
}

void CommonFields::SetTime(UtcTime now) {
  const std::int64_t second =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second == second_) return;
  second_ = second;
  date_ = FormatHttpDate(now);
  block_.clear();
  AppendField(block_, "Server", "OpenCQD");
  AppendField(block_, "Date", date_);
  for (const auto& [name, value] : security_) AppendField(block_, name, value);
}

bool CommonFields::IsOverridden(const Response& response) const {
  return std::any_of(security_.begin(), security_.end(),
                     [&](const auto& field) { return Sets(response, field.first); });
}

void CommonFields::AppendOthers(std::string& out, const Response& response) const {
  AppendField(out, "Server", "OpenCQD");
  AppendField(out, "Date", date_);
  for (const auto& [name, value] : security_) {
    if (!Sets(response, name)) AppendField(out, name, value);
  }
}

void AppendHead(std::string& out, const Response& response, const Framing& framing,
                const CommonFields& common) {
  if (response.status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    AppendNumber(out, static_cast<std::size_t>(response.status));
    out += ' ';
    out += StatusPhrase(response.status);
    out += "\r\n";
  }
  if (response.headers.empty() || !common.IsOverridden(response)) {
    out += common.block();
  } else {
    common.AppendOthers(out, response);
  }
  if (!response.content_type.empty() && IsSafe(response.content_type)) {
    AppendField(out, "Content-Type", response.content_type);
  }
  for (const auto& [name, value] : response.headers) {
    if (IsFraming(name)) continue;
    if (IsSafe(name) && IsSafe(value)) {
      AppendField(out, name, value);
    } else {
      LogError("an answer's field was left out: it holds a line break");
    }
  }
  switch (framing.body) {
    case Framing::Body::kLength:
      out += "Content-Length: ";
      AppendNumber(out, framing.body_bytes);
      out += "\r\n";
      break;
    case Framing::Body::kChunked:
      out += "Transfer-Encoding: chunked\r\n";
      break;
    case Framing::Body::kNone:
    case Framing::Body::kUntilClose:
      break;
  }
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace cqd::http
