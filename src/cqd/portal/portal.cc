#include "portal/portal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "file/io.h"

namespace cqd::portal {
namespace {

using http::Request;
using http::Response;

/// Longest file that is served, in bytes; the largest of the portal's own is a hundredth of it.
constexpr std::uint64_t kFileBytesMax = 64 * 1024 * 1024;
/// Files kept in memory, known or known to be missing; over it all are read anew.
constexpr std::size_t kKnownMax = 2000;

struct MediaType {
  std::string_view extension, type;
};
/// IANA media types; with nosniff a browser runs nothing that has another one.
constexpr std::array kMediaTypes = {
    MediaType{"html", "text/html; charset=utf-8"},
    MediaType{"htm", "text/html; charset=utf-8"},
    MediaType{"js", "text/javascript; charset=utf-8"},
    MediaType{"mjs", "text/javascript; charset=utf-8"},
    MediaType{"css", "text/css; charset=utf-8"},
    MediaType{"json", "application/json; charset=utf-8"},
    MediaType{"svg", "image/svg+xml"},
    MediaType{"png", "image/png"},
    MediaType{"jpg", "image/jpeg"},
    MediaType{"gif", "image/gif"},
    MediaType{"ico", "image/x-icon"},
    MediaType{"webp", "image/webp"},
    MediaType{"woff2", "font/woff2"},
    MediaType{"txt", "text/plain; charset=utf-8"},
    MediaType{"map", "application/json; charset=utf-8"},
};

std::string_view MediaTypeOf(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot != std::string_view::npos) {
    for (const MediaType& one : kMediaTypes) {
      if (EqualsIgnoreCase(path.substr(dot + 1), one.extension)) return one.type;
    }
  }
  return "application/octet-stream";
}

/// One file as it was when it was read.
struct Known {
  std::int64_t modified_ns = 0;
  std::int64_t bytes = -1;  ///< -1: there is none
  std::shared_ptr<const std::string> body;
};

struct Encoding {
  std::string_view name, suffix;
};
/// What the build makes, the smallest first.
constexpr std::array kEncodings = {Encoding{"br", ".br"}, Encoding{"gzip", ".gz"}};

/// Whether Accept-Encoding names the coding without refusing it (RFC 9110 section 12.5.3).
bool Accepts(const Request& request, std::string_view coding) {
  const auto field = request.headers.Find("Accept-Encoding");
  if (!field) return false;
  for (const std::string_view part : Split(*field, ',')) {
    const std::size_t semicolon = part.find(';');
    if (!EqualsIgnoreCase(Trim(part.substr(0, semicolon)), coding)) continue;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view weight = Trim(part.substr(semicolon + 1));
    return weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

bool IsServed(std::string_view path) {
  for (const std::string_view segment : Split(path, '/')) {
    if (segment.empty() || segment.front() == '.') return false;
  }
  return true;
}

/// Names with a hash of their content never change their content (build.mjs).
bool IsImmutable(std::string_view path) {
  return path.starts_with("assets/");
}

bool NamesTag(std::string_view field, std::string_view tag) {
  for (std::string_view one : Split(field, ',')) {
    one = Trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

/// Pages that an operator puts there may hold script and style inline, as the published samples
/// do, but nothing from elsewhere.
std::string OwnPagesPolicy(const std::string& ancestors) {
  return "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' "
         "'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
         "form-action 'self'; frame-ancestors " +
         ancestors;
}

std::string Ancestors(const std::vector<std::string>& origins) {
  return origins.empty() ? "'none'" : fmt::format("'self' {}", fmt::join(origins, " "));
}

}  // namespace

std::string PortalPolicy(const std::vector<std::string>& frame_ancestors) {
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
         "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
         "frame-ancestors " +
         Ancestors(frame_ancestors);
}

struct Files::State {
  PortalOptions options;
  std::string policy, own_policy;
  std::mutex mutex;
  std::map<std::string, Known, std::less<>> known;

  /// The file as it is now; nullopt when there is none that can be read.
  std::optional<Known> Read(const std::string& file);
  Response Found(const Request& request, const std::string& folder, std::string_view path,
                 const Known& plain);
};

std::optional<Known> Files::State::Read(const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const std::int64_t modified =
      std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  {
    const std::lock_guard lock(mutex);
    const auto found = known.find(file);
    if (found != known.end() && found->second.modified_ns == modified &&
        found->second.bytes == info.st_size)
      return found->second;
  }
  auto text = file::ReadWhole(file, kFileBytesMax);
  if (!text.ok()) return std::nullopt;
  Known made{.modified_ns = modified,
             .bytes = info.st_size,
             .body = std::make_shared<const std::string>(*std::move(text))};
  const std::lock_guard lock(mutex);
  if (known.size() >= kKnownMax) known.clear();
  known.insert_or_assign(file, made);
  return made;
}

Response Files::State::Found(const Request& request, const std::string& folder,
                             std::string_view path, const Known& plain) {
  Response response;
  response.content_type = MediaTypeOf(path);
  response.shared_body = plain.body;
  std::string tag = fmt::format("{:x}-{:x}", plain.modified_ns, plain.bytes);
  for (const Encoding& encoding : kEncodings) {
    if (!Accepts(request, encoding.name)) continue;
    const auto packed = Read(fmt::format("{}/{}{}", folder, path, encoding.suffix));
    // A copy older than its file is left over from another build.
    if (!packed || packed->modified_ns < plain.modified_ns) continue;
    response.shared_body = packed->body;
    response.headers.emplace_back("Content-Encoding", encoding.name);
    tag += encoding.suffix.substr(1);
    break;
  }
  tag = "\"" + tag + "\"";
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back(
      "Cache-Control", IsImmutable(path) ? "public, max-age=31536000, immutable" : "no-cache");
  const bool page = response.content_type.starts_with("text/html");
  response.headers.emplace_back("Content-Security-Policy",
                                page && path != "index.html" ? own_policy : policy);
  const auto if_none = request.headers.Find("If-None-Match");
  if (if_none && NamesTag(*if_none, tag)) {
    response.status = 304;
    response.shared_body.reset();
  }
  return response;
}

Files::Files(PortalOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->policy = PortalPolicy(state_->options.frame_ancestors);
  state_->own_policy = OwnPagesPolicy(Ancestors(state_->options.frame_ancestors));
}

Files::~Files() = default;

Response Files::Answer(const Request& request, std::string_view path) {
  if (path.empty()) path = "index.html";
  if (IsServed(path)) {
    for (const std::string& folder : {state_->options.folder, state_->options.own_pages_folder}) {
      if (folder.empty()) continue;
      const auto found = state_->Read(fmt::format("{}/{}", folder, path));
      if (found) return state_->Found(request, folder, path, *found);
    }
  }
  const bool start = path == "index.html";
  return Response::Text(404, start ? "The portal's files are missing: build them with ./run, or "
                                     "name their folder in portal.folder.\n"
                                   : "There is no such page.\n");
}

void AddRoutes(http::Router& router, PortalOptions options) {
  auto files = std::make_shared<Files>(std::move(options));
  const http::RouteOptions open{.role_min = http::Role::kNone, .body_bytes_max = 0, .cors = false};
  // Relative, so that a proxy may serve all this below a prefix.
  const auto redirect = [](std::string to) {
    return [to = std::move(to)](const Request&) {
      Response response = Response::Text(307, "The portal is at " + to + "\n");
      response.headers.emplace_back("Location", to);
      return response;
    };
  };
  router.Get("/", redirect("CQD/"), open);
  // Browsers ask for it on pages that name no icon.
  router.Get("/favicon.ico", redirect("CQD/icon.svg"), open);
  router.Get(
      "/CQD/{file...}",
      [files, to_folder = redirect("CQD/")](const Request& request) {
        const std::string_view path = request.Capture("file");
        // Without the last '/' the page's own links would lead elsewhere.
        if (path.empty() && !request.path.ends_with('/')) return to_folder(request);
        return files->Answer(request, path);
      },
      open);
}

}  // namespace cqd::portal
