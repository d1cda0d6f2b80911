// POST /api/v1/causes: what explains a rise of the share of poor streams.
#include "api/services.h"
#include "cube/causes.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kBodyBytesMax = 256 * 1024;

Response Find(const Request& request, Services& services) {
  const auto wanted = cube::ParseCausesRequest(request.body);
  if (!wanted.ok()) return http::Problem(wanted.error());
  const auto snapshot = services.cube.snapshot();
  if (snapshot == nullptr) {
    return http::Problem(
        Fail(ErrorCode::kUnavailable, "the cube has not been processed yet; try again later"));
  }
  const auto report = services.queries.FindCauses(*snapshot, *wanted, &request.cancel_token());
  if (!report.ok()) return http::Problem(report.error());
  return Response::Json(200, cube::CausesJson(*report))
      .WithHeader("CQD-Data-Version", std::to_string(snapshot->data_version()));
}

}  // namespace

void AddCausesApi(http::Router& router, Services& services) {
  router.Post("/api/v1/causes",
              [&services](const Request& request) { return Find(request, services); },
              {.body_bytes_max = kBodyBytesMax});
}

}  // namespace cqd::api
