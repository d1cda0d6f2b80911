// The published Data API. Shapes: reference/cube-model.md 4, reference/status-api.md 1.
#include <fmt/format.h>

#include <array>
#include <atomic>

#include "api/metrics.h"
#include "api/services.h"
#include "base/log.h"
#include "cube/answer_writer.h"
#include "cube/members.h"
#include "cube/result.h"
#include "cube/structure.h"
#include "http/problem.h"
#include "integration/published_status.h"

namespace cqd::api {
namespace {

using http::Request;
using http::Response;

/// Largest body of a query; the largest published template is a thousandth of it.
constexpr std::size_t kQueryBytesMax = 1024 * 1024;

/// Answers up to this leave whole, with their length; longer ones in chunks. Our choice: what a
/// report shows is a few KiB, and a piece is the most that one reader makes the server hold.
constexpr std::size_t kWholeAnswerBytesMax = 256 * 1024;
/// Text made at a time for the rest: some 0.2 ms of work, and what a client must take within
/// http::ServerOptions::write_timeout.
constexpr std::size_t kPieceBytes = 64 * 1024;

/// The text of an answer. A large one is made as its reader takes it, so the table lives until the
/// last byte has left or the reader has gone.
Response AnswerResponse(const cube::QueryOutcome& outcome) {
  auto writer = std::make_shared<cube::AnswerWriter>(outcome);
  std::string start;
  if (!writer->Next(start, kWholeAnswerBytesMax)) return Response::Json(200, std::move(start));
  return Response::Stream("application/json",
                          [writer, start = std::move(start)](std::string& chunk) mutable {
                            if (!start.empty()) {
                              chunk += start;
                              std::string().swap(start);
                              return true;
                            }
                            return writer->Next(chunk, kPieceBytes);
                          });
}

Response RunQuery(const Request& request, Services& services) {
  const cube::QueryOutcome outcome =
      services.queries.RunQuery(request.body, &request.cancel_token());
  services.metrics.NoteQuery(outcome);
  if (outcome.error && outcome.error_type == cube::ErrorType::kCubeUnavailable) {
    LogWarning("query: {}", outcome.error->ToString());
  }
  Response response = AnswerResponse(outcome);
  // The body is as published; which data it comes from stands beside it.
  if (outcome.data_version != 0)
    response.headers.emplace_back("CQD-Data-Version", std::to_string(outcome.data_version));
  const auto processed =
      services.integration.log().summary()->Of(integration::Stage::kCube).last_success;
  if (processed && processed->data_through) {
    response.headers.emplace_back("CQD-Data-As-Of", FormatRfc3339(*processed->data_through));
  }
  return response;
}

Response ListMembers(const Request& request, Services& services) {
  auto page = services.queries.ListMembers(request.body, &request.cancel_token());
  if (!page.ok()) return http::Problem(page.error());
  return Response::Json(200, cube::WriteMembersJson(*page));
}

Response ClearCache(const Request& request, Services& services) {
  services.queries.Clear(request.principal.name);
  // Published: 200 and no body (reference: Clear Cache page of the Data API).
  return Response{};
}

Response ListVersions(const Request&, Services& services) {
  std::string out = "{\"versions\":[";
  for (const auto& snapshot : services.cube.versions()) {
    if (out.back() == '}') out += ',';
    const auto through = snapshot->data_through();
    out += fmt::format(
        "{{\"data_version\":{},\"published_at\":\"{}\",\"streams\":{},\"data_through\":{}}}",
        snapshot->data_version(), FormatRfc3339(snapshot->published_at()), snapshot->row_count(),
        through ? '"' + FormatRfc3339(*through) + '"' : "null");
  }
  return Response::Json(200, out + "]}");
}

/// CubeStructure never changes while the server runs, so it is written once.
http::Handler StructureHandler(cube::Dialect dialect) {
  auto text = std::make_shared<const std::string>(cube::WriteCubeStructure(dialect));
  return [text](const Request&) {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    response.shared_body = text;
    return response;
  };
}

/// The two log calls, answered from memory: their text is made anew only when a run changed
/// something.
class PublishedLog {
 public:
  explicit PublishedLog(Services& services) : services_(services) {}

  Response Status() {
    return Answer(status_, [this](const integration::LogSummary& summary) {
      return integration::PublishedStatusJson(summary, services_.published_zone);
    });
  }
  Response Entries() {
    return Answer(entries_, [this](const integration::LogSummary& summary) {
      return integration::PublishedLogJson(summary, services_.published_zone,
                                           services_.integration_log_entries_max);
    });
  }

 private:
  struct Made {
    std::int64_t version = 0;
    std::shared_ptr<const std::string> text;
  };

  template <typename Make>
  Response Answer(std::shared_ptr<const Made>& kept, Make make) {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    if (!services_.integration_log) {
      // What the original gives when the feature is off: a JSON string without characters.
      response.body = "\"\"";
      return response;
    }
    const auto summary = services_.integration.summary();
    std::shared_ptr<const Made> made = std::atomic_load(&kept);
    if (!made || made->version != summary->version) {
      made = std::make_shared<const Made>(
          Made{summary->version, std::make_shared<const std::string>(make(*summary))});
      std::atomic_store(&kept, made);
    }
    response.shared_body = made->text;
    return response;
  }

  Services& services_;
  std::shared_ptr<const Made> status_, entries_;
};

}  // namespace

void AddDataApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, Services&)) {
    return [&services, handler](const Request& request) { return handler(request, services); };
  };
  const http::RouteOptions query{.body_bytes_max = kQueryBytesMax};
  for (const auto& [root, dialect] : {std::pair("/QoEDataService", cube::Dialect::kOnPremises),
                                      std::pair("/data", cube::Dialect::kOnline)}) {
    const std::string base = root;
    router.Get(base + "/CubeStructure", StructureHandler(dialect), {.run_inline = true});
    router.Post(base + "/RunQuery", with(RunQuery), query);
    router.Post(base + "/DimensionMembers", with(ListMembers), query);
    router.Post(base + "/ClearCache", with(ClearCache), query);
  }
  router.Get("/api/v1/data-versions", with(ListVersions));
  auto log = std::make_shared<PublishedLog>(services);
  router.Get("/QoEDataService/IntegrationLog", [log](const Request&) { return log->Entries(); },
             {.run_inline = true});
  router.Get("/QoEDataService/IntegrationLog/Status",
             [log](const Request&) { return log->Status(); }, {.run_inline = true});
}

}  // namespace cqd::api
