// /badge/{name}: a lamp for a wiki or a wall screen. Tells the verdict and the age, nothing else.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/services.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

struct Badge {
  std::string label, message;
  std::string_view color;  ///< white text on it has a contrast of at least 4.5 (WCAG 2.1, 1.4.3)
  bool error = false;
};

constexpr std::string_view kGreen = "#2e7d32", kAmber = "#9a5b00", kRed = "#b71c1c",
                           kGrey = "#5f6368";

std::string Age(Duration age) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  if (minutes < 120) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h", minutes / 60);
  return fmt::format("{} days", minutes / 1440);
}

Badge StageBadge(const integration::StageStatus& stage) {
  Badge badge{.label = std::string(integration::StageName(stage.stage)),
              .message = stage.age ? Age(*stage.age) + " old" : "no data yet",
              .color = kGrey};
  switch (stage.verdict) {
    case integration::Verdict::kOnTime:
      if (stage.age) badge.color = kGreen;
      break;
    case integration::Verdict::kLate:
      badge.message = "late, " + badge.message;
      badge.color = kAmber;
      break;
    case integration::Verdict::kStale:
      badge.message = "stale, " + badge.message;
      badge.color = kRed;
      badge.error = true;
      break;
  }
  return badge;
}

Badge WholeBadge(const integration::StatusView& view) {
  Badge badge{.label = "call quality data",
              .message = std::string(integration::HealthName(view.health)),
              .color = kGreen};
  switch (view.health) {
    case integration::Health::kPass:
      break;
    case integration::Health::kWarn:
      badge.color = kAmber;
      break;
    case integration::Health::kFail:
      badge.color = kRed;
      badge.error = true;
      break;
  }
  return badge;
}

/// Width of text in Verdana or a font like it, 11 px: texts are short and ours, so seven pixels a
/// character are wide enough.
int Width(std::string_view text) {
  return static_cast<int>(text.size()) * 7 + 10;
}

/// Texts are made here of names and numbers, so that nothing needs escaping.
std::string Svg(const Badge& badge) {
  const int left = Width(badge.label), right = Width(badge.message);
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="20" role="img" aria-label="{1}: {2}">)"
      R"(<title>{1}: {2}</title>)"
      R"(<rect width="{3}" height="20" fill="#3c4043"/>)"
      R"(<rect x="{3}" width="{4}" height="20" fill="{5}"/>)"
      R"(<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">)"
      R"(<text x="{6}" y="14">{1}</text><text x="{7}" y="14">{2}</text></g></svg>)",
      left + right, badge.label, badge.message, left, right, badge.color, left / 2,
      left + right / 2);
}

/// The form of the shields.io endpoint badge, and no member more: it refuses those it does not
/// know. Source: shields.io/badges/endpoint-badge.
std::string Json(const Badge& badge) {
  return json::serialize(json::object{{"schemaVersion", 1},
                                      {"label", badge.label},
                                      {"message", badge.message},
                                      {"color", badge.color},
                                      {"isError", badge.error}});
}

Response GetBadge(const Request& request, const Services& services) {
  const std::string_view file = request.Capture("name");
  const std::size_t dot = file.rfind('.');
  const std::string_view name = file.substr(0, dot);
  const std::string_view form = dot == std::string_view::npos ? "" : file.substr(dot + 1);
  const auto stage = integration::ParseStage(name);
  if ((!stage && name != "all") || (form != "svg" && form != "json")) {
    return http::Problem(Fail(ErrorCode::kNotFound, "there is no such badge", {}, "name"),
                         {.allowed = {"archive.svg", "archive.json", "cube.svg", "cube.json",
                                      "all.svg", "all.json"}});
  }
  const integration::StatusView view = services.integration.status();
  const Badge badge =
      stage ? StageBadge(view.stages[static_cast<std::size_t>(*stage)]) : WholeBadge(view);
  Response response = Response::Json(200, form == "svg" ? Svg(badge) : Json(badge));
  if (form == "svg") response.content_type = "image/svg+xml; charset=utf-8";
  return std::move(response).WithHeader("Cache-Control", "no-cache");
}

}  // namespace

void AddBadges(http::Router& router, Services& services) {
  router.Get("/badge/{name}",
             [&services](const Request& request) { return GetBadge(request, services); },
             {.role_min = services.badges_public ? http::Role::kNone : http::Role::kReader,
              .cors = false});
}

}  // namespace cqd::api
