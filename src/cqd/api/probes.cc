// Probes: is the process alive, can it answer queries, and its figures.
#include "api/metrics.h"
#include "api/services.h"

namespace cqd::api {

void AddProbes(http::Router& router, Services& services) {
  const http::RouteOptions open{.role_min = http::Role::kNone, .run_inline = true, .cors = false};
  router.Get(
      "/livez", [](const http::Request&) { return http::Response::Text(200, "alive\n"); }, open);
  // Stale data must not fail this probe, or a balancer removes the only server that can show the
  // problem (reference/status-api.md 2).
  router.Get(
      "/readyz",
      [&services](const http::Request&) {
        if (services.cube.snapshot() == nullptr) {
          return http::Response::Text(503, "not ready: the cube was never processed\n")
              .WithHeader("Retry-After", "5");
        }
        return http::Response::Text(200, "ready\n");
      },
      open);
  router.Get("/metrics",
             [&services](const http::Request&) {
               http::Response response = http::Response::Text(200, services.metrics.Text(services));
               response.content_type = "text/plain; version=0.0.4; charset=utf-8";
               return response;
             },
             {.role_min = http::Role::kReader, .cors = false});
}

void AddRoutes(http::Router& router, Services& services) {
  AddDataApi(router, services);
  AddRepositoryApi(router, services);
  AddStatusApi(router, services);
  AddQuarantineApi(router, services);
  AddMappingApi(router, services);
  AddCausesApi(router, services);
  AddRunsApi(router, services);
  AddBadges(router, services);
  AddRegistryApi(router, services);
  AddStreamApi(router, services);
  AddAlertsApi(router, services);
  AddReportsApi(router, services);
  AddSessionApi(router, services);
  AddUsersApi(router, services);
  AddCustomerApi(router, services);
  AddProbes(router, services);
}

}  // namespace cqd::api
