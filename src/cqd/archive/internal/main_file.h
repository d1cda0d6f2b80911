// main.sqlite: its tables and how it is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/customer.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

inline constexpr std::string_view kMainFileName = "main.sqlite";

/// Opens or makes main.sqlite in `folder` and brings its tables to this version (not the
/// dictionaries: DictionarySet::Load). Errors: kCorruption, kUnimplemented (newer format),
/// kDiskFull, kPermissionDenied, kUnavailable.
Result<sqlite::Database> OpenMainFile(const std::string& folder);

/// For connections that do not migrate. Errors: kUnimplemented when the file is of a newer version,
/// kFailedPrecondition when it was never finished.
Status CheckMainVersion(sqlite::Database& main);

/// Reads the customer tables in one consistent state.
Result<model::CustomerTables> ReadCustomerTables(sqlite::Database& main);
/// The same as the caller's open transaction sees them, without their version.
Result<model::CustomerTables> ReadTablesInTransaction(sqlite::Database& main);
/// Reads kept tables (mapping_...; MappingStore), `version` stays 0.
Result<model::CustomerTables> ReadTables(sqlite::Database& main, std::int64_t content);

}  // namespace cqd::archive::internal
