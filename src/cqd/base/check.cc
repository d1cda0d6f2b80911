#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cqd::check_internal {

void Fail(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

void FailValue(const char* error) {
  std::fprintf(stderr, "value of a failed Result was read: %s\n", error);
  std::abort();
}

}  // namespace cqd::check_internal
