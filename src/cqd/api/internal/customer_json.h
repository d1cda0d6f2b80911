// What the calls about customer tables share.
#pragma once

#include <boost/json.hpp>

#include "api/services.h"
#include "archive/customer_rows.h"

namespace cqd::api {

/// The table of the path. Errors: kNotFound, with the names there are.
Result<const archive::CustomerTable*> CustomerTableOf(const http::Request& request);
boost::json::array OverlapsJson(const std::vector<archive::NetworkOverlap>& overlaps);
boost::json::array ProblemsJson(const std::vector<archive::ImportProblem>& problems);
/// `/api/v1/customer-tables/{table}/rows`: add, change, delete one row.
void AddCustomerRowsApi(http::Router& router, Services& services);

}  // namespace cqd::api
