// Broken invariants end the process at once, with file and line. Nothing from outside may reach
// one.
#pragma once

namespace cqd::check_internal {
[[noreturn]] void Fail(const char* file, int line, const char* condition);
[[noreturn]] void FailValue(const char* error);
}  // namespace cqd::check_internal

/// Ends the process when `condition` is false: a fault of ours, never of the input.
#define CQD_CHECK(condition)                                                       \
  do {                                                                             \
    if (!(condition)) ::cqd::check_internal::Fail(__FILE__, __LINE__, #condition); \
  } while (false)
