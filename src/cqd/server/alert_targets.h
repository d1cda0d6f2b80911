// From settings to alert targets: files are read, secrets put in their place.
#pragma once

#include <string>
#include <vector>

#include "alert/service.h"
#include "alert/target.h"
#include "base/result.h"
#include "server/config.h"

namespace cqd::server {

/// Every [[alert.target]] with what its files hold. Errors: kInvalidArgument (a setting),
/// as file::ReadWhole (a file); each names the target.
Result<std::vector<alert::Target>> MakeAlertTargets(const Config& config);
/// The same look, with all findings and the remedy of each; for `cqd check`.
std::vector<std::string> CheckAlertTargets(const Config& config);
/// What alerts say about who sends them. `server_id`: the machine's name.
alert::Identity AlertIdentity(const Config& config, std::string server_id);

}  // namespace cqd::server
