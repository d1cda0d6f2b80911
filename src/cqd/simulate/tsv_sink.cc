#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "simulate/internal/state_row.h"
#include "simulate/internal/time_text.h"
#include "simulate/writer.h"

namespace cqd::simulate {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

Error FileError(const std::string& path, int code) {
  const ErrorCode kind = code == ENOSPC || code == EDQUOT ? ErrorCode::kDiskFull
                         : code == ENOENT                 ? ErrorCode::kNotFound
                         : code == EACCES || code == EPERM || code == EROFS
                             ? ErrorCode::kPermissionDenied
                             : ErrorCode::kUnavailable;
  return Fail(kind, "cannot write a text file of the simulation",
              path + ": " + std::error_code(code, std::generic_category()).message());
}

class TsvSink final : public QoeSink {
 public:
  explicit TsvSink(std::string folder) : folder_(std::move(folder)) {}

  Status CreateSchema() override {
    std::string schema;
    std::string load = "\\set ON_ERROR_STOP on\nBEGIN;\n";
    for (const std::string& sql : CreateSchemaSql(Dialect::kPostgres)) schema += sql + ";\n\n";
    for (const TableInfo& info : AllTables()) {
      load += fmt::format("\\copy \"{0}\" from '{0}.tsv'\n", info.name);
    }
    CQD_RETURN_IF_ERROR(WriteWhole("schema.sql", schema));
    CQD_RETURN_IF_ERROR(WriteWhole("load.sql", load + "COMMIT;\nANALYZE;\n"));
    for (int i = 0; i < kTableCount; ++i) {
      const std::string path = PathOf(InfoOf(static_cast<Table>(i)).name);
      files_[static_cast<std::size_t>(i)].reset(std::fopen(path.c_str(), "wb"));
      if (!files_[static_cast<std::size_t>(i)]) return FileError(path, errno);
    }
    return OkStatus();
  }

  Result<std::optional<SimulationState>> ReadState() override {
    return std::optional<SimulationState>();
  }

  Status Write(Table table, std::span<const Cell> row) override {
    if (!files_[static_cast<std::size_t>(table)]) {
      return Fail(ErrorCode::kFailedPrecondition, "create the schema before writing rows");
    }
    CQD_CHECK(row.size() == InfoOf(table).columns.size());
    line_.clear();
    for (const Cell& cell : row) {
      if (&cell != row.data()) line_ += '\t';
      Append(cell);
    }
    line_ += '\n';
    std::FILE* file = files_[static_cast<std::size_t>(table)].get();
    if (std::fwrite(line_.data(), 1, line_.size(), file) != line_.size()) {
      return FileError(PathOf(InfoOf(table).name), errno);
    }
    ++rows_written_;
    return OkStatus();
  }

  Status Replace(Table, std::span<const Cell>) override {
    return Fail(ErrorCode::kUnimplemented,
                "text files hold whole ranges only: nothing in them can be replaced");
  }

  /// The state is one row: its file is written anew each time.
  Status Commit(const SimulationState& state) override {
    const std::string path = PathOf(InfoOf(Table::kState).name);
    auto& file = files_[static_cast<std::size_t>(Table::kState)];
    file.reset(std::fopen(path.c_str(), "wb"));
    if (!file) return FileError(path, errno);
    CQD_RETURN_IF_ERROR(Write(Table::kState, StateRow(state).cells));
    --rows_written_;
    for (int i = 0; i < kTableCount; ++i) {
      if (std::fflush(files_[static_cast<std::size_t>(i)].get()) != 0) {
        return FileError(PathOf(InfoOf(static_cast<Table>(i)).name), errno);
      }
    }
    return OkStatus();
  }

  std::int64_t rows_written() const override { return rows_written_; }

 private:
  std::string PathOf(std::string_view table) const {
    return fmt::format("{}/{}.tsv", folder_, table);
  }

  Status WriteWhole(const char* name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    const File file(std::fopen(path.c_str(), "wb"));
    if (!file) return FileError(path, errno);
    if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
        std::fflush(file.get()) != 0) {
      return FileError(path, errno);
    }
    return OkStatus();
  }

  void Append(const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::kNull:
        line_ += "\\N";
        return;
      case Cell::Kind::kInt:
        fmt::format_to(std::back_inserter(line_), "{}", cell.integer);
        return;
      case Cell::Kind::kReal:
        fmt::format_to(std::back_inserter(line_), "{}", cell.real);
        return;
      case Cell::Kind::kDecimal:
        AppendDecimal(cell);
        return;
      case Cell::Kind::kTime:
        line_ += time_text_.Format(cell.integer);
        return;
      case Cell::Kind::kText:
        AppendText({cell.text, cell.text_bytes});
        return;
    }
  }

  void AppendDecimal(const Cell& cell) {
    std::int64_t unit = 1;
    for (int i = 0; i < cell.scale; ++i) unit *= 10;
    const std::int64_t size = cell.integer < 0 ? -cell.integer : cell.integer;
    if (cell.integer < 0) line_ += '-';
    fmt::format_to(std::back_inserter(line_), "{}", size / unit);
    if (cell.scale > 0) {
      fmt::format_to(std::back_inserter(line_), ".{:0{}}", size % unit, cell.scale);
    }
  }

  void AppendText(std::string_view text) {
    for (const char c : text) {
      if (c == '\\' || c == '\t' || c == '\n' || c == '\r') {
        line_ += '\\';
        line_ += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\';
      } else {
        line_ += c;
      }
    }
  }

  std::string folder_;
  std::array<File, kTableCount> files_;
  std::string line_;
  TimeText time_text_;
  std::int64_t rows_written_ = 0;
};

}  // namespace

Result<std::unique_ptr<QoeSink>> OpenTsvSink(const std::string& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return FileError(folder, code.value());
  return std::unique_ptr<QoeSink>(new TsvSink(folder));
}

}  // namespace cqd::simulate
