#include "odbc/internal/odbc_types.h"

namespace cqd::odbc::internal {
namespace {

/// Types of Microsoft's driver outside the standard's list (msodbcsql.h).
constexpr int kSsTime2 = -154;
constexpr int kSsTimestampOffset = -155;
constexpr int kSsXml = -152;

}  // namespace

ColumnKind KindOf(int sql_type) {
  switch (sql_type) {
    case SQL_BIT:
      return ColumnKind::kBit;
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
      return ColumnKind::kInteger;
    case SQL_DECIMAL:
    case SQL_NUMERIC:
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return ColumnKind::kReal;
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
    case SQL_GUID:
    case kSsXml:
      return ColumnKind::kText;
    case SQL_DATE:
    case SQL_TIMESTAMP:
    case SQL_TYPE_DATE:
    case SQL_TYPE_TIMESTAMP:
    case kSsTimestampOffset:
      return ColumnKind::kTime;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      return ColumnKind::kBinary;
    case kSsTime2:
    default:
      return ColumnKind::kOther;
  }
}

std::optional<UtcTime> ToUtc(const SQL_TIMESTAMP_STRUCT& stamp) {
  const auto time = FromCivil({.year = stamp.year,
                               .month = stamp.month,
                               .day = stamp.day,
                               .hour = stamp.hour,
                               .minute = stamp.minute,
                               .second = stamp.second,
                               .micros = static_cast<int>(stamp.fraction / 1000)});
  if (!time.ok()) return std::nullopt;
  return *time;
}

SQL_TIMESTAMP_STRUCT FromUtc(UtcTime time, int decimals) {
  const CivilTime c = ToCivil(time);
  SQL_TIMESTAMP_STRUCT stamp{};
  stamp.year = static_cast<SQLSMALLINT>(c.year);
  stamp.month = static_cast<SQLUSMALLINT>(c.month);
  stamp.day = static_cast<SQLUSMALLINT>(c.day);
  stamp.hour = static_cast<SQLUSMALLINT>(c.hour);
  stamp.minute = static_cast<SQLUSMALLINT>(c.minute);
  stamp.second = static_cast<SQLUSMALLINT>(c.second);
  // More decimals than the column has would be an error (22008) with some drivers.
  const int kept = decimals >= 6 ? c.micros : c.micros / 1000 * 1000;
  stamp.fraction = static_cast<SQLUINTEGER>(kept) * 1000U;
  return stamp;
}

}  // namespace cqd::odbc::internal
