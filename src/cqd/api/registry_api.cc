// `/api/v1/registry`: what CubeStructure, whose shape is published, has no room for;
// `/api/v1/classifier`: the limits that make a stream poor.
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "api/services.h"
#include "model/classifier.h"
#include "model/fields.h"
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

json::value ClassifierJson() {
  json::array limits;
  for (const model::LimitInfo& info : model::Limits()) {
    const model::FieldInfo& field = model::InfoOf(info.field);
    limits.push_back(json::object{{"medium", info.medium},
                                  {"metric", info.metric},
                                  {"unit", field.unit},
                                  {"poor_when", info.poor_above ? "above" : "below"},
                                  {"published", model::PublishedClassifier().Of(info.id)},
                                  {"min", field.min},
                                  {"max", field.max},
                                  {"in_jpdr", info.in_jpdr}});
  }
  return json::object{{"limits", std::move(limits)}};
}

http::Handler Constant(const json::value& value) {
  // It never changes while the server runs, so it is written once.
  auto text = std::make_shared<const std::string>(json::serialize(value));
  return [text](const http::Request&) {
    http::Response response;
    response.content_type = "application/json; charset=utf-8";
    response.shared_body = text;
    return response;
  };
}

}  // namespace

void AddRegistryApi(http::Router& router, Services&) {
  router.Get("/api/v1/registry", Constant(RegistryJson()));
  router.Get("/api/v1/classifier", Constant(ClassifierJson()));
}

}  // namespace cqd::api
