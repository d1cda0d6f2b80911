#include "model/endpoint.h"

#include <algorithm>

#include "base/text.h"

namespace cqd::model {
namespace {

constexpr char kSeparator = '\x1f';

void AppendText(std::string& out, std::string_view text) {
  out += text;
  std::replace(out.end() - static_cast<std::ptrdiff_t>(text.size()), out.end(), kSeparator, ' ');
}

void AppendNumber(std::string& out, std::optional<std::int64_t> number) {
  out += kSeparator;
  if (number) out += std::to_string(*number);
}

}  // namespace

std::string EncodeEndpointDetail(const EndpointDetail& detail) {
  if (detail == EndpointDetail{}) return {};
  std::string text;
  AppendText(text, detail.os);
  text += kSeparator;
  AppendText(text, detail.cpu_name);
  AppendNumber(text, detail.cpu_cores);
  AppendNumber(text, detail.cpu_speed_mhz);
  AppendNumber(text, detail.virtualization);
  return text;
}

EndpointDetail DecodeEndpointDetail(std::string_view text) {
  const auto parts = Split(text, kSeparator);
  const auto number = [&](std::size_t index) {
    return index < parts.size() ? ParseInt(parts[index]) : std::nullopt;
  };
  return {.os = std::string(parts[0]),
          .cpu_name = parts.size() > 1 ? std::string(parts[1]) : std::string(),
          .cpu_cores = number(2),
          .cpu_speed_mhz = number(3),
          .virtualization = number(4)};
}

}  // namespace cqd::model
