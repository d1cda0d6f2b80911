#include "model/endpoint.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace cqd::model {
namespace {

constexpr char kSeparator = '\x1f';

std::string WithoutSeparator(std::string text) {
  std::replace(text.begin(), text.end(), kSeparator, ' ');
  return text;
}

std::string NumberText(const std::optional<std::int64_t>& number) {
  return number.has_value() ? std::to_string(*number) : std::string();
}

}  // namespace

std::string EncodeEndpointDetail(const EndpointDetail& detail) {
  if (detail == EndpointDetail{}) return {};
  std::string text = WithoutSeparator(detail.os);
  for (const std::string& part : {WithoutSeparator(detail.cpu_name), NumberText(detail.cpu_cores),
                                  NumberText(detail.cpu_mhz), NumberText(detail.virtualization)}) {
    text += kSeparator;
    text += part;
  }
  return text;
}

EndpointDetail DecodeEndpointDetail(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, kSeparator);
  const auto part = [&parts](std::size_t index) {
    return index < parts.size() ? parts[index] : std::string_view();
  };
  return {.os = std::string(part(0)),
          .cpu_name = std::string(part(1)),
          .cpu_cores = ParseInt(part(2)),
          .cpu_mhz = ParseInt(part(3)),
          .virtualization = ParseInt(part(4))};
}

}  // namespace cqd::model
