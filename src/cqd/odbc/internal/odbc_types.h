// Conversions between ODBC's C types and ours.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "odbc/statement.h"

namespace cqd::odbc::internal {

ColumnKind KindOf(int sql_type);

/// Nullopt for a date that does not exist.
std::optional<UtcTime> ToUtc(const SQL_TIMESTAMP_STRUCT& stamp);
SQL_TIMESTAMP_STRUCT FromUtc(UtcTime time, int decimals);

/// ODBC passes numbers as pointers.
inline SQLPOINTER Number(std::uintptr_t value) {
  return reinterpret_cast<SQLPOINTER>(value);  // NOLINT
}

}  // namespace cqd::odbc::internal
