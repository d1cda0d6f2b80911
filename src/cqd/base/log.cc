#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace cqd {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

LogLevel ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

void StartLog(LogLevel level, const std::string& file) {
  auto logger = file.empty()
                    ? std::make_shared<spdlog::logger>(
                          "cqd", std::make_shared<spdlog::sinks::stderr_sink_mt>())
                    : std::make_shared<spdlog::logger>(
                          "cqd", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  SetLogLevel(level);
}

void SetLogLevel(LogLevel level) {
  spdlog::set_level(ToSpdlog(level));
}

void LogLine(LogLevel level, std::string_view line) {
  spdlog::log(ToSpdlog(level), fmt::string_view("{}"), line);
}

}  // namespace cqd
