#include "odbc/block_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "odbc/internal/odbc_types.h"
#include "odbc/internal/utf16.h"

namespace cqd::odbc {

using internal::Number;

namespace {

/// Room for any number or time as text.
constexpr std::size_t kNumberTextBytes = 64;
/// Most bytes of one block's buffers; wide texts get fewer rows a block instead of more memory.
constexpr std::size_t kBlockBytesMax = std::size_t{16} << 20;

/// How a column arrives from the driver.
enum class Bound : std::uint8_t { kInt, kReal, kStamp, kChar, kWide };

std::optional<std::int64_t> IntOfText(std::string_view text) {
  text = Trim(text);
  if (const auto whole = ParseInt(text)) return whole;
  if (const auto real = ParseDouble(text); real && std::fabs(*real) < 9.2e18)
    return std::llround(*real);
  if (EqualsIgnoreCase(text, "t") || EqualsIgnoreCase(text, "true")) return 1;
  if (EqualsIgnoreCase(text, "f") || EqualsIgnoreCase(text, "false")) return 0;
  return std::nullopt;
}

}  // namespace

struct BlockReader::State {
  struct Column {
    FetchType wanted;
    Bound bound = Bound::kChar;
    int decimal_digits = 0;
    std::size_t cell_bytes = 0;  ///< of bytes
    std::vector<char> bytes;     ///< cells of kStamp, kChar, kWide
    std::vector<std::int64_t> ints;
    std::vector<double> reals;
    std::vector<SQLLEN> lengths;
    std::string utf8;               ///< kWide: converted texts, one behind the other
    std::vector<std::size_t> ends;  ///< kWide: end of each row's text in utf8
  };

  Statement statement;
  FetchOptions options;
  std::vector<Column> columns;
  std::vector<SQLUSMALLINT> row_status;
  SQLULEN fetched = 0;
  std::string sql;
  std::vector<ColumnDescription> described;
  std::size_t text_bytes = 0;      ///< size of a text cell now
  std::size_t rows_per_block = 0;  ///< now
  std::int64_t delivered = 0;      ///< rows handed out since Run
  bool all_as_text = false;
  std::int64_t unreadable = 0;
  std::int64_t cut = 0;

  Status Execute();
  Status Bind();
  Status BindOne(std::size_t index);
  Bound BoundOf(const Column& column, ColumnKind kind) const;
  Status Restart();
  Result<bool> FetchBlock(std::size_t rows);
  bool HasRowError() const;
  std::size_t NeededTextBytes() const;
  void Convert(Column& column);
  void ConvertChars(Column& column);
  void ConvertStamps(Column& column);
  void ConvertWide(Column& column);
  void MarkUnreadable(Column& column, std::size_t row);
  std::string_view CharsAt(const Column& column, std::size_t row) const;
};

Bound BlockReader::State::BoundOf(const Column& column, ColumnKind kind) const {
  if (column.wanted == FetchType::kText)
    return statement.traits().wide_text ? Bound::kWide : Bound::kChar;
  if (all_as_text) return Bound::kChar;
  switch (kind) {
    case ColumnKind::kBit:
    case ColumnKind::kInteger:
      return column.wanted == FetchType::kTime ? Bound::kChar : Bound::kInt;
    case ColumnKind::kReal:
      return column.wanted == FetchType::kTime ? Bound::kChar : Bound::kReal;
    case ColumnKind::kTime:
      return column.wanted == FetchType::kTime ? Bound::kStamp : Bound::kChar;
    case ColumnKind::kText:
    case ColumnKind::kBinary:
    case ColumnKind::kOther:
      return Bound::kChar;
  }
  return Bound::kChar;
}

Status BlockReader::State::Bind() {
  SQLFreeStmt(statement.handle(), SQL_UNBIND);
  std::size_t row_bytes = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column& column = columns[i];
    column.bound = BoundOf(column, described[i].kind);
    column.decimal_digits = described[i].decimal_digits;
    column.cell_bytes = 0;
    if (column.bound == Bound::kStamp) column.cell_bytes = sizeof(SQL_TIMESTAMP_STRUCT);
    if (column.bound == Bound::kChar) column.cell_bytes = kNumberTextBytes;
    // A wide cell holds as many characters as a narrow one holds bytes.
    if (column.wanted == FetchType::kText) {
      column.cell_bytes = text_bytes * (column.bound == Bound::kWide ? sizeof(SQLWCHAR) : 1);
    }
    row_bytes += column.cell_bytes + sizeof(std::int64_t) + sizeof(SQLLEN);
  }
  rows_per_block = std::clamp<std::size_t>(kBlockBytesMax / std::max<std::size_t>(row_bytes, 1), 1,
                                           options.rows_per_block);
  row_status.assign(rows_per_block, SQL_ROW_NOROW);
  SQLSetStmtAttr(statement.handle(), SQL_ATTR_ROW_BIND_TYPE, Number(SQL_BIND_BY_COLUMN), 0);
  SQLSetStmtAttr(statement.handle(), SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
  SQLSetStmtAttr(statement.handle(), SQL_ATTR_ROW_STATUS_PTR, row_status.data(), 0);
  for (std::size_t i = 0; i < columns.size(); ++i) CQD_RETURN_IF_ERROR(BindOne(i));
  return OkStatus();
}

Status BlockReader::State::BindOne(std::size_t index) {
  Column& column = columns[index];
  column.lengths.assign(rows_per_block, SQL_NULL_DATA);
  column.bytes.assign(column.cell_bytes * rows_per_block, '\0');
  column.ints.assign(rows_per_block, 0);
  column.reals.assign(rows_per_block, 0);
  const auto number = static_cast<SQLUSMALLINT>(index + 1);
  const auto width = static_cast<SQLLEN>(column.cell_bytes);
  SQLRETURN code = SQL_ERROR;
  void* stmt = statement.handle();
  switch (column.bound) {
    case Bound::kInt:
      code = SQLBindCol(stmt, number, SQL_C_SBIGINT, column.ints.data(), sizeof(SQLBIGINT),
                        column.lengths.data());
      break;
    case Bound::kReal:
      code = SQLBindCol(stmt, number, SQL_C_DOUBLE, column.reals.data(), sizeof(double),
                        column.lengths.data());
      break;
    case Bound::kStamp:
      code = SQLBindCol(stmt, number, SQL_C_TYPE_TIMESTAMP, column.bytes.data(), width,
                        column.lengths.data());
      break;
    case Bound::kChar:
      code =
          SQLBindCol(stmt, number, SQL_C_CHAR, column.bytes.data(), width, column.lengths.data());
      break;
    case Bound::kWide:
      code =
          SQLBindCol(stmt, number, SQL_C_WCHAR, column.bytes.data(), width, column.lengths.data());
      break;
  }
  if (!SQL_SUCCEEDED(code)) return ErrorFrom(SQL_HANDLE_STMT, stmt, "bind a column");
  return OkStatus();
}

Status BlockReader::State::Execute() {
  statement.Close();
  CQD_RETURN_IF_ERROR(statement.Execute(sql));
  if (!described.empty()) return OkStatus();
  CQD_ASSIGN_OR_RETURN(auto found, statement.Describe());
  if (found.size() != columns.size()) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("the result has {} columns, {} were expected", found.size(), columns.size()));
  }
  described = std::move(found);
  return Bind();
}

/// Runs the SQL again with other buffers, up to the row that comes next.
Status BlockReader::State::Restart() {
  statement.Close();
  CQD_RETURN_IF_ERROR(Bind());
  CQD_RETURN_IF_ERROR(statement.Execute(sql));
  for (std::int64_t skipped = 0; skipped < delivered;) {
    const auto rows =
        std::min<std::int64_t>(delivered - skipped, static_cast<std::int64_t>(rows_per_block));
    CQD_ASSIGN_OR_RETURN(const bool some, FetchBlock(static_cast<std::size_t>(rows)));
    if (!some) return Fail(ErrorCode::kUnavailable, "the result changed while it was read again");
    skipped += static_cast<std::int64_t>(fetched);
  }
  return OkStatus();
}

Result<bool> BlockReader::State::FetchBlock(std::size_t rows) {
  SQLSetStmtAttr(statement.handle(), SQL_ATTR_ROW_ARRAY_SIZE, Number(rows), 0);
  fetched = 0;
  SQLRETURN code = SQL_ERROR;
  {
    const RunningCall::Scope running(statement.running_call(), statement.handle());
    code = SQLFetch(statement.handle());
  }
  if (code == SQL_NO_DATA) {
    fetched = 0;
    return false;
  }
  if (!SQL_SUCCEEDED(code)) {
    // One unreadable row may fail the whole call; the status array tells it from a lost connection.
    if (fetched != 0 && HasRowError()) return true;
    return ErrorFrom(SQL_HANDLE_STMT, statement.handle(), "fetch rows");
  }
  return fetched != 0;
}

bool BlockReader::State::HasRowError() const {
  const auto end = row_status.begin() + static_cast<std::ptrdiff_t>(fetched);
  return std::find(row_status.begin(), end, SQL_ROW_ERROR) != end;
}

/// Bytes that the longest cut text of the block needs with its end mark; 0 when none was cut.
std::size_t BlockReader::State::NeededTextBytes() const {
  std::size_t needed = 0;
  for (const Column& column : columns) {
    if (column.wanted != FetchType::kText) continue;
    const std::size_t unit = column.bound == Bound::kWide ? sizeof(SQLWCHAR) : 1;
    for (std::size_t row = 0; row < fetched; ++row) {
      const SQLLEN length = column.lengths[row];
      if (length == SQL_NO_TOTAL) needed = std::max(needed, text_bytes * 4);
      if (length >= 0 && static_cast<std::size_t>(length) + unit > column.cell_bytes) {
        needed = std::max(needed, static_cast<std::size_t>(length) / unit + 1);
      }
    }
  }
  return needed;
}

std::string_view BlockReader::State::CharsAt(const Column& column, std::size_t row) const {
  const char* cell = column.bytes.data() + row * column.cell_bytes;
  const SQLLEN length = column.lengths[row];
  const std::size_t room = column.cell_bytes - 1;
  if (length == SQL_NO_TOTAL) return {cell, strnlen(cell, room)};
  return {cell, std::min(static_cast<std::size_t>(length), room)};
}

void BlockReader::State::MarkUnreadable(Column& column, std::size_t row) {
  column.lengths[row] = SQL_NULL_DATA;
  ++unreadable;
}

void BlockReader::State::ConvertChars(Column& column) {
  for (std::size_t row = 0; row < fetched; ++row) {
    if (column.lengths[row] == SQL_NULL_DATA) continue;
    const std::string_view text = CharsAt(column, row);
    switch (column.wanted) {
      case FetchType::kText:
        break;
      case FetchType::kInteger:
        if (const auto value = IntOfText(text)) {
          column.ints[row] = *value;
        } else {
          MarkUnreadable(column, row);
        }
        break;
      case FetchType::kReal:
        if (const auto value = ParseDouble(Trim(text))) {
          column.reals[row] = *value;
        } else {
          MarkUnreadable(column, row);
        }
        break;
      case FetchType::kTime:
        if (const auto time = ParseTime(text); time.ok()) {
          column.ints[row] = ToMicros(*time);
        } else {
          MarkUnreadable(column, row);
        }
        break;
    }
  }
}

void BlockReader::State::ConvertStamps(Column& column) {
  // SQL Server's datetime counts 1/300 s: drivers print 3.333 ms or 3 ms. Rounded, both give the
  // same key.
  const bool to_millis =
      statement.traits().dialect == Dialect::kSqlServer && column.decimal_digits <= 3;
  for (std::size_t row = 0; row < fetched; ++row) {
    if (column.lengths[row] == SQL_NULL_DATA) continue;
    SQL_TIMESTAMP_STRUCT stamp;
    std::memcpy(&stamp, column.bytes.data() + row * column.cell_bytes, sizeof stamp);
    const auto time = internal::ToUtc(stamp);
    if (!time) {
      MarkUnreadable(column, row);
      continue;
    }
    column.ints[row] = to_millis ? (ToMicros(*time) + 500) / 1000 * 1000 : ToMicros(*time);
  }
}

void BlockReader::State::ConvertWide(Column& column) {
  column.utf8.clear();
  column.ends.assign(fetched, 0);
  for (std::size_t row = 0; row < fetched; ++row) {
    if (column.lengths[row] != SQL_NULL_DATA) {
      const char* cell = column.bytes.data() + row * column.cell_bytes;
      const std::size_t room = column.cell_bytes / sizeof(SQLWCHAR) - 1;
      const std::size_t units =
          column.lengths[row] == SQL_NO_TOTAL
              ? room
              : static_cast<std::size_t>(column.lengths[row]) / sizeof(SQLWCHAR);
      internal::AppendUtf16({cell, std::min(units, room) * sizeof(SQLWCHAR)}, column.utf8);
    }
    column.ends[row] = column.utf8.size();
  }
}

void BlockReader::State::Convert(Column& column) {
  switch (column.bound) {
    case Bound::kInt:
      if (column.wanted == FetchType::kReal) {
        std::transform(column.ints.begin(), column.ints.end(), column.reals.begin(),
                       [](std::int64_t value) { return static_cast<double>(value); });
      }
      break;
    case Bound::kReal:
      if (column.wanted != FetchType::kInteger) break;
      for (std::size_t row = 0; row < fetched; ++row) {
        if (column.lengths[row] == SQL_NULL_DATA) continue;
        if (std::fabs(column.reals[row]) < 9.2e18) {
          column.ints[row] = std::llround(column.reals[row]);
        } else {
          MarkUnreadable(column, row);
        }
      }
      break;
    case Bound::kStamp:
      ConvertStamps(column);
      break;
    case Bound::kChar:
      ConvertChars(column);
      break;
    case Bound::kWide:
      ConvertWide(column);
      break;
  }
}

BlockReader::BlockReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlockReader::BlockReader(BlockReader&&) noexcept = default;
BlockReader& BlockReader::operator=(BlockReader&&) noexcept = default;
BlockReader::~BlockReader() = default;

Result<BlockReader> BlockReader::Create(Connection& connection, std::span<const FetchType> columns,
                                        const FetchOptions& options) {
  CQD_CHECK(options.rows_per_block >= 1 && options.text_bytes >= 2);
  CQD_ASSIGN_OR_RETURN(Statement statement, Statement::Create(connection));
  auto state = std::unique_ptr<State>(new State{.statement = std::move(statement),
                                                .options = options,
                                                .columns = {},
                                                .row_status = {},
                                                .sql = {},
                                                .described = {}});
  if (options.timeout_s > 0) state->statement.SetTimeout(options.timeout_s);
  state->text_bytes = options.text_bytes;
  state->all_as_text = connection.traits().all_as_text;
  for (const FetchType type : columns) {
    State::Column column;
    column.wanted = type;
    state->columns.push_back(std::move(column));
  }
  return BlockReader(std::move(state));
}

Status BlockReader::Run(std::string_view sql) {
  state_->sql = sql;
  state_->delivered = 0;
  state_->fetched = 0;
  return state_->Execute();
}

Result<std::size_t> BlockReader::Next() {
  State& s = *state_;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool some, s.FetchBlock(s.rows_per_block));
    if (!some) {
      s.statement.Close();
      return std::size_t{0};
    }
    if (s.HasRowError()) {
      // A cell did not fit its type. As text everything fits, and our own parser says which cell it
      // was.
      if (s.all_as_text) return ErrorFrom(SQL_HANDLE_STMT, s.statement.handle(), "fetch rows");
      s.all_as_text = true;
      CQD_RETURN_IF_ERROR(s.Restart());
      continue;
    }
    const std::size_t needed = s.NeededTextBytes();
    if (needed > s.text_bytes && s.text_bytes < s.options.text_bytes_max) {
      s.text_bytes = std::min(std::max(needed, s.text_bytes * 2), s.options.text_bytes_max);
      CQD_RETURN_IF_ERROR(s.Restart());
      continue;
    }
    if (needed > s.text_bytes) ++s.cut;
    break;
  }
  for (State::Column& column : s.columns) s.Convert(column);
  s.delivered += static_cast<std::int64_t>(s.fetched);
  return static_cast<std::size_t>(s.fetched);
}

void BlockReader::Close() {
  state_->statement.Close();
}
void BlockReader::Cancel() {
  state_->statement.Cancel();
}

bool BlockReader::IsNull(std::size_t column, std::size_t row) const {
  return state_->columns[column].lengths[row] == SQL_NULL_DATA;
}
std::int64_t BlockReader::Int(std::size_t column, std::size_t row) const {
  return state_->columns[column].ints[row];
}
double BlockReader::Real(std::size_t column, std::size_t row) const {
  return state_->columns[column].reals[row];
}
UtcTime BlockReader::Time(std::size_t column, std::size_t row) const {
  return FromMicros(state_->columns[column].ints[row]);
}

std::string_view BlockReader::Text(std::size_t column, std::size_t row) const {
  const State::Column& c = state_->columns[column];
  if (c.bound != Bound::kWide) return state_->CharsAt(c, row);
  const std::size_t begin = row == 0 ? 0 : c.ends[row - 1];
  return std::string_view(c.utf8).substr(begin, c.ends[row] - begin);
}

std::int64_t BlockReader::unreadable_cells() const {
  return state_->unreadable;
}
std::int64_t BlockReader::cut_texts() const {
  return state_->cut;
}

std::size_t BlockReader::buffer_bytes() const {
  std::size_t bytes = 0;
  for (const State::Column& column : state_->columns) {
    bytes += column.bytes.capacity() +
             column.lengths.capacity() * (sizeof(SQLLEN) + sizeof(std::int64_t) + sizeof(double));
  }
  return bytes;
}

}  // namespace cqd::odbc
