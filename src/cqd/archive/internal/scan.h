// Reading a month for the cube.
#pragma once

#include <vector>

#include "archive/archive.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// Archive::Scan over one month's reading connection, which it leaves in a transaction. Reads the
/// pages of the file where it can (sqlite::FrozenTable), and lets SQLite read the rest.
Status ScanMonth(sqlite::Database& database, RowId after, RowId up_to, const CancelToken& cancel,
                 const RowSink& sink);

/// Archive::ReadSuperseded over one month's reading connection.
Result<std::vector<Superseded>> ReadSupersededRows(sqlite::Database& database, RowId after,
                                                   RowId up_to);

}  // namespace cqd::archive::internal
