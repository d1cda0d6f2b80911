// What answering a query touched, as lines for people.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace cqd::server {

/// Lines "label    words" made of the Explain object of an answer (cube/explain.h). Numbers of
/// 10,000 and more are written with commas. Properties that this version does not know are listed
/// by their names, so that an older command can show a newer server's answer; missing ones are left
/// out.
std::string ExplainText(const boost::json::object& explain);

}  // namespace cqd::server
