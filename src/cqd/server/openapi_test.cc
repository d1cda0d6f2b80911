// Promise: docs/openapi.json has every route of the server with its methods and its role, and no
// other; and every reference in it leads somewhere.
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>

#include "api/metrics.h"
#include "api/services.h"
#include "file/io.h"
#include "file/temporary_folder.h"
#include "server/application.h"

namespace cqd::server {
namespace {

namespace json = boost::json;

/// The methods that a document names, in its spelling.
constexpr std::array kMethods = {
    std::pair(http::Method::kGet, "get"), std::pair(http::Method::kPost, "post"),
    std::pair(http::Method::kPut, "put"), std::pair(http::Method::kDelete, "delete")};

/// "get /api/v1/status" -> "reader".
using Operations = std::map<std::string, std::string>;

Operations InDocument(const json::value& document) {
  Operations operations;
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      operations[std::string(operation.key()) + " " + std::string(path.key())] =
          std::string(operation.value().at("x-role").as_string());
    }
  }
  return operations;
}

Operations InRouter(const http::Router& router) {
  Operations operations;
  for (const http::PathRoutes* routes : router.List()) {
    for (const auto& [method, name] : kMethods) {
      const http::Route& route = routes->by_method[static_cast<std::size_t>(method)];
      if (route.handler) {
        operations[std::string(name) + " " + routes->pattern] =
            std::string(http::RoleName(route.options.role_min));
      }
    }
  }
  return operations;
}

void CollectReferences(const json::value& value, std::set<std::string>& references) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) CollectReferences(item, references);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (member.key() == "$ref") references.emplace(member.value().as_string());
      CollectReferences(member.value(), references);
    }
  }
}

json::value ReadDocument() {
  const auto text = file::ReadWhole(std::string(CQD_SOURCE_DIR) + "/docs/openapi.json", 1 << 24);
  EXPECT_TRUE(text.ok()) << text.error().ToString();
  return json::parse(*text);
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
  const file::TemporaryFolder folder;
  const SystemClock clock;
  Config config;
  config.data_dir = folder.path() + "/data";
  auto application = Application::Open(config, clock);
  ASSERT_TRUE(application.ok()) << application.error().ToString();
  api::Metrics metrics;
  api::Services services{.clock = clock,
                         .archive = (*application)->archive(),
                         .cube = (*application)->cube(),
                         .queries = (*application)->queries(),
                         .integration = (*application)->integration(),
                         .repository = (*application)->repository(),
                         .inbox = &(*application)->inbox(),
                         .metrics = metrics};
  http::Router router;
  api::AddRoutes(router, services);
  Operations document = InDocument(ReadDocument());
  // The role of this one is a setting; the document names the setting.
  EXPECT_EQ(document["post /api/v1/reports"], "collector.role");
  document["post /api/v1/reports"] = std::string(http::RoleName(services.collector_role));
  EXPECT_EQ(InRouter(router), document);
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const json::value document = ReadDocument();
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  std::set<std::string> references, operations;
  CollectReferences(document, references);
  EXPECT_FALSE(references.empty());
  for (const std::string& reference : references) {
    boost::system::error_code failed;
    const json::value* found = document.find_pointer(reference.substr(1), failed);
    EXPECT_TRUE(found != nullptr && !failed) << reference;
  }
  for (const auto& schema : document.at("components").at("schemas").as_object()) {
    EXPECT_TRUE(references.contains("#/components/schemas/" + std::string(schema.key())))
        << schema.key() << " is not used";
  }
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      EXPECT_TRUE(
          operations.insert(std::string(operation.value().at("operationId").as_string())).second)
          << path.key();
      EXPECT_FALSE(operation.value().at("responses").as_object().empty()) << path.key();
    }
  }
}

}  // namespace
}  // namespace cqd::server
