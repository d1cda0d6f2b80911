// `/api/v1/registry`: what CubeStructure, whose shape is published, has no room for.
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "api/services.h"
#include "model/registry.h"

namespace cqd::api {
namespace {

namespace json = boost::json;

json::array Names(const std::vector<std::string>& names) {
  json::array array;
  for (const std::string& name : names) array.emplace_back(name);
  return array;
}

json::value RegistryJson() {
  json::array attributes, measures;
  for (const model::Attribute& attribute : model::Attributes()) {
    attributes.push_back(json::object{{"data_model_name", attribute.data_model_name},
                                      {"aliases", Names(attribute.aliases)},
                                      {"type", model::AttributeTypeName(attribute.type)},
                                      {"unit", attribute.unit},
                                      {"personal", attribute.personal},
                                      {"listed", attribute.listed},
                                      {"description", attribute.description}});
  }
  for (const model::Measure& measure : model::Measures()) {
    measures.push_back(json::object{{"data_model_name", measure.data_model_name},
                                    {"aliases", Names(measure.aliases)},
                                    {"kind", model::MeasureKindName(measure.kind)},
                                    {"unit", measure.unit},
                                    {"group", measure.group},
                                    {"description", measure.description}});
  }
  return json::object{{"attributes", std::move(attributes)}, {"measures", std::move(measures)}};
}

}  // namespace

void AddRegistryApi(http::Router& router, Services&) {
  // It never changes while the server runs, so it is written once.
  auto text = std::make_shared<const std::string>(json::serialize(RegistryJson()));
  router.Get("/api/v1/registry", [text](const http::Request&) {
    http::Response response;
    response.content_type = "application/json; charset=utf-8";
    response.shared_body = text;
    return response;
  });
}

}  // namespace cqd::api
