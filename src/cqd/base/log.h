// The log: one line an event, to standard error or a file. A thin face over spdlog, so that its
// headers are compiled once.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace cqd {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// "debug", "info", "warning", "error"; anything else is kInfo.
LogLevel ParseLogLevel(std::string_view text);
/// Call once, before threads start. `file` empty: standard error.
void StartLog(LogLevel level, const std::string& file = {});
void SetLogLevel(LogLevel level);
/// Threads: any. Never put a secret or a whole report into a line.
void LogLine(LogLevel level, std::string_view line);

template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cqd
