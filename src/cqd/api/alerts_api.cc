// /api/v1/alerts: outages, who was told, and tests of the receivers; reference/status-api.md 5.
#include <boost/json.hpp>

#include "alert/service.h"
#include "api/internal/status_json.h"
#include "api/services.h"
#include "base/text.h"
#include "http/problem.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

constexpr std::int64_t kPageMax = 500;

Error BadField(std::string field, std::string_view what) {
  std::string message = field + " must be " + std::string(what);
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

json::value TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

json::object OutageJson(const alert::Outage& outage) {
  json::array reasons;
  for (const alert::MessageReason& reason : outage.reasons) {
    reasons.push_back({{"code", reason.code},
                       {"severity", integration::HealthName(reason.severity)},
                       {"since", TimeJson(reason.since)},
                       {"message", reason.message},
                       {"action", reason.action},
                       {"doc", alert::DocOf(reason.code)}});
  }
  json::array told;
  for (const alert::Told& one : outage.told) told.push_back(json::value(one.target));
  return {{"id", outage.id},
          {"rule", outage.reasons.empty() ? outage.subject : outage.reasons.front().code},
          {"subject", outage.subject},
          {"state", alert::OutageStateName(outage.state)},
          {"severity", integration::HealthName(outage.severity)},
          {"since", TimeJson(outage.since)},
          {"opened_at", TimeJson(outage.opened_at)},
          {"ended_at", TimeJson(outage.ended_at)},
          {"last_sent_at", TimeJson(outage.last_sent_at)},
          {"acked_by", TextOrNull(outage.acked_by)},
          {"acked_at", TimeJson(outage.acked_at)},
          {"told", std::move(told)},
          {"reasons", std::move(reasons)},
          {"reasons_left_out", outage.reasons_left_out}};
}

json::object DeliveryJson(const alert::Delivery& delivery) {
  const bool waits = delivery.state == alert::DeliveryState::kWaiting;
  return {{"id", delivery.id},
          {"target", delivery.target},
          {"outage_id", TextOrNull(delivery.outage_id)},
          {"event", alert::EventName(delivery.event)},
          {"message_id", delivery.message_id},
          {"state", alert::DeliveryStateName(delivery.state)},
          {"attempts", delivery.attempts},
          {"created_at", TimeJson(delivery.created_at)},
          {"last_try_at", TimeJson(delivery.last_try_at)},
          {"next_try_at", waits ? TimeJson(delivery.next_try_at) : json::value(nullptr)},
          {"finished_at", TimeJson(delivery.finished_at)},
          {"code", delivery.code != 0 ? json::value(delivery.code) : json::value(nullptr)},
          {"error", TextOrNull(delivery.error)}};
}

json::object TargetJson(const alert::TargetStatus& target) {
  return {{"name", target.name},
          {"kind", alert::TargetKindName(target.kind)},
          {"address", target.address},
          {"waiting", target.waiting},
          {"last_success_at", TimeJson(target.last_success_at)},
          {"last_failure_at", TimeJson(target.last_failure_at)},
          {"error", TextOrNull(target.error)}};
}

/// The page size of `n`.
Result<std::size_t> ParsePage(std::string_view text) {
  const auto most = ParseInt(text);
  if (!most || *most < 1 || *most > kPageMax) return BadField("n", "a whole number from 1 to 500");
  return static_cast<std::size_t>(*most);
}

Result<std::int64_t> ParseCursor(std::string_view text) {
  const auto before = ParseInt(text);
  if (!before || *before < 1) return BadField("cursor", "the next_cursor of an earlier answer");
  return *before;
}

/// One more than is shown is asked for: so it is known whether there is a further page.
template <typename Row, typename Key>
json::value CutPage(std::vector<Row>& rows, std::size_t most, Key key) {
  if (rows.size() <= most) return nullptr;
  rows.resize(most);
  return json::value(std::to_string(key(rows.back())));
}

Response ListAlerts(const Request& request, alert::Service& alerts) {
  alert::OutageFilter filter;
  for (const auto& [name, value] : request.query) {
    if (name == "state") {
      filter.state = alert::ParseOutageState(value);
      if (!filter.state || *filter.state == alert::OutageState::kPending)
        return http::Problem(BadField("state", "open or ended"));
    } else if (name == "n") {
      const auto most = ParsePage(value);
      if (!most.ok()) return http::Problem(most.error());
      filter.most = *most;
    } else if (name == "cursor") {
      const auto before = ParseCursor(value);
      if (!before.ok()) return http::Problem(before.error());
      filter.before_seq = *before;
    } else {
      return http::Problem(BadField(name, "one of: state, n, cursor"));
    }
  }
  const std::size_t most = filter.most++;
  auto outages = alerts.store().ListOutages(filter);
  if (!outages.ok()) return http::Problem(outages.error());
  json::value cursor = CutPage(*outages, most, [](const alert::Outage& o) { return o.seq; });
  json::array list;
  for (const alert::Outage& outage : *outages) list.push_back(OutageJson(outage));
  return Response::Json(200, json::serialize(json::object{{"alerts", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

Result<alert::DeliveryFilter> ParseDeliveryFilter(const Request& request) {
  alert::DeliveryFilter filter;
  for (const auto& [name, value] : request.query) {
    if (name == "target") {
      filter.target = value;
    } else if (name == "outage") {
      filter.outage_id = value;
    } else if (name == "state") {
      filter.state = alert::ParseDeliveryState(value);
      if (!filter.state) return BadField("state", "waiting, delivered or given_up");
    } else if (name == "n") {
      CQD_ASSIGN_OR_RETURN(filter.most, ParsePage(value));
    } else if (name == "cursor") {
      CQD_ASSIGN_OR_RETURN(filter.before_id, ParseCursor(value));
    } else {
      return BadField(name, "one of: target, outage, state, n, cursor");
    }
  }
  return filter;
}

Response ListDeliveries(const Request& request, alert::Service& alerts) {
  auto filter = ParseDeliveryFilter(request);
  if (!filter.ok()) return http::Problem(filter.error());
  const std::size_t most = filter->most++;
  auto deliveries = alerts.store().ListDeliveries(*filter);
  if (!deliveries.ok()) return http::Problem(deliveries.error());
  json::value cursor = CutPage(*deliveries, most, [](const alert::Delivery& d) { return d.id; });
  json::array list, targets;
  for (const alert::Delivery& delivery : *deliveries) list.push_back(DeliveryJson(delivery));
  for (const alert::TargetStatus& target : alerts.targets()) targets.push_back(TargetJson(target));
  return Response::Json(200, json::serialize(json::object{{"targets", std::move(targets)},
                                                          {"deliveries", std::move(list)},
                                                          {"next_cursor", std::move(cursor)}}));
}

Response Acknowledge(const Request& request, alert::Service& alerts) {
  const std::string& name = request.principal.name;
  // With open sign-in nobody has a name; the alert must show all the same that somebody cares.
  auto outage = alerts.Acknowledge(request.Capture("id"), name.empty() ? "somebody" : name);
  if (!outage.ok()) return http::Problem(outage.error());
  return Response::Json(200, json::serialize(OutageJson(*outage)));
}

Result<std::string> ParseTestRequest(const Request& request) {
  if (request.body.empty()) return std::string();
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 4;
  const json::value value = json::parse(request.body, failed, {}, options);
  if (failed || !value.is_object())
    return BadField("body", "a JSON object like {\"target\":\"on-call\"}, or nothing");
  std::string target;
  for (const auto& member : value.get_object()) {
    if (member.key() != "target") return BadField(std::string(member.key()), "target");
    if (member.value().is_null()) continue;
    if (!member.value().is_string()) return BadField("target", "a text");
    target = std::string(member.value().get_string());
  }
  return target;
}

Response TestTargets(const Request& request, alert::Service& alerts) {
  auto target = ParseTestRequest(request);
  if (!target.ok()) return http::Problem(target.error());
  auto results = alerts.Test(*target);
  if (!results.ok()) return http::Problem(results.error());
  json::array list;
  for (const alert::TestResult& result : *results) {
    const bool ok = result.status.ok();
    list.push_back(
        {{"target", result.target},
         {"ok", ok},
         {"code", result.code != 0 ? json::value(result.code) : json::value(nullptr)},
         {"ms", result.ms},
         {"error", ok ? json::value(nullptr) : json::value(result.status.error().message)}});
  }
  return Response::Json(200, json::serialize(json::object{{"results", std::move(list)}}));
}

}  // namespace

void AddAlertsApi(http::Router& router, Services& services) {
  const auto with = [&services](Response (*handler)(const Request&, alert::Service&)) {
    return [&services, handler](const Request& request) {
      if (services.alerts == nullptr)
        return http::Problem(Fail(ErrorCode::kFailedPrecondition, "alerts are not running"));
      return handler(request, *services.alerts);
    };
  };
  router.Get("/api/v1/alerts", with(ListAlerts));
  router.Get("/api/v1/alerts/deliveries", with(ListDeliveries),
             {.role_min = http::Role::kAdministrator});
  router.Post("/api/v1/alerts/test", with(TestTargets),
              {.role_min = http::Role::kAdministrator, .body_bytes_max = 4096});
  router.Post("/api/v1/alerts/{id}/ack", with(Acknowledge),
              {.role_min = http::Role::kAuthor, .body_bytes_max = 4096});
}

}  // namespace cqd::api
