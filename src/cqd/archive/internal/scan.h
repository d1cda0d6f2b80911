// Reading a month for the cube.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "archive/archive.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// Archive::Scan over one month's reading connection.
Status ScanMonth(sqlite::Database& database, Month month, RowId after, RowId up_to,
                 std::span<const model::Field> fields, const CancelToken& cancel,
                 const std::function<Status(ColumnBatch&&)>& sink);

/// Archive::ReadSuperseded over one month's reading connection.
Result<std::vector<Superseded>> ReadSupersededRows(sqlite::Database& database, RowId after,
                                                   RowId up_to);

}  // namespace cqd::archive::internal
