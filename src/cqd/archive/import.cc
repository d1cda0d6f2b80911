#include "archive/import.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <span>

#include "archive/internal/delimited.h"
#include "archive/internal/import_table.h"
#include "archive/internal/main_file.h"
#include "base/text.h"
#include "file/io.h"

namespace cqd::archive {
namespace {

using internal::Cell;
using internal::CellType;
using internal::ColumnSpec;
using internal::DelimitedRecord;
using internal::Problems;

/// A table as it may be imported. Sizes: reference/qoe-archive.md 2.
struct TableSpec {
  std::string_view table;
  std::span<const ColumnSpec> columns;
  std::size_t key_count;  ///< the first columns
  std::string_view stamp = {};
};

constexpr double kKeyMax = 2147483647;

constexpr ColumnSpec kBuildingColumns[] = {
    {"BuildingKey", CellType::kInteger, true, 0, kKeyMax},
    {"BuildingName", CellType::kText, true, 0, 80},
    {"BuildingShortName", CellType::kText, false, 0, 10, ""},
    {"OwnershipTypeId", CellType::kInteger, false, 0, kKeyMax, "0", "CqdBuildingOwnershipType",
     "OwnershipTypeId"},
    {"BuildingTypeId", CellType::kInteger, false, 0, kKeyMax, "0", "CqdBuildingType",
     "BuildingTypeId"},
    {"Latitude", CellType::kNumber, false, -90, 90},
    {"Longitude", CellType::kNumber, false, -180, 180},
    {"CityName", CellType::kText, false, 0, 30},
    {"ZipCode", CellType::kText, false, 0, 25},
    {"CountryShortCode", CellType::kText, false, 0, 2},
    {"StateProvinceCode", CellType::kText, false, 0, 3},
    {"InsideCorp", CellType::kFlag},
    {"BuildingOfficeType", CellType::kText, false, 0, 150},
    {"Region", CellType::kText, false, 0, 25},
    {"ExpressRoute", CellType::kFlag},
};
constexpr ColumnSpec kNetworkColumns[] = {
    {"Network", CellType::kAddress, true},
    {"NetworkRange", CellType::kInteger, false, 0, 128},
    {"ValidFrom", CellType::kText, false, 0, 10},
    {"NetworkNameID", CellType::kInteger, false, 0, kKeyMax, "0", "CqdNetworkName",
     "NetworkNameID"},
    {"BuildingKey", CellType::kInteger, false, 0, kKeyMax, "0", "CqdBuilding", "BuildingKey"},
    {"UpdatedDate", CellType::kText, false, 0, 30},
    {"VPN", CellType::kFlag, false, 0, 0, "0"},
    {"ValidUntil", CellType::kText, false, 0, 10},
};
constexpr ColumnSpec kBssidColumns[] = {
    {"bss", CellType::kHardwareAddress, true},    {"ess", CellType::kText, false, 0, 50},
    {"phy", CellType::kText, false, 0, 50},       {"ap", CellType::kText, false, 0, 50},
    {"Building", CellType::kText, false, 0, 500},
};
constexpr ColumnSpec kNetworkNameColumns[] = {
    {"NetworkNameID", CellType::kInteger, true, 1, kKeyMax},
    {"NetworkName", CellType::kText, true, 0, 256},
    {"NetworkType", CellType::kText, false, 0, 50},
};
constexpr ColumnSpec kBuildingTypeColumns[] = {
    {"BuildingTypeId", CellType::kInteger, true, 0, kKeyMax},
    {"BuildingTypeDesc", CellType::kText, true, 0, 18},
};
constexpr ColumnSpec kOwnershipTypeColumns[] = {
    {"OwnershipTypeId", CellType::kInteger, true, 0, kKeyMax},
    {"OwnershipTypeDesc", CellType::kText, true, 0, 25},
    {"LeaseInd", CellType::kInteger, false, 0, 255},
    {"Owner", CellType::kText, false, 0, 50},
};

Result<std::vector<DelimitedRecord>> Read(std::string_view text) {
  if (text.size() > kImportBytesMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("the file is larger than {} bytes; split it", kImportBytesMax));
  }
  return internal::ParseDelimited(text);
}

std::string JoinNames(std::span<const ColumnSpec> columns) {
  std::string names;
  for (const ColumnSpec& column : columns) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
  }
  return names;
}

/// Which field of a record belongs to a column of the table; nullopt: the file lacks it.
using Header = std::vector<std::optional<std::size_t>>;

Result<Header> ReadHeader(const TableSpec& spec, const DelimitedRecord& record) {
  Header header(spec.columns.size());
  for (std::size_t field = 0; field < record.fields.size(); ++field) {
    bool known = false;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      if (!EqualsIgnoreCase(record.fields[field], spec.columns[i].name)) continue;
      if (header[i]) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("the header names {} twice", spec.columns[i].name), "",
                    std::string(spec.columns[i].name));
      }
      header[i] = field;
      known = true;
    }
    if (!known) {
      const std::string name = CleanUtf8(record.fields[field], 100);
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' in the header is no column of {}; its columns are {}", name,
                              spec.table, JoinNames(spec.columns)),
                  "", name);
    }
  }
  return header;
}

/// Tells whether referenced rows exist; remembers the answers.
class References {
 public:
  explicit References(sqlite::Database& main) : main_(main) {}
  Result<bool> Exists(const ColumnSpec& column, const std::string& value) {
    if (column.references_table.empty() || value == "0") return true;
    const auto [known, added] = known_.try_emplace({column.references_table, value}, false);
    if (added) {
      CQD_ASSIGN_OR_RETURN(
          sqlite::Statement find,
          main_.Prepare(fmt::format("SELECT 1 FROM {} WHERE {} = ?", column.references_table,
                                    column.references_column)));
      find.BindText(1, value);
      CQD_ASSIGN_OR_RETURN(known->second, find.Step());
    }
    return known->second;
  }

 private:
  sqlite::Database& main_;
  std::map<std::pair<std::string_view, std::string>, bool> known_;
};

/// A network's length must fit its address, and its address begin at its length.
bool CheckNetwork(std::vector<Cell>& cells, const std::vector<const ColumnSpec*>& columns,
                  std::int64_t line, Problems& problems) {
  if (columns.size() < 2 || columns[1]->name != "NetworkRange" || !cells[1]) return true;
  const int bits = static_cast<int>(ParseInt(*cells[1]).value_or(0));
  if (bits > internal::AddressBits(*cells[0])) {
    problems.Add(line, "NetworkRange", *cells[1], "0 to 32 for an IPv4 network");
    return false;
  }
  cells[0] = internal::NetworkAddress(*cells[0], bits);
  return true;
}

/// One import of one table.
class CsvImport {
 public:
  CsvImport(sqlite::Database& main, const TableSpec& spec, const Header& header,
            ImportReport& report)
      : spec_(spec), references_(main), problems_(report) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (!header[i]) continue;
      columns_.push_back(&spec.columns[i]);
      fields_.push_back(*header[i]);
    }
  }

  Status Run(sqlite::Database& main, std::span<const DelimitedRecord> records,
             const ImportOptions& options, ImportReport& report) {
    std::vector<std::string> names;
    bool stamp = !spec_.stamp.empty();
    for (const ColumnSpec* column : columns_) {
      names.emplace_back(column->name);
      if (column->name == spec_.stamp) stamp = false;
    }
    CQD_ASSIGN_OR_RETURN(auto table, internal::TableImport::Create(
                                         main, spec_.table, std::move(names), spec_.key_count,
                                         stamp ? spec_.stamp : "", FormatSql(options.now)));
    for (const DelimitedRecord& record : records) {
      ++report.rows_read;
      CQD_ASSIGN_OR_RETURN(const auto cells, Check(record));
      if (!cells) continue;
      CQD_RETURN_IF_ERROR(internal::PutOrTell(table, *cells, record.line, problems_));
    }
    report.tables = {table.counts()};
    return OkStatus();
  }

 private:
  Result<std::optional<std::vector<Cell>>> Check(const DelimitedRecord& record) {
    using Checked = std::optional<std::vector<Cell>>;
    if (record.fields.size() != fields_.size()) {
      problems_.Add(record.line, "", fmt::format("{} fields", record.fields.size()),
                    fmt::format("{} fields, as in the header", fields_.size()));
      return Checked();
    }
    std::vector<Cell> cells;
    bool good = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto cell =
          internal::CheckCell(*columns_[i], record.fields[fields_[i]], record.line, problems_);
      if (cell && *cell) {
        CQD_ASSIGN_OR_RETURN(const bool exists, references_.Exists(*columns_[i], **cell));
        if (!exists) {
          problems_.Add(record.line, columns_[i]->name, **cell,
                        fmt::format("a row of {}", columns_[i]->references_table));
          good = false;
        }
      }
      good = good && cell.has_value();
      cells.push_back(cell ? *std::move(cell) : Cell());
    }
    if (!good || !CheckNetwork(cells, columns_, record.line, problems_)) return Checked();
    std::string key;
    for (std::size_t i = 0; i < spec_.key_count; ++i) key += cells[i].value_or("") + '\n';
    const auto [first, added] = lines_.emplace(std::move(key), record.line);
    if (!added) {
      problems_.Add(record.line, columns_[0]->name, cells[0].value_or(""),
                    fmt::format("each key once; line {} has it already", first->second));
      return Checked();
    }
    return Checked(std::move(cells));
  }

  const TableSpec& spec_;
  References references_;
  Problems problems_;
  std::vector<const ColumnSpec*> columns_;
  std::vector<std::size_t> fields_;
  std::map<std::string, std::int64_t> lines_;  ///< of each key
};

Result<ImportReport> ImportCsv(sqlite::Database& main, const TableSpec& spec,
                               const std::vector<DelimitedRecord>& records,
                               const ImportOptions& options) {
  if (records.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the file is empty; the first line names columns of {}: {}", spec.table,
                            JoinNames(spec.columns)));
  }
  CQD_ASSIGN_OR_RETURN(const Header header, ReadHeader(spec, records[0]));
  for (std::size_t i = 0; i < spec.key_count; ++i) {
    if (header[i]) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the header lacks {}, the key of {}", spec.columns[i].name, spec.table),
                "", std::string(spec.columns[i].name));
  }
  ImportReport report;
  CQD_RETURN_IF_ERROR(internal::InImportTransaction(main, options, report, [&]() -> Status {
    CsvImport import(main, spec, header, report);
    return import.Run(main, std::span(records).subspan(1), options, report);
  }));
  return report;
}

bool HasField(const DelimitedRecord& record, std::string_view name) {
  for (const std::string& field : record.fields) {
    if (EqualsIgnoreCase(field, name)) return true;
  }
  return false;
}

}  // namespace

Result<sqlite::Database> OpenForImport(const std::string& folder) {
  CQD_RETURN_IF_ERROR(file::MakeFolders(folder));
  return internal::OpenMainFile(folder);
}

Result<ImportReport> ImportBuildings(sqlite::Database& main, std::string_view text,
                                     const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(auto records, Read(text));
  // The published building file has no header; people add one all the same.
  const bool published =
      !records.empty() && records[0].fields.size() >= 14 && !HasField(records[0], "BuildingKey");
  if (!published) {
    return ImportCsv(main, {"CqdBuilding", kBuildingColumns, 1}, records, options);
  }
  if (HasField(records[0], "Network") && HasField(records[0], "BuildingName")) {
    records.erase(records.begin());
  }
  ImportReport report;
  CQD_RETURN_IF_ERROR(internal::InImportTransaction(main, options, report, [&] {
    return internal::ImportBuildingFile(main, records, options, report);
  }));
  return report;
}

Result<ImportReport> ImportNetworks(sqlite::Database& main, std::string_view text,
                                    const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(const auto records, Read(text));
  const bool dated = !records.empty() && HasField(records[0], "ValidFrom");
  return ImportCsv(main, {"CqdNetwork", kNetworkColumns, dated ? 3U : 2U, "UpdatedDate"}, records,
                   options);
}

Result<ImportReport> ImportBssids(sqlite::Database& main, std::string_view text,
                                  const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(const auto records, Read(text));
  return ImportCsv(main, {"CqdBssid", kBssidColumns, 1}, records, options);
}

Result<ImportReport> ImportNetworkNames(sqlite::Database& main, std::string_view text,
                                        const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(const auto records, Read(text));
  const std::span<const ColumnSpec> columns = kNetworkNameColumns;
  const bool numbered = records.empty() || HasField(records[0], "NetworkNameID");
  return ImportCsv(main, {"CqdNetworkName", numbered ? columns : columns.subspan(1), 1}, records,
                   options);
}

Result<ImportReport> ImportBuildingTypes(sqlite::Database& main, std::string_view text,
                                         const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(const auto records, Read(text));
  return ImportCsv(main, {"CqdBuildingType", kBuildingTypeColumns, 1}, records, options);
}

Result<ImportReport> ImportOwnershipTypes(sqlite::Database& main, std::string_view text,
                                          const ImportOptions& options) {
  CQD_ASSIGN_OR_RETURN(const auto records, Read(text));
  return ImportCsv(main, {"CqdBuildingOwnershipType", kOwnershipTypeColumns, 1}, records, options);
}

}  // namespace cqd::archive
