// POST /api/v1/reports: the collector's door. A report is on disk before it is acknowledged.
#include <boost/json.hpp>

#include "api/services.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

Response PostReport(const Request& request, Services& services) {
  if (request.body.empty()) {
    return http::Problem(Fail(ErrorCode::kInvalidArgument,
                              "the body is empty; send one report as it is", {}, "body"));
  }
  const std::string_view content_type = request.headers.Find("Content-Type").value_or("");
  auto receipts = services.inbox->Accept(request.body, content_type, request.remote_address,
                                         services.clock.Now());
  if (!receipts.ok()) return http::Problem(receipts.error());
  json::array reports;
  for (const source::Receipt& receipt : *receipts) {
    json::object report{
        {"id", receipt.id == 0 ? json::value(nullptr) : json::value(receipt.id)},
        {"status", source::ReceiptStatusName(receipt.status)},
        {"format", receipt.format.empty() ? json::value(nullptr) : json::value(receipt.format)}};
    if (!receipt.reason.empty()) report["reason"] = receipt.reason;
    reports.push_back(std::move(report));
  }
  return Response::Json(202, json::serialize(json::object{{"reports", std::move(reports)}}));
}

}  // namespace

void AddReportsApi(http::Router& router, Services& services) {
  if (services.inbox == nullptr) return;
  router.Post("/api/v1/reports",
              [&services](const Request& request) { return PostReport(request, services); },
              {.role_min = services.collector_role,
               .body_bytes_max = services.report_bytes_max,
               .cors = false});
}

}  // namespace cqd::api
