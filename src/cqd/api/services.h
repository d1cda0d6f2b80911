// What the handlers answer from. Owned by module server; outlives the routes.
#pragma once

#include <functional>
#include <string>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/time_zone.h"
#include "cube/cube.h"
#include "cube/query_service.h"
#include "http/router.h"
#include "integration/service.h"
#include "repository/repository.h"
#include "source/inbox.h"

namespace cqd::alert {
class Service;
}

namespace cqd::http {
class Authenticator;
}

namespace cqd::api {

class Metrics;

/// How people sign in, for the pages that let them.
struct SignIn {
  std::string mode = "none";                     ///< auth.mode
  http::Authenticator* authenticator = nullptr;  ///< nullptr: no server
  std::string password_file;                     ///< of mode "basic"
  Duration session_time{0};                      ///< 0: no sessions
  bool secure = false;                           ///< the server speaks TLS
};

struct Services {
  const Clock& clock;
  archive::Archive& archive;
  const cube::Cube& cube;
  cube::QueryService& queries;
  integration::Service& integration;
  repository::Repository& repository;
  source::Inbox* inbox;  ///< nullptr: the collector is off
  Metrics& metrics;

  std::string version, boot_id, server_id;
  bool integration_log = false;  ///< the published log calls are on
  std::size_t integration_log_entries_max = 1000;
  TimeZone published_zone;
  http::Role collector_role = http::Role::kNone;
  std::size_t report_bytes_max = 16 * 1024 * 1024;
  std::int64_t streams_max = 1000;   ///< status streams open at once
  alert::Service* alerts = nullptr;  ///< nullptr: the calls of alerts answer 409
  bool badges_public = true;         ///< `/badge/...` needs no role
  SignIn auth = {};
  std::string archive_folder = {};  ///< of main.sqlite with the customer tables
  TimeZone cube_zone = {};          ///< of the dates in reports
  /// Writes a line "who changed what" into the log of runs; empty: nobody does.
  std::function<void(const std::string& text)> note = {};
};

/// All of the following; each is in docs/openapi.json. Without an inbox, there is no
/// `/api/v1/reports`.
void AddRoutes(http::Router& router, Services& services);
/// `/QoEDataService/*` as published, and `/data/*` for clients of the online product.
void AddDataApi(http::Router& router, Services& services);
/// `/api/v1/status`.
void AddStatusApi(http::Router& router, Services& services);
/// `/QoERepositoryService/repository/*` as published, and our calls below the same root.
void AddRepositoryApi(http::Router& router, Services& services);
/// `/api/v1/quarantine...`.
void AddQuarantineApi(http::Router& router, Services& services);
/// `POST /api/v1/causes`.
void AddCausesApi(http::Router& router, Services& services);
/// `/api/v1/mapping/...`: versions, preview, apply, undo.
void AddMappingApi(http::Router& router, Services& services);
/// `/api/v1/runs...`, `/api/v1/schedule/...`.
void AddRunsApi(http::Router& router, Services& services);
/// `/badge/{name}`: archive, cube or all as `.svg` or `.json`.
void AddBadges(http::Router& router, Services& services);
/// `/api/v1/status/stream`.
void AddStreamApi(http::Router& router, Services& services);
/// `/api/v1/alerts...`.
void AddAlertsApi(http::Router& router, Services& services);
/// `POST /api/v1/reports`.
void AddReportsApi(http::Router& router, Services& services);
/// `/api/v1/me`, `/api/v1/session`.
void AddSessionApi(http::Router& router, Services& services);
/// `/api/v1/users...`.
void AddUsersApi(http::Router& router, Services& services);
/// `/api/v1/customer-tables...`, `/api/v1/mapping/unmapped`.
void AddCustomerApi(http::Router& router, Services& services);
/// The body of `GET /api/v1/status`. `administrator`: with error details and who asked.
struct ServerIdentity {
  std::string version, boot_id, server_id;
};
std::string StatusDocument(const integration::Service& integration, const ServerIdentity& server,
                           bool administrator);
/// The status at this moment, with what the service of runs does not know: the cache.
integration::StatusView FullStatus(const Services& services);
/// `/api/v1/registry`.
void AddRegistryApi(http::Router& router, Services& services);
/// `/livez`, `/readyz`, `/metrics`.
void AddProbes(http::Router& router, Services& services);

}  // namespace cqd::api
