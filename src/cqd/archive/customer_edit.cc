#include "archive/customer_edit.h"

#include <fmt/format.h>

#include "archive/internal/main_file.h"

namespace cqd::archive {
namespace {

/// Which rows name one of another table: without them the tables would point to nothing.
struct Reference {
  std::string_view table_id;  ///< of the row that is named
  std::string_view from;      ///< table that names it
  std::string_view column;
  std::string_view label;  ///< SQL text by which a person knows the row
};
constexpr std::string_view kNetworkLabel =
    "Network || coalesce('/' || NetworkRange, '') || coalesce(' from ' || ValidFrom, '')";
constexpr std::string_view kBuildingLabel = "BuildingKey || ' ' || BuildingName";
constexpr Reference kReferences[] = {
    {"buildings", "CqdNetwork", "BuildingKey", kNetworkLabel},
    {"names", "CqdNetwork", "NetworkNameID", kNetworkLabel},
    {"building-types", "CqdBuilding", "BuildingTypeId", kBuildingLabel},
    {"ownership-types", "CqdBuilding", "OwnershipTypeId", kBuildingLabel},
};

using Row = std::vector<std::optional<std::string>>;

std::string WhereKey(const CustomerTable& table) {
  std::string where;
  int number = 0;
  for (const std::string_view column : KeyColumnsOf(table)) {
    ++number;
    // Compared as text, whatever the column holds; null is the empty text.
    where += fmt::format("{}coalesce(CAST({} AS TEXT), '') = ?{}", number == 1 ? "" : " AND ",
                         column, number);
  }
  return where;
}

void BindKey(sqlite::Statement& statement, const CustomerRowEdit& edit) {
  for (std::size_t i = 0; i < edit.key.size(); ++i)
    statement.BindText(static_cast<int>(i) + 1, edit.key[i]);
}

Result<std::optional<Row>> FindRow(sqlite::Database& main, const CustomerTable& table,
                                   const CustomerRowEdit& edit) {
  CQD_ASSIGN_OR_RETURN(auto find, main.Prepare(fmt::format("SELECT * FROM {} WHERE {}", table.table,
                                                           WhereKey(table))));
  BindKey(find, edit);
  CQD_ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return std::optional<Row>();
  Row row;
  for (int i = 0; i < find.column_count(); ++i)
    row.push_back(find.IsNull(i) ? std::nullopt : std::optional<std::string>(find.Text(i)));
  return std::optional<Row>(std::move(row));
}

Status CheckEdit(sqlite::Database& main, const CustomerTable& table, const CustomerRowEdit& edit) {
  const auto keys = KeyColumnsOf(table);
  if (edit.key.size() != keys.size())
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("key must have {} members: {}", keys.size(), fmt::join(keys, ", ")), {},
                "key");
  if (keys.size() == 1 && edit.key[0] == "0")
    return Fail(ErrorCode::kFailedPrecondition,
                "the row of key 0 stands for \"Unknown\" and stays as it is", {}, "key");
  CQD_ASSIGN_OR_RETURN(const auto row, FindRow(main, table, edit));
  if (edit.kind == CustomerRowEdit::Kind::kAdd) {
    if (!row) return OkStatus();
    return Fail(ErrorCode::kAlreadyExists, "there is a row of that key", {}, "key");
  }
  if (!row)
    return Fail(ErrorCode::kNotFound, "there is no row of that key; somebody may have deleted it",
                {}, "key");
  if (VersionOfRow(*row) == edit.version) return OkStatus();
  return Fail(ErrorCode::kConflict, "the row has been changed since you looked at it", {},
              "If-Match");
}

Result<std::vector<RowUsers>> UsersOf(sqlite::Database& main, const CustomerTable& table,
                                      const CustomerRowEdit& edit) {
  std::vector<RowUsers> users;
  for (const Reference& reference : kReferences) {
    if (reference.table_id != table.id) continue;
    CQD_ASSIGN_OR_RETURN(
        auto rows, main.Prepare(fmt::format("SELECT {} FROM {} WHERE CAST({} AS TEXT) = ?1 "
                                            "ORDER BY 1",
                                            reference.label, reference.from, reference.column)));
    BindKey(rows, edit);
    RowUsers found{std::string(reference.from), {}, 0};
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const bool more, rows.Step());
      if (!more) break;
      if (found.rows.size() < kRowUsersMax) found.rows.emplace_back(rows.Text(0));
      ++found.count;
    }
    if (found.count > 0) users.push_back(std::move(found));
  }
  return users;
}

Status Delete(sqlite::Database& main, const CustomerTable& table, const CustomerRowEdit& edit,
              CustomerRowChange& change) {
  CQD_ASSIGN_OR_RETURN(change.users, UsersOf(main, table, edit));
  if (!change.users.empty()) return OkStatus();
  CQD_ASSIGN_OR_RETURN(auto gone, main.Prepare(fmt::format("DELETE FROM {} WHERE {}", table.table,
                                                           WhereKey(table))));
  BindKey(gone, edit);
  return gone.Run();
}

std::string Quoted(std::string_view field) {
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

/// As a file of one line, so that a row by hand is checked as one of a file.
Status Write(sqlite::Database& main, const CustomerTable& table, const CustomerRowEdit& edit,
             CustomerRowChange& change) {
  std::string header, line;
  const auto keys = KeyColumnsOf(table);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    header += fmt::format("{}{}", i == 0 ? "" : ",", keys[i]);
    line += fmt::format("{}{}", i == 0 ? "" : ",", Quoted(edit.key[i]));
  }
  for (const auto& [column, text] : edit.values) {
    header += ',' + Quoted(column);
    line += ',' + Quoted(text);
  }
  CQD_ASSIGN_OR_RETURN(
      change.report,
      ImportCustomerTable(
          main, table, header + '\n' + line + '\n',
          {.now = edit.now, .find_overlaps = table.table == "CqdNetwork", .in_transaction = true}));
  if (change.report.problem_count > 0 || edit.kind == CustomerRowEdit::Kind::kAdd)
    return OkStatus();
  for (const ImportCounts& counts : change.report.tables) {
    // A file spells addresses in one way; a row that another program wrote may spell it otherwise.
    if (counts.added > 0)
      return Fail(ErrorCode::kFailedPrecondition,
                  "the key is not spelled as this program spells it; delete the row and add it "
                  "anew",
                  {}, "key");
  }
  return OkStatus();
}

}  // namespace

std::string VersionOfRow(std::span<const std::optional<std::string>> cells) {
  // FNV-1a, 64 bits (Fowler, Noll, Vo): against mistakes, not against people.
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&hash](char c) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  };
  for (const auto& cell : cells) {
    add(cell ? '\1' : '\0');
    if (cell) {
      for (const char c : *cell) add(c);
    }
    add('\0');
  }
  return fmt::format("{:016x}", hash);
}

Result<CustomerRowChange> ChangeCustomerRow(sqlite::Database& main, const CustomerTable& table,
                                            const CustomerRowEdit& edit) {
  CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(main));
  CQD_RETURN_IF_ERROR(CheckEdit(main, table, edit));
  CustomerRowChange change;
  CQD_RETURN_IF_ERROR(edit.kind == CustomerRowEdit::Kind::kDelete
                          ? Delete(main, table, edit, change)
                          : Write(main, table, edit, change));
  if (change.report.problem_count > 0 || !change.users.empty()) return change;
  if (edit.dry_run) {
    CQD_ASSIGN_OR_RETURN(change.after, internal::ReadTablesInTransaction(main));
    return change;
  }
  CQD_RETURN_IF_ERROR(transaction.Commit());
  change.report.applied = true;
  return change;
}

}  // namespace cqd::archive
