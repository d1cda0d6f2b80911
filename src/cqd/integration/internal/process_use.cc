#include "integration/internal/process_use.h"

#include <sys/resource.h>

#include "base/text.h"
#include "file/io.h"

namespace cqd::integration::internal {
namespace {

constexpr std::uint64_t kProcBytesMax = 4096;
/// ru_maxrss counts KiB on Linux (getrusage(2)).
constexpr std::int64_t kMaxRssUnit = 1024;

std::int64_t Millis(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1000 + time.tv_usec / 1000;
}

std::optional<std::int64_t> Difference(const std::optional<std::int64_t>& begin,
                                       const std::optional<std::int64_t>& end) {
  if (!begin || !end) return std::nullopt;
  return *end - *begin;
}

}  // namespace

RunResources ProcessUse() {
  RunResources use;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    use.cpu_ms = Millis(usage.ru_utime) + Millis(usage.ru_stime);
    use.peak_rss_bytes = std::int64_t{usage.ru_maxrss} * kMaxRssUnit;
  }
  // Not there in a container that hides it: then it is unknown.
  const auto io = file::ReadWhole("/proc/self/io", kProcBytesMax);
  if (!io.ok()) return use;
  for (const std::string_view line : Split(*io, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    if (name == "read_bytes") use.read_bytes = ParseInt(Trim(line.substr(colon + 1)));
    if (name == "write_bytes") use.write_bytes = ParseInt(Trim(line.substr(colon + 1)));
  }
  return use;
}

RunResources Between(const RunResources& begin, const RunResources& end) {
  return {Difference(begin.cpu_ms, end.cpu_ms), end.peak_rss_bytes,
          Difference(begin.read_bytes, end.read_bytes),
          Difference(begin.write_bytes, end.write_bytes)};
}

}  // namespace cqd::integration::internal
