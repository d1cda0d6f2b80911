#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <optional>
#include <utility>

#include "simulate/internal/state_row.h"
#include "simulate/internal/time_text.h"
#include "simulate/writer.h"
#include "sqlite/database.h"

namespace cqd::simulate {
namespace {

constexpr double kTenth[] = {1.0, 10.0, 100.0, 1000.0, 10000.0};

class SqliteSink final : public QoeSink {
 public:
  explicit SqliteSink(sqlite::Database database) : database_(std::move(database)) {}

  Status CreateSchema() override {
    for (const std::string& sql : CreateSchemaSql(Dialect::kSqlite)) {
      CQD_RETURN_IF_ERROR(database_.Execute(sql));
    }
    return OkStatus();
  }

  Result<std::optional<SimulationState>> ReadState() override;

  Status Write(Table table, std::span<const Cell> row) override {
    if (!writing_) {
      CQD_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
      writing_ = true;
    }
    auto& statement = statements_[static_cast<std::size_t>(table)];
    if (!statement) CQD_RETURN_IF_ERROR(Prepare(table));
    CQD_CHECK(row.size() == InfoOf(table).columns.size());
    sqlite3_stmt* raw = statement->handle();
    for (std::size_t i = 0; i < row.size(); ++i) Bind(raw, static_cast<int>(i) + 1, row[i]);
    const int code = sqlite3_step(raw);
    if (code != SQLITE_DONE) {
      Error error = sqlite::ErrorFrom(database_.handle(), code, "write simulated row");
      sqlite3_reset(raw);
      return error;
    }
    // Bindings are not cleared: the next row binds every column again.
    sqlite3_reset(raw);
    ++rows_written_;
    return OkStatus();
  }

  /// Every insert is an INSERT OR REPLACE: with the key as the table's only index it costs the
  /// same.
  Status Replace(Table table, std::span<const Cell> row) override { return Write(table, row); }

  Status Commit(const SimulationState& state) override {
    CQD_RETURN_IF_ERROR(Write(Table::kState, StateRow(state).cells));
    --rows_written_;
    CQD_RETURN_IF_ERROR(database_.Execute("COMMIT"));
    writing_ = false;
    return OkStatus();
  }

  std::int64_t rows_written() const override { return rows_written_; }

 private:
  Status Prepare(Table table) {
    const TableInfo& info = InfoOf(table);
    std::string marks = "?";
    for (std::size_t i = 1; i < info.columns.size(); ++i) marks += ",?";
    CQD_ASSIGN_OR_RETURN(sqlite::Statement statement,
                         database_.Prepare(fmt::format("INSERT OR REPLACE INTO \"{}\" VALUES ({})",
                                                       info.name, marks)));
    statements_[static_cast<std::size_t>(table)] = std::move(statement);
    return OkStatus();
  }

  void Bind(sqlite3_stmt* raw, int parameter, const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::kNull:
        sqlite3_bind_null(raw, parameter);
        return;
      case Cell::Kind::kInt:
        sqlite3_bind_int64(raw, parameter, cell.integer);
        return;
      case Cell::Kind::kReal:
        sqlite3_bind_double(raw, parameter, cell.real);
        return;
      case Cell::Kind::kDecimal:
        sqlite3_bind_double(raw, parameter, static_cast<double>(cell.integer) / kTenth[cell.scale]);
        return;
      case Cell::Kind::kTime: {
        const std::string_view text = time_text_.Format(cell.integer);
        // Copied by SQLite: the next time overwrites the buffer.
        sqlite3_bind_text(raw, parameter, text.data(), static_cast<int>(text.size()),
                          SQLITE_TRANSIENT);
        return;
      }
      case Cell::Kind::kText:
        sqlite3_bind_text(raw, parameter, cell.text, static_cast<int>(cell.text_bytes), nullptr);
        return;
    }
  }

  sqlite::Database database_;
  // After database_, so that they are finalised before it is closed.
  std::array<std::optional<sqlite::Statement>, kTableCount> statements_;
  TimeText time_text_;
  bool writing_ = false;
  std::int64_t rows_written_ = 0;
};

Result<std::optional<SimulationState>> SqliteSink::ReadState() {
  CQD_ASSIGN_OR_RETURN(
      const auto exists,
      database_.QueryInt("SELECT 1 FROM sqlite_master WHERE name='OpenCqdSimulation'"));
  if (!exists) return std::optional<SimulationState>();
  CQD_ASSIGN_OR_RETURN(sqlite::Statement query,
                       database_.Prepare(fmt::format("SELECT {} FROM OpenCqdSimulation WHERE Id=1",
                                                     fmt::join(kStateColumns, ", "))));
  CQD_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<SimulationState>();
  StateTexts texts;
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = query.Text(static_cast<int>(i));
  CQD_ASSIGN_OR_RETURN(const SimulationState state, ParseState(texts));
  return std::optional<SimulationState>(state);
}

}  // namespace

Result<std::unique_ptr<QoeSink>> OpenSqliteSink(const std::string& path) {
  sqlite::OpenOptions options;
  options.durable = false;
  options.page_size_bytes = 8192;
  CQD_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, options));
  // 64 MiB of pages and rare checkpoints: a bulk load writes each page about once.
  CQD_RETURN_IF_ERROR(
      database.Execute("PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; "
                       "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF"));
  return std::unique_ptr<QoeSink>(new SqliteSink(std::move(database)));
}

}  // namespace cqd::simulate
