// /api/v1/status: the full picture, reference/status-api.md 2, 3.
#include <boost/json.hpp>
#include <memory>

#include "alert/service.h"
#include "api/internal/arguments.h"
#include "api/internal/status_cache.h"
#include "api/internal/status_json.h"
#include "api/services.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

integration::CacheStatus CacheOf(const Services& services) {
  const cube::QueryStatistics now = services.queries.statistics();
  const auto snapshot = services.cube.snapshot();
  integration::CacheStatus cache;
  cache.epoch = now.clearings + (snapshot ? snapshot->data_version() : 0);
  cache.entries = now.entries;
  const std::int64_t asked = now.hits + now.shared + now.misses;
  if (asked > 0)
    cache.hit_ratio = static_cast<double>(now.hits + now.shared) / static_cast<double>(asked);
  cache.cleared_at = now.cleared_at;
  cache.cleared_by = now.cleared_by;
  return cache;
}

StatusDocumentText MakeDocument(const Services& services, const StatusVariant& variant) {
  const json::object document =
      StatusJson(FullStatus(services), {services.server_id, services.version, services.boot_id},
                 variant.administrator, variant.history);
  return {std::make_shared<const std::string>(json::serialize(document)), WeakTag(document)};
}

Response GetStatus(const Request& request, StatusCache& cache) {
  StatusVariant variant{IsAdministrator(request), kHistoryDefault};
  for (const auto& [name, value] : request.query) {
    if (name != "n") return http::Problem(BadField(name, "n, the only parameter"));
    const auto most = WholeNumber("n", value, 0, integration::kHistoryRuns);
    if (!most.ok()) return http::Problem(most.error());
    variant.history = static_cast<std::size_t>(*most);
  }
  const StatusDocumentText document = cache.Get(variant);
  Response response;
  const auto known = request.headers.Find("If-None-Match");
  if (known && NamesTag(*known, document.tag)) {
    response.status = 304;
  } else {
    response.content_type = "application/json; charset=utf-8";
    response.shared_body = document.text;
  }
  response.headers.emplace_back("ETag", document.tag);
  // May be kept, but only by the caller itself, and only to be asked about again.
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  return response;
}

}  // namespace

integration::StatusView FullStatus(const Services& services) {
  integration::StatusView view = services.integration.status();
  view.cache = CacheOf(services);
  if (services.alerts != nullptr) view.alerts = services.alerts->Active();
  return view;
}

std::string StatusDocument(const integration::Service& integration, const ServerIdentity& server,
                           bool administrator) {
  return json::serialize(StatusJson(
      integration.status(), {server.server_id, server.version, server.boot_id}, administrator));
}

void AddStatusApi(http::Router& router, Services& services) {
  auto cache = std::make_shared<StatusCache>(
      services.integration.log(), services.clock,
      [&services](const StatusVariant& variant) { return MakeDocument(services, variant); });
  router.Get("/api/v1/status",
             [cache](const Request& request) { return GetStatus(request, *cache); });
}

}  // namespace cqd::api
