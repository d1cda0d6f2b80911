#include "http/router.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace cqd::http {
namespace {

enum class SegmentKind { kLiteral, kCapture, kRest };

struct Segment {
  SegmentKind kind = SegmentKind::kLiteral;
  std::string text;  // of a literal in lower case, of the others the name
};

std::string_view WithoutEndSlash(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

Segment ParseSegment(std::string_view text) {
  if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
    std::string_view name = text.substr(1, text.size() - 2);
    if (name.ends_with("...")) {
      name.remove_suffix(3);
      CQD_CHECK(!name.empty());
      return {SegmentKind::kRest, std::string(name)};
    }
    return {SegmentKind::kCapture, std::string(name)};
  }
  CQD_CHECK(text.find_first_of("{}") == std::string_view::npos);
  return {SegmentKind::kLiteral, ToLower(text)};
}

std::vector<Segment> ParsePattern(std::string_view pattern) {
  CQD_CHECK(!pattern.empty() && pattern.front() == '/');
  std::vector<Segment> segments;
  const std::string_view body = WithoutEndSlash(pattern).substr(1);
  if (body.empty()) return segments;
  for (const std::string_view part : Split(body, '/')) {
    CQD_CHECK(!part.empty());
    CQD_CHECK(segments.empty() || segments.back().kind != SegmentKind::kRest);
    segments.push_back(ParseSegment(part));
  }
  return segments;
}

std::string MakeAllow(const PathRoutes& routes) {
  std::string allow;
  for (std::size_t i = 0; i < routes.by_method.size(); ++i) {
    const auto method = static_cast<Method>(i);
    if (method == Method::kOptions || routes.Find(method) == nullptr) continue;
    allow += MethodName(method);
    allow += ", ";
  }
  return allow + "OPTIONS";
}

void AddRoute(PathRoutes& routes, Method method, Handler handler, RouteOptions options) {
  Route& route = routes.by_method[static_cast<std::size_t>(method)];
  CQD_CHECK(route.handler == nullptr && handler != nullptr && method != Method::kOther);
  route.handler = std::move(handler);
  route.options = options;
  routes.allow = MakeAllow(routes);
  routes.cors = routes.cors || options.cors;
}

}  // namespace

struct Router::Pattern {
  std::vector<Segment> segments;
  PathRoutes routes;

  bool Matches(std::string_view path,
               std::vector<std::pair<std::string, std::string>>& captures) const {
    captures.clear();
    std::string_view rest = path.substr(1);
    bool at_end = rest.empty();
    for (const Segment& segment : segments) {
      if (segment.kind == SegmentKind::kRest) {
        captures.emplace_back(segment.text, at_end ? std::string_view() : rest);
        return true;
      }
      if (at_end) return false;
      const std::size_t end = std::min(rest.find('/'), rest.size());
      const std::string_view part = rest.substr(0, end);
      if (segment.kind == SegmentKind::kLiteral && !EqualsIgnoreCase(part, segment.text)) {
        return false;
      }
      if (segment.kind == SegmentKind::kCapture) captures.emplace_back(segment.text, part);
      at_end = end == rest.size();
      rest.remove_prefix(at_end ? end : end + 1);
    }
    return at_end;
  }
};

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

const Route* PathRoutes::Find(Method method) const {
  const Route& route = by_method[static_cast<std::size_t>(method)];
  if (route.handler != nullptr) return &route;
  return method == Method::kHead ? Find(Method::kGet) : nullptr;
}

void Router::Add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  std::vector<Segment> segments = ParsePattern(pattern);
  const std::string key = ToLower(WithoutEndSlash(pattern));
  const bool plain = std::all_of(segments.begin(), segments.end(), [](const Segment& segment) {
    return segment.kind == SegmentKind::kLiteral;
  });
  if (plain) {
    std::unique_ptr<PathRoutes>& routes = exact_[key];
    if (routes == nullptr) {
      routes = std::make_unique<PathRoutes>();
      routes->pattern = pattern;
    }
    AddRoute(*routes, method, std::move(handler), options);
    return;
  }
  for (const auto& known : patterns_) {
    if (EqualsIgnoreCase(known->routes.pattern, pattern)) {
      AddRoute(known->routes, method, std::move(handler), options);
      return;
    }
  }
  auto added = std::make_unique<Pattern>();
  added->segments = std::move(segments);
  added->routes.pattern = pattern;
  AddRoute(added->routes, method, std::move(handler), options);
  const auto more_specific = [](const auto& a, const auto& b) {
    return std::lexicographical_compare(
        a->segments.begin(), a->segments.end(), b->segments.begin(), b->segments.end(),
        [](const Segment& x, const Segment& y) { return x.kind < y.kind; });
  };
  patterns_.insert(std::upper_bound(patterns_.begin(), patterns_.end(), added, more_specific),
                   std::move(added));
}

void Router::Get(std::string_view pattern, Handler handler, RouteOptions options) {
  Add(Method::kGet, pattern, std::move(handler), options);
}

void Router::Post(std::string_view pattern, Handler handler, RouteOptions options) {
  Add(Method::kPost, pattern, std::move(handler), options);
}

const PathRoutes* Router::Match(std::string_view path,
                                std::vector<std::pair<std::string, std::string>>& captures) const {
  captures.clear();
  path = WithoutEndSlash(path);
  if (path.empty() || path.front() != '/') return nullptr;
  // The usual path is short: its lower-case form needs no memory of its own.
  std::array<char, 256> small;
  std::string large;
  std::string_view key;
  if (path.size() <= small.size()) {
    std::transform(path.begin(), path.end(), small.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    key = std::string_view(small.data(), path.size());
  } else {
    large = ToLower(path);
    key = large;
  }
  if (const auto found = exact_.find(key); found != exact_.end()) return found->second.get();
  for (const auto& pattern : patterns_) {
    if (pattern->Matches(path, captures)) return &pattern->routes;
  }
  captures.clear();
  return nullptr;
}

std::vector<const PathRoutes*> Router::List() const {
  std::vector<const PathRoutes*> list;
  for (const auto& [key, routes] : exact_) list.push_back(routes.get());
  for (const auto& pattern : patterns_) list.push_back(&pattern->routes);
  std::sort(list.begin(), list.end(),
            [](const PathRoutes* a, const PathRoutes* b) { return a->pattern < b->pattern; });
  return list;
}

}  // namespace cqd::http
