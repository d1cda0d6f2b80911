// The common part of all imports: checked values, rows by key, counting what changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/import.h"
#include "archive/internal/delimited.h"
#include "base/result.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// What a column takes. Sizes and ranges are those of the tables (main_file.cc).
enum class CellType { kText, kInteger, kNumber, kFlag, kAddress, kHardwareAddress };

struct ColumnSpec {
  std::string_view name;
  CellType type = CellType::kText;
  bool required = false;  ///< not empty where the file has the column
  double min = 0;         ///< kInteger, kNumber; both inclusive
  double max = 0;         ///< kInteger, kNumber; for kText most characters
  /// Stored for an empty field; null pointer: null.
  const char* empty = nullptr;
  /// Table whose column of the same meaning must hold the value, or empty; 0 needs no row.
  std::string_view references_table = {};
  std::string_view references_column = {};
};

/// Collects what is wrong in a file.
class Problems {
 public:
  explicit Problems(ImportReport& report) : report_(report) {}
  void Add(std::int64_t line, std::string_view column, std::string_view value, std::string allowed);
  bool any() const { return report_.problem_count > 0; }

 private:
  ImportReport& report_;
};

/// A checked value as it is bound: text, or null when empty.
using Cell = std::optional<std::string>;

/// Checks `text` and brings it into the form that is stored. nullopt: wrong (told to `problems`).
std::optional<Cell> CheckCell(const ColumnSpec& column, std::string_view text, std::int64_t line,
                              Problems& problems);

/// Clears the bits of `address` after `prefix_bits`, so that equal networks have one spelling.
/// Precondition: CheckCell took the address and the bits fit it.
std::string NetworkAddress(const std::string& address, int prefix_bits);
/// 32 or 128. Precondition: CheckCell took the address.
int AddressBits(const std::string& address);

/// Inserts or updates rows of one table by key and counts. Only what differs is written, so an
/// import of the same file again does not disturb whoever watches the tables' version.
class TableImport {
 public:
  /// `columns` are those the file has, `keys` the first `key_count` of them. `stamp` is a column
  /// set to `stamp_value` in rows that are added or changed, or empty.
  static Result<TableImport> Create(sqlite::Database& main, std::string_view table,
                                    std::vector<std::string> columns, std::size_t key_count,
                                    std::string_view stamp = {}, std::string stamp_value = {});
  /// Errors: kConflict when the table refuses the row.
  Status Put(const std::vector<Cell>& cells);
  const ImportCounts& counts() const { return counts_; }

 private:
  TableImport(sqlite::Statement find, sqlite::Statement insert, sqlite::Statement update)
      : find_(std::move(find)), insert_(std::move(insert)), update_(std::move(update)) {}
  sqlite::Statement find_, insert_, update_;
  std::size_t key_count_ = 0;
  std::string stamp_value_;
  bool stamped_ = false;
  ImportCounts counts_;
};

/// TableImport::Put, with what the table refuses told as a problem of the line.
Status PutOrTell(TableImport& import, const std::vector<Cell>& cells, std::int64_t line,
                 Problems& problems);

/// Fills the overlaps of `report`; `before` are those that were there already.
Status ReportOverlaps(sqlite::Database& main, const std::vector<NetworkOverlap>& before,
                      ImportReport& report);

/// Runs `work` in a transaction; keeps it unless it is a dry run or `report` has problems.
template <typename Work>
Status InImportTransaction(sqlite::Database& main, const ImportOptions& options,
                           ImportReport& report, Work&& work) {
  std::optional<sqlite::Transaction> transaction;
  if (!options.in_transaction) {
    CQD_ASSIGN_OR_RETURN(auto begun, sqlite::Transaction::Begin(main));
    transaction.emplace(std::move(begun));
  }
  std::vector<NetworkOverlap> before;
  if (options.find_overlaps) {
    CQD_ASSIGN_OR_RETURN(before, FindNetworkOverlaps(main));
  }
  CQD_RETURN_IF_ERROR(work());
  if (options.find_overlaps && report.problem_count == 0)
    CQD_RETURN_IF_ERROR(ReportOverlaps(main, before, report));
  if (report.problem_count > 0 || options.dry_run || !transaction) return OkStatus();
  CQD_RETURN_IF_ERROR(transaction->Commit());
  report.applied = true;
  return OkStatus();
}

/// The published building file (14 or 15 columns, no header).
Status ImportBuildingFile(sqlite::Database& main, const std::vector<DelimitedRecord>& records,
                          const ImportOptions& options, ImportReport& report);

}  // namespace cqd::archive::internal
