// The view CqdPartitionedStreamView over the attached months.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// The name under which a month's file is attached: "m2015_03".
std::string MonthSchema(Month month);

/// The statement that makes the temporary view. Months must be attached. Columns that an older file
/// lacks are null. Errors: kCorruption.
Result<std::string> StreamViewSql(sqlite::Database& database, std::span<const Month> months);

}  // namespace cqd::archive::internal
