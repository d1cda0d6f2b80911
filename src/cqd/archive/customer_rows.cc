#include "archive/customer_rows.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "archive/customer_edit.h"
#include "archive/internal/main_file.h"
#include "base/check.h"

namespace cqd::archive {
namespace {

using Importer = Result<ImportReport> (*)(sqlite::Database&, std::string_view,
                                          const ImportOptions&);

/// What belongs to a CustomerTable of the same place.
struct Form {
  /// Columns beside the table's own, with their joins; "t" is the table.
  std::string_view further, joins;
  std::string_view order;
  Importer import;
  std::span<const std::string_view> keys;
};

constexpr std::string_view kBuildingKeys[] = {"BuildingKey"};
constexpr std::string_view kNetworkKeys[] = {"Network", "NetworkRange", "ValidFrom"};
constexpr std::string_view kNameKeys[] = {"NetworkNameID"};
constexpr std::string_view kBssidKeys[] = {"bss"};
constexpr std::string_view kBuildingTypeKeys[] = {"BuildingTypeId"};
constexpr std::string_view kOwnershipTypeKeys[] = {"OwnershipTypeId"};

constexpr std::array<CustomerTable, 6> kTables = {
    {{"buildings", "CqdBuilding"},
     {"networks", "CqdNetwork"},
     {"names", "CqdNetworkName"},
     {"bssids", "CqdBssid"},
     {"building-types", "CqdBuildingType"},
     {"ownership-types", "CqdBuildingOwnershipType"}}};
constexpr std::array<Form, 6> kForms = {
    {{", BuildingTypeDesc, OwnershipTypeDesc",
      " LEFT JOIN CqdBuildingType USING(BuildingTypeId)"
      " LEFT JOIN CqdBuildingOwnershipType USING(OwnershipTypeId)",
      "BuildingKey", ImportBuildings, kBuildingKeys},
     {", BuildingName, NetworkName",
      " LEFT JOIN CqdBuilding USING(BuildingKey) LEFT JOIN CqdNetworkName USING(NetworkNameID)",
      "Network, NetworkRange", ImportNetworks, kNetworkKeys},
     {"", "", "NetworkNameID", ImportNetworkNames, kNameKeys},
     {"", "", "bss", ImportBssids, kBssidKeys},
     {"", "", "BuildingTypeId", ImportBuildingTypes, kBuildingTypeKeys},
     {"", "", "OwnershipTypeId", ImportOwnershipTypes, kOwnershipTypeKeys}}};

const Form& FormOf(const CustomerTable& table) {
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (kTables[i].id == table.id) return kForms[i];
  }
  CQD_CHECK(false);
  return kForms[0];
}

Result<std::vector<std::string>> ColumnsOf(sqlite::Database& main, const std::string& select) {
  CQD_ASSIGN_OR_RETURN(const auto none, main.Prepare(select + " LIMIT 0"));
  std::vector<std::string> columns;
  for (int i = 0; i < none.column_count(); ++i) columns.emplace_back(none.ColumnName(i));
  return columns;
}

/// Every column in one text, so that one comparison looks at all of them.
std::string Haystack(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns)
    text += fmt::format("{}coalesce({}, '')", text.empty() ? "" : " || char(10) || ", column);
  return text;
}

void AppendCsv(std::string& csv, std::string_view field) {
  const bool blank_ends = !field.empty() && (field.front() == ' ' || field.back() == ' ');
  if (!blank_ends && field.find_first_of(",;\"\t\r\n") == std::string_view::npos) {
    csv += field;
    return;
  }
  csv += '"';
  for (const char c : field) {
    if (c == '"') csv += '"';
    csv += c;
  }
  csv += '"';
}

}  // namespace

std::span<const CustomerTable> CustomerTableList() {
  return kTables;
}

const CustomerTable* FindCustomerTable(std::string_view id) {
  for (const CustomerTable& table : kTables) {
    if (table.id == id) return &table;
  }
  return nullptr;
}

std::span<const std::string_view> KeyColumnsOf(const CustomerTable& table) {
  return FormOf(table).keys;
}

Result<sqlite::Database> OpenForReading(const std::string& folder) {
  CQD_ASSIGN_OR_RETURN(auto main,
                       sqlite::Database::Open(fmt::format("{}/{}", folder, internal::kMainFileName),
                                              {.mode = sqlite::OpenMode::kReadOnly}));
  CQD_RETURN_IF_ERROR(internal::CheckMainVersion(main));
  return main;
}

Result<CustomerPage> ReadCustomerPage(sqlite::Database& main, const CustomerTable& table,
                                      const CustomerPageRequest& request) {
  const Form& form = FormOf(table);
  const std::string inner =
      fmt::format("SELECT t.*{} FROM {} t{}", form.further, table.table, form.joins);
  CustomerPage page;
  CQD_ASSIGN_OR_RETURN(page.columns, ColumnsOf(main, inner));
  CQD_ASSIGN_OR_RETURN(const auto own,
                       ColumnsOf(main, fmt::format("SELECT * FROM {}", table.table)));
  page.own_columns = own.size();
  const std::string where =
      request.search.empty()
          ? std::string()
          : fmt::format(" WHERE instr(lower({}), lower(?1))", Haystack(page.columns));
  CQD_ASSIGN_OR_RETURN(const auto total,
                       main.QueryInt(fmt::format("SELECT count(*) FROM {}", table.table)));
  page.total = page.matching = total.value_or(0);
  if (!request.search.empty()) {
    CQD_ASSIGN_OR_RETURN(auto count,
                         main.Prepare(fmt::format("SELECT count(*) FROM ({}){}", inner, where)));
    count.BindText(1, request.search);
    CQD_ASSIGN_OR_RETURN([[maybe_unused]] const bool row, count.Step());
    page.matching = count.Int(0);
  }
  CQD_ASSIGN_OR_RETURN(auto rows,
                       main.Prepare(fmt::format("SELECT * FROM ({}){} ORDER BY {} LIMIT ?2 OFFSET "
                                                "?3",
                                                inner, where, form.order)));
  if (!request.search.empty()) rows.BindText(1, request.search);
  rows.BindInt(2, request.most).BindInt(3, request.offset);
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return page;
    auto& cells = page.rows.emplace_back();
    for (int i = 0; i < rows.column_count(); ++i) {
      cells.push_back(rows.IsNull(i) ? std::nullopt : std::optional<std::string>(rows.Text(i)));
    }
    page.versions.push_back(VersionOfRow(std::span(cells).first(page.own_columns)));
  }
}

Result<std::string> ExportCustomerTable(sqlite::Database& main, const CustomerTable& table) {
  CQD_ASSIGN_OR_RETURN(auto rows, main.Prepare(fmt::format("SELECT * FROM {} ORDER BY {}",
                                                           table.table, FormOf(table).order)));
  std::string csv;
  for (int i = 0; i < rows.column_count(); ++i) {
    if (i > 0) csv += ',';
    AppendCsv(csv, rows.ColumnName(i));
  }
  csv += "\r\n";
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return csv;
    for (int i = 0; i < rows.column_count(); ++i) {
      if (i > 0) csv += ',';
      AppendCsv(csv, rows.Text(i));
    }
    csv += "\r\n";
  }
}

Result<ImportReport> ImportCustomerTable(sqlite::Database& main, const CustomerTable& table,
                                         std::string_view text, const ImportOptions& options) {
  return FormOf(table).import(main, text, options);
}

}  // namespace cqd::archive
