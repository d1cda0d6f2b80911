#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "odbc/connection.h"
#include "odbc/statement.h"
#include "simulate/internal/state_row.h"
#include "simulate/writer.h"

namespace cqd::simulate {
namespace {

constexpr double kPowers[] = {1.0, 10.0, 100.0, 1000.0, 10000.0};

std::optional<Dialect> DialectOf(odbc::Dialect dialect) {
  switch (dialect) {
    case odbc::Dialect::kSqlServer:
      return Dialect::kSqlServer;
    case odbc::Dialect::kPostgreSql:
      return Dialect::kPostgres;
    case odbc::Dialect::kSqlite:
      return Dialect::kSqlite;
    case odbc::Dialect::kOther:
      return std::nullopt;
  }
  return std::nullopt;
}

odbc::ParameterType TypeOf(const Column& column, Dialect dialect) {
  switch (column.kind) {
    case ColumnKind::kTime:
      return odbc::ParameterType::kTime;
    case ColumnKind::kInt:
    case ColumnKind::kSmall:
    case ColumnKind::kTiny:
      return odbc::ParameterType::kInteger;
    case ColumnKind::kBit:
      return dialect == Dialect::kSqlServer ? odbc::ParameterType::kBit
                                            : odbc::ParameterType::kInteger;
    case ColumnKind::kReal:
      return odbc::ParameterType::kReal;
    case ColumnKind::kDecimal:
      return column.scale == 0 ? odbc::ParameterType::kInteger : odbc::ParameterType::kReal;
    case ColumnKind::kText:
    case ColumnKind::kNationalText:
      return odbc::ParameterType::kText;
  }
  return odbc::ParameterType::kText;
}

class OdbcSink final : public QoeSink {
 public:
  OdbcSink(odbc::Connection connection, Dialect dialect)
      : connection_(std::move(connection)), dialect_(dialect) {}

  Status CreateSchema() override {
    for (const std::string& sql : CreateSchemaSql(dialect_)) {
      CQD_RETURN_IF_ERROR(connection_.Execute(sql));
    }
    return OkStatus();
  }

  Result<std::optional<SimulationState>> ReadState() override;

  Status Write(Table table, std::span<const Cell> row) override {
    CQD_RETURN_IF_ERROR(BeginIfNeeded());
    auto& insert = inserts_[static_cast<std::size_t>(table)];
    if (!insert) CQD_RETURN_IF_ERROR(Prepare(table));
    CQD_CHECK(row.size() == InfoOf(table).columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) Set(*insert, i, row[i]);
    CQD_RETURN_IF_ERROR(insert->EndRow());
    ++rows_written_;
    return OkStatus();
  }

  /// Rows to replace are few: one DELETE each, then they join the block.
  Status Replace(Table table, std::span<const Cell> row) override {
    CQD_RETURN_IF_ERROR(BeginIfNeeded());
    CQD_RETURN_IF_ERROR(connection_.Execute(DeleteSql(table, row)));
    return Write(table, row);
  }

  Status Commit(const SimulationState& state) override {
    const StateRow row(state);
    CQD_RETURN_IF_ERROR(Replace(Table::kState, row.cells));
    --rows_written_;
    for (auto& insert : inserts_) {
      if (insert) CQD_RETURN_IF_ERROR(insert->Flush());
    }
    CQD_RETURN_IF_ERROR(connection_.Commit());
    writing_ = false;
    return OkStatus();
  }

  std::int64_t rows_written() const override { return rows_written_; }

 private:
  Status BeginIfNeeded() {
    if (writing_) return OkStatus();
    CQD_RETURN_IF_ERROR(connection_.Begin());
    writing_ = true;
    return OkStatus();
  }

  Status Prepare(Table table) {
    const TableInfo& info = InfoOf(table);
    std::string names;
    std::string marks;
    std::vector<odbc::ParameterType> types;
    for (const Column& column : info.columns) {
      names += (names.empty() ? "" : ", ") + odbc::QuoteName(connection_.traits(), column.name);
      marks += marks.empty() ? "?" : ", ?";
      types.push_back(TypeOf(column, dialect_));
    }
    CQD_ASSIGN_OR_RETURN(
        odbc::BulkInsert insert,
        odbc::BulkInsert::Prepare(
            connection_,
            fmt::format("INSERT INTO {} ({}) VALUES ({})",
                        odbc::QuoteName(connection_.traits(), info.name), names, marks),
            types));
    inserts_[static_cast<std::size_t>(table)] = std::move(insert);
    return OkStatus();
  }

  static void Set(odbc::BulkInsert& insert, std::size_t parameter, const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::kNull:
        return;
      case Cell::Kind::kInt:
        return insert.SetInt(parameter, cell.integer);
      case Cell::Kind::kReal:
        return insert.SetReal(parameter, cell.real);
      case Cell::Kind::kDecimal:
        if (cell.scale == 0) return insert.SetInt(parameter, cell.integer);
        return insert.SetReal(parameter, static_cast<double>(cell.integer) / kPowers[cell.scale]);
      case Cell::Kind::kTime:
        return insert.SetTime(parameter, FromMicros(cell.integer));
      case Cell::Kind::kText:
        return insert.SetText(parameter, {cell.text, cell.text_bytes});
    }
  }

  std::string DeleteSql(Table table, std::span<const Cell> row) {
    const TableInfo& info = InfoOf(table);
    std::string where;
    for (int i = 0; i < info.key_count; ++i) {
      const Cell& cell = row[static_cast<std::size_t>(i)];
      // Keys of what is replaced are numbers and times, made by us.
      const std::string value = cell.kind == Cell::Kind::kTime ? TimeText(FromMicros(cell.integer))
                                                               : fmt::format("{}", cell.integer);
      where += fmt::format(
          "{}{} = {}", where.empty() ? "" : " AND ",
          odbc::QuoteName(connection_.traits(), info.columns[static_cast<std::size_t>(i)].name),
          value);
    }
    return fmt::format("DELETE FROM {} WHERE {}", odbc::QuoteName(connection_.traits(), info.name),
                       where);
  }

  std::string TimeText(UtcTime time) {
    // SQLite compares texts: the literal must have the three decimals its driver stores.
    if (dialect_ == Dialect::kSqlite) return "'" + FormatSql(time) + "'";
    return odbc::TimeLiteral(connection_.traits(), time);
  }

  odbc::Connection connection_;
  const Dialect dialect_;
  // After connection_, so that they go before it.
  std::array<std::optional<odbc::BulkInsert>, kTableCount> inserts_;
  bool writing_ = false;
  std::int64_t rows_written_ = 0;
};

Result<std::optional<SimulationState>> OdbcSink::ReadState() {
  CQD_ASSIGN_OR_RETURN(const auto tables, connection_.Tables());
  const std::string_view name = InfoOf(Table::kState).name;
  bool found = false;
  for (const odbc::TableName& table : tables) found = found || EqualsIgnoreCase(table.name, name);
  if (!found) return std::optional<SimulationState>();
  std::string columns;
  for (const std::string_view column : kStateColumns) {
    columns += (columns.empty() ? "" : ", ") + odbc::QuoteName(connection_.traits(), column);
  }
  CQD_ASSIGN_OR_RETURN(odbc::Statement statement, odbc::Statement::Create(connection_));
  CQD_RETURN_IF_ERROR(statement.Execute(fmt::format("SELECT {} FROM {} WHERE {} = 1", columns,
                                                    odbc::QuoteName(connection_.traits(), name),
                                                    odbc::QuoteName(connection_.traits(), "Id"))));
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Fetch());
  if (!row) return std::optional<SimulationState>();
  StateTexts texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CQD_ASSIGN_OR_RETURN(auto text, statement.Text(static_cast<int>(i) + 1));
    texts[i] = text.value_or("");
  }
  CQD_ASSIGN_OR_RETURN(const SimulationState state, ParseState(texts));
  return std::optional<SimulationState>(state);
}

}  // namespace

Result<std::unique_ptr<QoeSink>> OpenOdbcSink(const std::string& connection_string,
                                              const std::string& password) {
  odbc::ConnectOptions options;
  options.connection_string = connection_string;
  options.password = password;
  options.read_only = false;
  CQD_ASSIGN_OR_RETURN(odbc::Connection connection, odbc::Connection::Open(options));
  const auto dialect = DialectOf(connection.dialect());
  if (!dialect) {
    return Fail(ErrorCode::kUnimplemented,
                fmt::format("the simulation cannot write to {}", connection.server_name()));
  }
  return std::unique_ptr<QoeSink>(new OdbcSink(std::move(connection), *dialect));
}

}  // namespace cqd::simulate
