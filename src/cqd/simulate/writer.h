// Where simulated rows go: a SQLite file, or tab-separated text files for a bulk load.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "simulate/qoe_schema.h"

namespace cqd::simulate {

/// One value of a row, 16 bytes. A text is not owned: it must live until Write returns.
struct Cell {
  enum class Kind : std::uint8_t { kNull, kInt, kReal, kDecimal, kTime, kText };
  Kind kind = Kind::kNull;
  std::uint8_t scale = 0;        ///< kDecimal: the value is integer / 10^scale, at most 4
  std::uint32_t text_bytes = 0;  ///< kText
  union {
    std::int64_t integer = 0;  ///< kInt, kDecimal; kTime: UTC microseconds
    double real;
    const char* text;
  };

  static Cell Int(std::int64_t value) {
    Cell cell;
    cell.kind = Kind::kInt;
    cell.integer = value;
    return cell;
  }
  static Cell Real(double value) {
    Cell cell;
    cell.kind = Kind::kReal;
    cell.real = value;
    return cell;
  }
  static Cell Decimal(std::int64_t scaled, int scale) {
    Cell cell = Int(scaled);
    cell.kind = Kind::kDecimal;
    cell.scale = static_cast<std::uint8_t>(scale);
    return cell;
  }
  static Cell Time(UtcTime time) {
    Cell cell = Int(ToMicros(time));
    cell.kind = Kind::kTime;
    return cell;
  }
  static Cell Text(std::string_view value) {
    Cell cell;
    cell.kind = Kind::kText;
    cell.text_bytes = static_cast<std::uint32_t>(value.size());
    cell.text = value.data();
    return cell;
  }
};

/// How far a database has been filled, and with what: kept in the database itself (table
/// OpenCqdSimulation, one row), so that a later run goes on without gap or overlap.
struct SimulationState {
  std::uint64_t seed = 0;
  std::int32_t user_count = 0;
  double calls_per_week = 0;
  double live_calls_per_slot = 0;  ///< least calls in a slot from live_from on
  UtcTime live_from{};
  UtcTime begin;
  UtcTime written_until;  ///< reports received before this time are in the database
  std::int64_t conference_keys_before_slot = 0;   ///< keys given before the slot of written_until
  std::int64_t correlation_keys_before_slot = 0;  ///< the same for SessionCorrelation
  bool operator==(const SimulationState&) const = default;
};

/// A destination of rows. Threads: one at a time.
class QoeSink {
 public:
  virtual ~QoeSink() = default;
  /// Makes the tables that are missing. Errors: as the destination.
  virtual Status CreateSchema() = 0;
  /// The state of the last Commit; nullopt in a database without one.
  virtual Result<std::optional<SimulationState>> ReadState() = 0;
  /// Adds a row whose key is new. Cells are in the order of InfoOf(table).columns. A first Write or
  /// Replace after a Commit begins a transaction.
  virtual Status Write(Table table, std::span<const Cell> row) = 0;
  /// Puts a row in the place of the one with the same key, if there is one.
  virtual Status Replace(Table table, std::span<const Cell> row) = 0;
  /// Makes everything written durable together with `state`.
  virtual Status Commit(const SimulationState& state) = 0;
  /// Rows written (replacements count again).
  virtual std::int64_t rows_written() const = 0;
};

/// Opens or makes a QoEMetrics database in a SQLite file. One writer; readers may read meanwhile
/// (WAL). A commit survives the end of the process, and the file stays whole after a power failure;
/// the newest commits may be lost then (synchronous=NORMAL).
/// Errors: kNotFound (folder missing), kCorruption, kUnavailable (locked), kDiskFull.
/// Cost: see docs/simulate.md, section Speed.
Result<std::unique_ptr<QoeSink>> OpenSqliteSink(const std::string& path);

/// Writes one file <table>.tsv per table into `folder` (made when missing), in PostgreSQL's COPY
/// text format (tab, \N for null, backslash escapes), plus schema.sql with the tables for
/// PostgreSQL and load.sql with the \copy commands. Files are replaced; ReadState always answers
/// nullopt, so only whole ranges can be written, no continuation. Errors: kNotFound or
/// kPermissionDenied (folder), kDiskFull.
Result<std::unique_ptr<QoeSink>> OpenTsvSink(const std::string& folder);

/// Any database with an ODBC driver whose dialect we know: SQL Server, PostgreSQL, SQLite; rows go
/// in arrays. `connection_string` as for odbc::Connection; the database must exist, the tables are
/// made when missing. Errors: as odbc::Connection::Open, and kUnimplemented (unknown dialect).
Result<std::unique_ptr<QoeSink>> OpenOdbcSink(const std::string& connection_string,
                                              const std::string& password = {});

}  // namespace cqd::simulate
