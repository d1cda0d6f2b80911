// For the tests of this module: folders that go away, simulated files, answers as numbers.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "simulate/simulate.h"
#include "sqlite/database.h"

namespace cqd::simulate {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-simulate-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline UtcTime TimeOf(std::string_view text) {
  return *ParseTime(text);
}

/// Simulates into a new SQLite file; the test fails when it cannot.
inline SimulateReport SimulateFile(const std::string& path, const SimulateOptions& options) {
  CancelToken cancel;
  auto sink = OpenSqliteSink(path);
  if (!sink.ok()) {
    ADD_FAILURE() << sink.error().ToString();
    return {};
  }
  auto report = Simulate(options, **sink, cancel);
  if (!report.ok()) {
    ADD_FAILURE() << report.error().ToString();
    return {};
  }
  return *std::move(report);
}

/// Read access to a file by SQL.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : database_(*sqlite::Database::Open(path, {.mode = sqlite::OpenMode::kReadOnly})) {}

  /// First column of the first row as a number; -1 for NULL or no row.
  double Number(const std::string& sql) {
    auto statement = database_.Prepare(sql);
    if (!statement.ok()) {
      ADD_FAILURE() << statement.error().ToString() << "\n" << sql;
      return -1;
    }
    auto row = statement->Step();
    if (!row.ok()) {
      ADD_FAILURE() << row.error().ToString() << "\n" << sql;
      return -1;
    }
    return *row && !statement->IsNull(0) ? statement->Double(0) : -1;
  }

  /// All rows as one text, in key order.
  std::string Dump(std::string_view table) {
    auto statement = database_.Prepare("SELECT * FROM \"" + std::string(table) + "\"");
    std::string text;
    for (auto row = statement->Step(); row.ok() && *row; row = statement->Step()) {
      for (int column = 0; column < statement->column_count(); ++column) {
        text += statement->IsNull(column) ? "\\N" : std::string(statement->Text(column));
        text += '\t';
      }
      text += '\n';
    }
    return text;
  }

 private:
  sqlite::Database database_;
};

inline std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace cqd::simulate
