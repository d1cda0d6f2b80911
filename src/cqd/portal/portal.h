// The portal's files at /CQD/, as they were built, and pages of the operator's own beside them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/router.h"

namespace cqd::portal {

struct PortalOptions {
  /// What portal/build.mjs made: index.html, assets/ with hashed names, compressed copies (.br,
  /// .gz) beside. May be missing or change while the server runs.
  std::string folder;
  /// Looked at for what `folder` does not have; empty: none. For pages of one's own, such as the
  /// published development samples (reference/repository-api.md).
  std::string own_pages_folder;
  /// Origins whose pages may show the portal in a frame; empty: none.
  std::vector<std::string> frame_ancestors;
};

/// Answers for files: read when first asked for, and again after they changed.
/// Threads: any. Cost: one stat of a known file; files stay in memory.
class Files {
 public:
  explicit Files(PortalOptions options);
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  /// `path` is the part behind "/CQD/", decoded; empty: index.html. Names that begin with a dot are
  /// not served. 404 as text for what is not there; 304 when If-None-Match names the newest tag.
  http::Response Answer(const http::Request& request, std::string_view path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The Content-Security-Policy of the portal itself: nothing from elsewhere, no inline script or
/// style, no eval (CSP level 3). `frame_ancestors` as in PortalOptions.
std::string PortalPolicy(const std::vector<std::string>& frame_ancestors);

/// `/` and `/CQD` lead to `/CQD/`; everything below is a file. Nobody is asked who he is: what the
/// pages show comes from calls that ask.
void AddRoutes(http::Router& router, PortalOptions options);

}  // namespace cqd::portal
