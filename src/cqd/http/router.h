// Which handler answers which method and path.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"

namespace cqd::http {

/// Makes the answer. May throw: that becomes a 500 and a line in the log.
using Handler = std::function<Response(const Request&)>;

/// How one route is run and guarded.
struct RouteOptions {
  /// The least role that may call it; kNone: anybody, without looking at credentials.
  Role role_min = Role::kReader;
  /// Longest request body, in bytes; over it 413. ServerOptions::body_bytes_max caps it.
  std::size_t body_bytes_max = 1024 * 1024;
  /// True: runs on the I/O thread. Only for answers from memory (microseconds): it holds up every
  /// other connection of that thread. False: runs on the worker pool.
  bool run_inline = false;
  /// True: may be called by scripts of the origins in the CORS list.
  bool cors = true;
};

/// One method of one pattern.
struct Route {
  Handler handler;
  RouteOptions options;
};

/// A pattern with its methods.
struct PathRoutes {
  std::string pattern;
  /// By Method; an empty handler means none.
  std::array<Route, 8> by_method;
  /// What `Allow` says: "GET, HEAD, OPTIONS".
  std::string allow;
  bool cors = false;

  /// HEAD falls back to GET; nullptr when the method has no route.
  const Route* Find(Method method) const;
};

/// The table of routes. Filled before the server starts and constant from then on.
/// Patterns: "/a/b", with "{name}" for one segment ("/runs/{id}"), and "{name...}" at the end for
/// the rest of the path, also empty ("/CQD/{file...}"). Paths match without regard to case; one '/'
/// at the end of a path does not matter. Literal segments win over captures, captures over rests.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// A bad pattern, or the same method twice for one pattern, is a fault of ours (CQD_CHECK).
  void Add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});
  void Get(std::string_view pattern, Handler handler, RouteOptions options = {});
  void Post(std::string_view pattern, Handler handler, RouteOptions options = {});

  /// The routes of the pattern that matches `path` (decoded, from ParseTarget), or nullptr; fills
  /// `captures` in the order of the pattern.
  /// Cost: one hash lookup for patterns without captures. Threads: any.
  const PathRoutes* Match(std::string_view path,
                          std::vector<std::pair<std::string, std::string>>& captures) const;

  /// Every pattern with its Allow list, sorted: for documents and tests that compare them.
  std::vector<const PathRoutes*> List() const;

 private:
  struct Pattern;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<PathRoutes>, TextHash, std::equal_to<>> exact_;
  /// The most specific first.
  std::vector<std::unique_ptr<Pattern>> patterns_;
};

}  // namespace cqd::http
