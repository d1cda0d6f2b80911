// Customer tables from files: buildings, networks, access points, network names.
//
// Two forms. CSV with a header of the tables' public column names (reference/qoe-archive.md 2), in
// any order; columns that the file leaves out keep what is stored, or become the table's default in
// a new row. And the published building file without a header: 14 or 15 columns, tab or comma
// (reference/cube-model.md 2.6), which fills buildings, their types, network names and networks at
// once.
//
// All or nothing: a file with one wrong line changes nothing, and every wrong line is told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/network_overlaps.h"
#include "base/result.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace cqd::archive {

/// Largest file in bytes. Source: limit of the published building file,
/// reference/cube-model.md 2.6.
inline constexpr std::size_t kImportBytesMax = 50 * 1000 * 1000;
/// Wrong places told of one file; more are counted.
inline constexpr std::size_t kImportProblemsMax = 100;

struct ImportOptions {
  /// Checks and counts, but changes nothing.
  bool dry_run = false;
  /// Becomes CqdNetwork.UpdatedDate of rows that are new or changed.
  UtcTime now;
  /// Also fills ImportReport::overlaps.
  bool find_overlaps = false;
  /// The caller has begun a transaction, and keeps it or not: the report then says not applied.
  bool in_transaction = false;
};

/// One wrong place in a file.
struct ImportProblem {
  std::int64_t line = 0;  ///< from 1; of the record's first line
  std::string column;     ///< public name, or its number where the file has no header
  std::string value;      ///< as read, cut to 100 characters
  std::string allowed;    ///< what would be right
};

/// What became of one table.
struct ImportCounts {
  std::string table;
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t unchanged = 0;
};

struct ImportReport {
  std::int64_t rows_read = 0;           ///< records of the file, without header and empty lines
  std::vector<ImportCounts> tables;     ///< the tables the file touches; zero when not applied
  std::vector<ImportProblem> problems;  ///< the first kImportProblemsMax; any: nothing was changed
  std::int64_t problem_count = 0;
  /// Networks that would lie in a network of another building (network_overlaps.h), those that the
  /// file brings first, at most kImportProblemsMax. Only told, never refused.
  std::vector<NetworkOverlap> overlaps;
  std::int64_t overlap_count = 0;
  std::int64_t overlaps_new = 0;  ///< of these: not there before
  bool applied = false;           ///< the tables now hold the file (false for a dry run)
};

/// Opens or makes main.sqlite of the archive in `folder` for imports, also beside a running server,
/// which notices the change by itself. Errors: as Archive::Open.
Result<sqlite::Database> OpenForImport(const std::string& folder);

/// Each takes the whole text of a file; `main` comes from OpenForImport. UTF-8 with or without byte
/// order mark, lines end in LF or CRLF, fields may be quoted and then hold separators and line
/// ends. A row whose key is stored is replaced, as far as the file has columns for it. Errors:
/// kResourceExhausted (larger than kImportBytesMax), kInvalidArgument (not UTF-8 text, or no known
/// header: the message names the columns), kUnavailable (locked), kDiskFull. Wrong lines are no
/// error but ImportReport::problems. Cost: about 10 us a row.

/// Key BuildingKey; or the published building file.
Result<ImportReport> ImportBuildings(sqlite::Database& main, std::string_view text,
                                     const ImportOptions& options);
/// Key (Network, NetworkRange), and ValidFrom in a file with that column; without it, rows that are
/// always valid are meant. BuildingKey and NetworkNameID must exist, 0 is "none".
Result<ImportReport> ImportNetworks(sqlite::Database& main, std::string_view text,
                                    const ImportOptions& options);
/// Key bss, in any usual spelling of a hardware address.
Result<ImportReport> ImportBssids(sqlite::Database& main, std::string_view text,
                                  const ImportOptions& options);
/// Key NetworkNameID, or NetworkName in a file without that column.
Result<ImportReport> ImportNetworkNames(sqlite::Database& main, std::string_view text,
                                        const ImportOptions& options);
/// Key BuildingTypeId / OwnershipTypeId.
Result<ImportReport> ImportBuildingTypes(sqlite::Database& main, std::string_view text,
                                         const ImportOptions& options);
Result<ImportReport> ImportOwnershipTypes(sqlite::Database& main, std::string_view text,
                                          const ImportOptions& options);

}  // namespace cqd::archive
