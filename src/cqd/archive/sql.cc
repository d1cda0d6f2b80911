#include "archive/sql.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <ostream>

#include "archive/internal/main_file.h"
#include "archive/internal/month_file.h"
#include "archive/internal/stream_view.h"
#include "base/text.h"

namespace cqd::archive {
namespace {

using sqlite::Database;

constexpr std::array<std::string_view, 6> kCustomerTables = {
    "CqdBuilding", "CqdNetwork", "CqdNetworkName", "CqdBuildingType", "CqdBuildingOwnershipType",
    "CqdBssid"};
/// Pragmas that only tell something.
constexpr std::array<std::string_view, 8> kReadingPragmas = {
    "table_info", "table_xinfo",   "table_list",       "index_list",
    "index_info", "database_list", "foreign_key_list", "foreign_key_check"};

std::string_view View(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

template <std::size_t n>
bool Contains(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view known) { return EqualsIgnoreCase(known, name); });
}

/// May a statement do this? `writing` as its address: null for reading only.
int Authorize(void* writing, int action, const char* first, const char* second, const char* schema,
              const char* trigger) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      return Contains(kReadingPragmas, View(first)) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: {
      (void)second;
      if (writing == nullptr || View(schema) != "main") return SQLITE_DENY;
      if (Contains(kCustomerTables, View(first))) return SQLITE_OK;
      // Counted by the tables' own triggers, not by hand; AUTOINCREMENT keeps its own books.
      const bool own = View(first) == "sqlite_sequence" ||
                       (View(first) == "customer_version" && trigger != nullptr);
      return own ? SQLITE_OK : SQLITE_DENY;
    }
    default:
      return SQLITE_DENY;
  }
}

Result<std::vector<Month>> MonthsIn(const std::string& folder) {
  std::vector<Month> months;
  std::error_code error;
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (const auto month = internal::MonthOfFileName(file->path().filename().string())) {
      months.push_back(*month);
    }
  }
  std::sort(months.begin(), months.end());
  if (error) return Fail(ErrorCode::kNotFound, "there is no archive in this folder", folder);
  return months;
}

/// Splits `existing` by what can be attached: the wanted months, or the newest.
Status Choose(const std::vector<Month>& existing, const std::vector<Month>& wanted,
              std::size_t most, SqlConnection& connection) {
  for (const Month month : wanted) {
    if (!std::binary_search(existing.begin(), existing.end(), month)) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("the archive holds no streams of {}", month.ToString()));
    }
  }
  connection.attached = wanted.empty() ? existing : wanted;
  std::sort(connection.attached.begin(), connection.attached.end());
  const auto twice = std::unique(connection.attached.begin(), connection.attached.end());
  connection.attached.erase(twice, connection.attached.end());
  if (connection.attached.size() > most) {
    if (!wanted.empty()) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("{} months were asked for; SQLite can attach {} at once",
                              connection.attached.size(), most));
    }
    connection.attached.erase(connection.attached.begin(),
                              connection.attached.end() - static_cast<std::ptrdiff_t>(most));
  }
  std::set_difference(existing.begin(), existing.end(), connection.attached.begin(),
                      connection.attached.end(), std::back_inserter(connection.left_out));
  return OkStatus();
}

Status AttachMonth(Database& database, const std::string& folder, Month month) {
  std::string uri = "file:";
  for (const char c : folder + "/" + internal::MonthFileName(month)) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  uri += "?mode=ro";
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement attach,
      database.Prepare(fmt::format("ATTACH ? AS {}", internal::MonthSchema(month))));
  attach.BindText(1, uri);
  return attach.Run();
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

/// A value as text; blobs in hexadecimal, control characters made harmless for a terminal.
std::string CellText(sqlite3_stmt* row, int column, SqlFormat format) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return format == SqlFormat::kTable ? "NULL" : "";
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(row, column)); };
  if (type == SQLITE_BLOB) {
    const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(row, column));
    std::string hex = "x'";
    for (std::size_t i = 0, n = size(); i < n; ++i) hex += fmt::format("{:02x}", bytes[i]);
    return hex + "'";
  }
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  if (start == nullptr) return "";
  std::string text(start, size());
  if (format == SqlFormat::kCsv) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

/// Characters, not bytes: continuation bytes take no room.
std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// Writes rows in blocks; every block has its widths, the first one also the names.
class TableWriter {
 public:
  TableWriter(std::ostream& out, std::vector<std::string> names)
      : out_(out), rows_{std::move(names)} {}
  void Add(std::vector<std::string> row) {
    rows_.push_back(std::move(row));
    if (rows_.size() > kRowsMax) Flush();
  }
  void Flush() {
    if (rows_.empty()) return;
    widths_.resize(rows_.front().size());
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], WidthOf(row[i]));
      }
    }
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      WriteRow(rows_[r]);
      if (r == 0 && !headed_) WriteRule();
    }
    headed_ = true;
    rows_.clear();
  }

 private:
  static constexpr std::size_t kRowsMax = 1000;
  void WriteRow(const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) line += "  ";
      line += row[i];
      if (i + 1 < row.size()) line.append(widths_[i] - WidthOf(row[i]), ' ');
    }
    out_ << line << '\n';
  }
  void WriteRule() {
    std::vector<std::string> rule;
    for (const std::size_t width : widths_) rule.emplace_back(std::max<std::size_t>(1, width), '-');
    WriteRow(rule);
  }

  std::ostream& out_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool headed_ = false;
};

Status WriteRows(Database& database, sqlite3_stmt* row, SqlFormat format, std::ostream& out) {
  const int columns = sqlite3_column_count(row);
  std::vector<std::string> cells;
  cells.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) cells.emplace_back(View(sqlite3_column_name(row, i)));
  const auto write_csv = [&] {
    for (std::size_t i = 0; i < cells.size(); ++i) out << (i == 0 ? "" : ",") << CsvField(cells[i]);
    out << "\r\n";
  };
  if (format == SqlFormat::kCsv && columns > 0) write_csv();
  TableWriter table(out, cells);
  for (;;) {
    const int code = sqlite3_step(row);
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) return sqlite::ErrorFrom(database.handle(), code, "run SQL");
    cells.clear();
    for (int i = 0; i < columns; ++i) cells.push_back(CellText(row, i, format));
    switch (format) {
      case SqlFormat::kTable:
        table.Add(cells);
        break;
      case SqlFormat::kCsv:
        write_csv();
        break;
    }
  }
  if (format == SqlFormat::kTable && columns > 0) table.Flush();
  return OkStatus();
}

}  // namespace

Result<SqlConnection> OpenForSql(const std::string& folder, const SqlOptions& options) {
  CQD_ASSIGN_OR_RETURN(const std::vector<Month> existing, MonthsIn(folder));
  const auto mode =
      options.write_customer_tables ? sqlite::OpenMode::kReadWrite : sqlite::OpenMode::kReadOnly;
  CQD_ASSIGN_OR_RETURN(
      Database database,
      Database::Open(fmt::format("{}/{}", folder, internal::kMainFileName), {.mode = mode}));
  CQD_RETURN_IF_ERROR(internal::CheckMainVersion(database));
  const int most = sqlite3_limit(database.handle(), SQLITE_LIMIT_ATTACHED, -1);
  SqlConnection connection{std::move(database), {}, {}};
  CQD_RETURN_IF_ERROR(Choose(existing, options.months, static_cast<std::size_t>(most), connection));
  for (const Month month : connection.attached) {
    CQD_RETURN_IF_ERROR(AttachMonth(connection.database, folder, month));
  }
  CQD_ASSIGN_OR_RETURN(const std::string view,
                       internal::StreamViewSql(connection.database, connection.attached));
  CQD_RETURN_IF_ERROR(connection.database.Execute(view));
  static char writing = 1;
  sqlite3_set_authorizer(connection.database.handle(), &Authorize,
                         options.write_customer_tables ? &writing : nullptr);
  return connection;
}

Status RunSql(SqlConnection& connection, std::string_view sql, SqlFormat format,
              std::ostream& out) {
  sqlite3* const db = connection.database.handle();
  Status status;
  while (status.ok() && !Trim(sql).empty()) {
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &raw, &rest);
    if (code != SQLITE_OK) {
      status = sqlite::ErrorFrom(db, code, "compile SQL");
      break;
    }
    sql.remove_prefix(static_cast<std::size_t>(rest - sql.data()));
    // A comment or an empty statement compiles to nothing.
    if (raw == nullptr) continue;
    status = WriteRows(connection.database, raw, format, out);
    sqlite3_finalize(raw);
  }
  if (connection.database.in_transaction()) (void)connection.database.Execute("ROLLBACK").ok();
  return status;
}

}  // namespace cqd::archive
