// The published building file: one line a network with the building it lies in
// (reference/cube-model.md 2.6). Lines of one building repeat its columns.
#include <fmt/format.h>

#include <map>
#include <optional>

#include "archive/internal/import_table.h"
#include "base/text.h"

namespace cqd::archive::internal {
namespace {

// In the order of the file; sizes are those of the columns they go to (reference/qoe-archive.md 2).
constexpr ColumnSpec kColumns[] = {
    {"Network", CellType::kAddress, true},
    {"NetworkName", CellType::kText, false, 0, 256, ""},
    {"NetworkRange", CellType::kInteger, true, 0, 128},
    {"BuildingName", CellType::kText, false, 0, 80, ""},
    {"OwnershipType", CellType::kText, false, 0, 25, ""},
    {"BuildingType", CellType::kText, false, 0, 18, ""},
    {"BuildingOfficeType", CellType::kText, false, 0, 150},
    {"City", CellType::kText, false, 0, 30},
    {"ZipCode", CellType::kText, false, 0, 25},
    {"Country", CellType::kText, false, 0, 2},
    {"State", CellType::kText, false, 0, 3},
    {"Region", CellType::kText, false, 0, 25},
    {"InsideCorp", CellType::kFlag},
    {"ExpressRoute", CellType::kFlag},
    {"VPN", CellType::kFlag, false, 0, 0, "0"},
};
enum Column {
  kNetwork,
  kNetworkName,
  kNetworkRange,
  kBuildingName,
  kOwnershipType,
  kBuildingType,
  kOfficeType,
  kCity,
  kZipCode,
  kCountry,
  kState,
  kRegion,
  kInsideCorp,
  kExpressRoute,
  kVpn,
  kColumnCount
};
constexpr std::size_t kFieldsMin = 14;

struct Line {
  std::int64_t number = 0;
  std::vector<Cell> cells;
};

/// Numbers by text of a table of names, made when new; "" is 0.
class NameTable {
 public:
  NameTable(sqlite::Database& main, std::string_view table, std::string_view id,
            std::string_view text)
      : main_(main), table_(table), id_(id), text_(text) {
    counts_.table = table;
  }
  Result<std::string> IdOf(const std::string& name) {
    if (name.empty()) return std::string("0");
    const auto [known, added] = ids_.try_emplace(ToLower(name));
    if (!added) return known->second;
    CQD_ASSIGN_OR_RETURN(auto find,
                         main_.Prepare(fmt::format("SELECT {} FROM {} WHERE {} = ? COLLATE NOCASE "
                                                   "ORDER BY 1 LIMIT 1",
                                                   id_, table_, text_)));
    find.BindText(1, name);
    CQD_ASSIGN_OR_RETURN(const bool found, find.Step());
    if (found) {
      ++counts_.unchanged;
      return known->second = find.Text(0);
    }
    CQD_ASSIGN_OR_RETURN(const auto greatest,
                         main_.QueryInt(fmt::format("SELECT max({}) FROM {}", id_, table_)));
    known->second = std::to_string(greatest.value_or(0) + 1);
    CQD_ASSIGN_OR_RETURN(
        auto insert,
        main_.Prepare(fmt::format("INSERT INTO {}({}, {}) VALUES(?, ?)", table_, id_, text_)));
    insert.BindText(1, known->second).BindText(2, name);
    CQD_RETURN_IF_ERROR(insert.Run());
    ++counts_.added;
    return known->second;
  }
  const ImportCounts& counts() const { return counts_; }

 private:
  sqlite::Database& main_;
  std::string_view table_, id_, text_;
  std::map<std::string, std::string> ids_;
  ImportCounts counts_;
};

std::vector<Line> CheckLines(const std::vector<DelimitedRecord>& records, ImportReport& report) {
  Problems problems(report);
  std::vector<Line> lines;
  std::map<std::pair<std::string, std::string>, std::int64_t> seen;
  for (const DelimitedRecord& record : records) {
    ++report.rows_read;
    if (record.fields.size() != kFieldsMin && record.fields.size() != kColumnCount) {
      problems.Add(record.line, "", fmt::format("{} fields", record.fields.size()),
                   "14 fields, or 15 with VPN");
      continue;
    }
    Line line{record.line, std::vector<Cell>(kColumnCount)};
    bool good = true;
    for (std::size_t i = 0; i < kColumnCount; ++i) {
      const std::string_view text =
          i < record.fields.size() ? std::string_view(record.fields[i]) : std::string_view();
      auto cell = CheckCell(kColumns[i], text, record.line, problems);
      good = good && cell.has_value();
      if (cell) line.cells[i] = *std::move(cell);
    }
    if (!good) continue;
    std::string& address = *line.cells[kNetwork];
    const int bits = static_cast<int>(ParseInt(*line.cells[kNetworkRange]).value_or(0));
    if (bits > AddressBits(address)) {
      problems.Add(record.line, "NetworkRange", *line.cells[kNetworkRange],
                   "0 to 32 for an IPv4 network");
      continue;
    }
    address = NetworkAddress(address, bits);
    const auto [first, added] =
        seen.emplace(std::pair(address, *line.cells[kNetworkRange]), record.line);
    if (!added) {
      problems.Add(record.line, "Network", address,
                   fmt::format("each network once; line {} has it already", first->second));
      continue;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Finds or makes the building of each line. Buildings have no number in the file: one is known by
/// name, city, state and country. Where these are equal but other columns differ (a guest network
/// that is not inside), there are as many buildings as there are variants, in the order of the
/// file.
class Buildings {
 public:
  Buildings(sqlite::Database& main, ImportReport& report)
      : main_(main),
        problems_(report),
        ownership_(main, "CqdBuildingOwnershipType", "OwnershipTypeId", "OwnershipTypeDesc"),
        type_(main, "CqdBuildingType", "BuildingTypeId", "BuildingTypeDesc") {}

  Status Begin() {
    CQD_ASSIGN_OR_RETURN(const auto greatest,
                         main_.QueryInt("SELECT max(BuildingKey) FROM CqdBuilding"));
    next_key_ = greatest.value_or(0) + 1;
    CQD_ASSIGN_OR_RETURN(
        find_, main_.Prepare("SELECT BuildingKey FROM CqdBuilding WHERE BuildingKey <> 0 AND "
                             "BuildingName = ?1 COLLATE NOCASE AND coalesce(CityName, '') = ?2 "
                             "COLLATE NOCASE AND coalesce(StateProvinceCode, '') = ?3 COLLATE "
                             "NOCASE AND coalesce(CountryShortCode, '') = ?4 COLLATE NOCASE "
                             "ORDER BY BuildingKey"));
    CQD_ASSIGN_OR_RETURN(
        table_,
        TableImport::Create(main_, "CqdBuilding",
                            {"BuildingKey", "BuildingName", "OwnershipTypeId", "BuildingTypeId",
                             "BuildingOfficeType", "CityName", "ZipCode", "CountryShortCode",
                             "StateProvinceCode", "Region", "InsideCorp", "ExpressRoute"},
                            1));
    return OkStatus();
  }

  Result<std::string> KeyOf(const Line& line) {
    const auto& cells = line.cells;
    if (cells[kBuildingName]->empty()) return std::string("0");
    std::string identity;
    for (const Column column : {kBuildingName, kCity, kState, kCountry}) {
      identity += ToLower(cells[column].value_or("")) + '\n';
    }
    std::vector<Cell> variant;
    for (int i = kBuildingName; i <= kExpressRoute; ++i) {
      variant.push_back(cells[static_cast<std::size_t>(i)]);
    }
    const auto [place, added] = places_.try_emplace(std::move(identity));
    if (added) CQD_RETURN_IF_ERROR(FindStored(cells, place->second));
    Place& same_place = place->second;
    const auto [known, is_new] = same_place.variants.try_emplace(std::move(variant));
    if (!is_new) return known->second;
    const std::size_t number = same_place.variants.size() - 1;
    known->second =
        number < same_place.stored.size() ? same_place.stored[number] : std::to_string(next_key_++);
    CQD_RETURN_IF_ERROR(Store(line, known->second));
    return known->second;
  }

  void Report(ImportReport& report) const {
    report.tables.push_back(table_->counts());
    report.tables.push_back(type_.counts());
    report.tables.push_back(ownership_.counts());
  }

 private:
  struct Place {
    std::vector<std::string> stored;
    std::map<std::vector<Cell>, std::string> variants;
  };

  Status FindStored(const std::vector<Cell>& cells, Place& place) {
    const std::string city = cells[kCity].value_or("");
    const std::string state = cells[kState].value_or("");
    const std::string country = cells[kCountry].value_or("");
    find_->BindText(1, *cells[kBuildingName])
        .BindText(2, city)
        .BindText(3, state)
        .BindText(4, country);
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const bool row, find_->Step());
      if (!row) break;
      place.stored.emplace_back(find_->Text(0));
    }
    find_->Reset();
    return OkStatus();
  }

  Status Store(const Line& line, const std::string& key) {
    const auto& c = line.cells;
    CQD_ASSIGN_OR_RETURN(const std::string ownership, ownership_.IdOf(*c[kOwnershipType]));
    CQD_ASSIGN_OR_RETURN(const std::string type, type_.IdOf(*c[kBuildingType]));
    return PutOrTell(*table_,
                     {key, c[kBuildingName], ownership, type, c[kOfficeType], c[kCity], c[kZipCode],
                      c[kCountry], c[kState], c[kRegion], c[kInsideCorp], c[kExpressRoute]},
                     line.number, problems_);
  }

  sqlite::Database& main_;
  Problems problems_;
  NameTable ownership_, type_;
  std::int64_t next_key_ = 1;
  std::optional<sqlite::Statement> find_;
  std::optional<TableImport> table_;
  std::map<std::string, Place> places_;
};

}  // namespace

Status ImportBuildingFile(sqlite::Database& main, const std::vector<DelimitedRecord>& records,
                          const ImportOptions& options, ImportReport& report) {
  const std::vector<Line> lines = CheckLines(records, report);
  if (report.problem_count > 0) return OkStatus();
  bool has_vpn = false;
  for (const DelimitedRecord& record : records) has_vpn |= record.fields.size() == kColumnCount;
  std::vector<std::string> columns = {"Network", "NetworkRange", "NetworkNameID", "BuildingKey"};
  if (has_vpn) columns.emplace_back("VPN");
  CQD_ASSIGN_OR_RETURN(auto networks, TableImport::Create(main, "CqdNetwork", std::move(columns), 2,
                                                          "UpdatedDate", FormatSql(options.now)));
  NameTable names(main, "CqdNetworkName", "NetworkNameID", "NetworkName");
  Buildings buildings(main, report);
  CQD_RETURN_IF_ERROR(buildings.Begin());
  Problems problems(report);
  for (const Line& line : lines) {
    CQD_ASSIGN_OR_RETURN(const std::string name, names.IdOf(*line.cells[kNetworkName]));
    CQD_ASSIGN_OR_RETURN(const std::string building, buildings.KeyOf(line));
    std::vector<Cell> cells = {line.cells[kNetwork], line.cells[kNetworkRange], name, building};
    if (has_vpn) cells.push_back(line.cells[kVpn]);
    CQD_RETURN_IF_ERROR(PutOrTell(networks, cells, line.number, problems));
  }
  // The table wants a short name; the file has none. One that is set stays.
  CQD_RETURN_IF_ERROR(
      main.Execute("UPDATE CqdBuilding SET BuildingShortName = substr(BuildingName, 1, 10) "
                   "WHERE BuildingShortName = ''"));
  report.tables = {networks.counts(), names.counts()};
  buildings.Report(report);
  return OkStatus();
}

}  // namespace cqd::archive::internal
