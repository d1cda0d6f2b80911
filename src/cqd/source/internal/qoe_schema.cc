#include "source/internal/qoe_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace cqd::source::internal {
namespace {

using odbc::ColumnDescription;
using odbc::Connection;
using odbc::FetchType;

/// A table as the database has it.
struct FoundTable {
  std::string from;
  std::vector<ColumnDescription> columns;

  const ColumnDescription* Find(const Names& names) const {
    for (const std::string_view name : names) {
      if (name.empty()) continue;
      for (const ColumnDescription& column : columns) {
        if (EqualsIgnoreCase(column.name, name)) return &column;
      }
    }
    return nullptr;
  }
};

/// Tables of the schema that holds Session and MediaLine, by lower-case name.
class Catalogue {
 public:
  static Result<Catalogue> Read(Connection& connection) {
    CQD_ASSIGN_OR_RETURN(const auto tables, connection.Tables());
    if (tables.empty() && connection.dialect() == odbc::Dialect::kSqlite) {
      // libsqliteodbc lists nothing when the file is locked; a query says so.
      CQD_ASSIGN_OR_RETURN(odbc::Statement statement, odbc::Statement::Create(connection));
      CQD_RETURN_IF_ERROR(statement.Execute("SELECT count(*) FROM sqlite_master"));
    }
    std::map<std::string, int> score;
    for (const auto& table : tables) {
      if (EqualsIgnoreCase(table.name, "Session")) score[table.schema] += 1;
      if (EqualsIgnoreCase(table.name, "MediaLine")) score[table.schema] += 1;
    }
    Catalogue catalogue(connection);
    int best = 0;
    for (const auto& [schema, points] : score) {
      // Two copies: the documented schema wins.
      const int value = points * 2 + (EqualsIgnoreCase(schema, "dbo") ? 1 : 0);
      if (value > best) best = value, catalogue.schema_ = schema;
    }
    for (const auto& table : tables) {
      if (table.schema == catalogue.schema_)
        catalogue.names_.emplace(ToLower(table.name), table.name);
    }
    return catalogue;
  }

  /// Nullopt when there is no such table; kPermissionDenied when it may not be read.
  Result<std::optional<FoundTable>> Find(std::string_view name) {
    const auto found = names_.find(ToLower(name));
    if (found == names_.end()) return std::optional<FoundTable>();
    FoundTable table;
    const auto& traits = connection_.traits();
    if (!schema_.empty()) table.from = odbc::QuoteName(traits, schema_) + ".";
    table.from += odbc::QuoteName(traits, found->second);
    CQD_ASSIGN_OR_RETURN(odbc::Statement statement, odbc::Statement::Create(connection_));
    CQD_RETURN_IF_ERROR(statement.Execute(fmt::format("SELECT * FROM {} WHERE 1=0", table.from)));
    CQD_ASSIGN_OR_RETURN(table.columns, statement.Describe());
    return std::optional<FoundTable>(std::move(table));
  }

 private:
  explicit Catalogue(Connection& connection) : connection_(connection) {}
  Connection& connection_;
  std::string schema_;
  std::map<std::string, std::string> names_;
};

bool IsRequired(QoeTable table) {
  return table == QoeTable::kSession || table == QoeTable::kMediaLine;
}

bool IsStreamTable(QoeTable table) {
  return table == QoeTable::kAudioStream || table == QoeTable::kVideoStream ||
         table == QoeTable::kAppSharingStream;
}

FetchType FetchTypeOf(const ColumnMapping& mapping) {
  if (mapping.dictionary != QoeDictionary::kNone) return FetchType::kInteger;
  switch (model::InfoOf(mapping.field).type) {
    case model::FieldType::kKey:
      return FetchType::kText;
    case model::FieldType::kDecimal:
      return FetchType::kReal;
    case model::FieldType::kTime:
      return FetchType::kTime;
    case model::FieldType::kInteger:
    case model::FieldType::kFlag:
    case model::FieldType::kMask:
      return FetchType::kInteger;
  }
  return FetchType::kInteger;
}

/// Adds a column to the plan and returns its place; -1 when the table has none of the names.
int Add(const odbc::DialectTraits& traits, const FoundTable& table, const Names& names,
        FetchType type, TablePlan& plan) {
  const ColumnDescription* column = table.Find(names);
  if (column == nullptr) return -1;
  // Two fields may come from one column (the ICE column of old databases): fetched once.
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    if (plan.columns[i].name == column->name && plan.columns[i].type == type)
      return static_cast<int>(i);
  }
  plan.columns.push_back({odbc::QuoteName(traits, column->name), column->name, type});
  return static_cast<int>(plan.columns.size()) - 1;
}

/// Plans a table; a sentence in `missing` when it lacks a part of its key.
TablePlan PlanTable(const odbc::DialectTraits& traits, const FoundTable& found,
                    const TableMapping& mapping, std::string& missing,
                    std::vector<std::string_view>& missing_columns) {
  TablePlan plan;
  plan.from = found.from;
  const auto key = [&](const Names& names, FetchType type) {
    const int place = Add(traits, found, names, type, plan);
    if (place < 0 && missing.empty()) missing = fmt::format("{}.{}", mapping.name, names[0]);
    if (place >= 0) {
      plan.order_by +=
          (plan.order_by.empty() ? "" : ", ") + plan.columns[static_cast<std::size_t>(place)].sql;
    }
    return place;
  };
  key(kSessionTimeNames, FetchType::kTime);
  key(kSessionSeqNames, FetchType::kInteger);
  for (std::size_t i = 0; i < mapping.key_tail.size(); ++i) {
    if (!mapping.key_tail[i][0].empty())
      plan.key_tail[i] = key(mapping.key_tail[i], FetchType::kInteger);
  }
  for (std::size_t i = 0; i < mapping.extras.size(); ++i) {
    if (mapping.extras[i][0].empty()) continue;
    plan.extras[i] = Add(traits, found, mapping.extras[i], FetchType::kInteger, plan);
  }
  for (const ColumnMapping& column : mapping.columns) {
    plan.mapped.push_back(Add(traits, found, column.names, FetchTypeOf(column), plan));
    if (plan.mapped.back() < 0 && !column.fallback) missing_columns.push_back(column.names[0]);
  }
  plan.present = missing.empty();
  return plan;
}

DictionaryPlan PlanDictionary(const odbc::DialectTraits& traits, const FoundTable& found,
                              const DictionaryMapping& mapping, std::vector<std::string>& remarks) {
  DictionaryPlan plan;
  plan.from = found.from;
  const ColumnDescription* key = found.Find(mapping.key);
  const ColumnDescription* text = found.Find(mapping.text);
  if (key == nullptr || text == nullptr) {
    remarks.push_back(fmt::format("table {} has no column {}: its names are not known",
                                  mapping.table,
                                  key == nullptr ? mapping.key[0] : mapping.text[0]));
    return plan;
  }
  plan.key = odbc::QuoteName(traits, key->name);
  plan.text = odbc::QuoteName(traits, text->name);
  for (const Names& names : mapping.details) {
    if (names[0].empty()) continue;
    const ColumnDescription* detail = found.Find(names);
    plan.details.push_back(detail == nullptr ? "NULL" : odbc::QuoteName(traits, detail->name));
  }
  plan.present = true;
  return plan;
}

/// How SQLite stores the session times: as text with a blank or a 'T'. Numbers would compare as
/// nonsense.
Result<char> TimeSeparator(Connection& connection, const TablePlan& session) {
  if (connection.dialect() != odbc::Dialect::kSqlite) return '\0';
  CQD_ASSIGN_OR_RETURN(odbc::Statement statement, odbc::Statement::Create(connection));
  const std::string& column = session.columns[0].sql;
  CQD_RETURN_IF_ERROR(statement.Execute(fmt::format(
      "SELECT typeof({0}), substr({0}, 11, 1) FROM {1} LIMIT 1", column, session.from)));
  CQD_ASSIGN_OR_RETURN(const bool row, statement.Fetch());
  if (!row) return ' ';
  CQD_ASSIGN_OR_RETURN(const auto type, statement.Text(1));
  CQD_ASSIGN_OR_RETURN(const auto separator, statement.Text(2));
  if (type != "text") {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("Session.ConferenceDateTime is stored as {}, not as text",
                            type.value_or("null")));
  }
  return separator == "T" ? 'T' : ' ';
}

Status PlanFacts(Connection& connection, Catalogue& catalogue, Schema& schema) {
  bool any_stream = false;
  for (int i = 0; i < kQoeTableCount; ++i) {
    const TableMapping& mapping = MappingOf(static_cast<QoeTable>(i));
    CQD_ASSIGN_OR_RETURN(const auto found, catalogue.Find(mapping.name));
    std::string missing = fmt::format("table {}", mapping.name);
    std::vector<std::string_view> columns;
    if (found) {
      missing.clear();
      schema.tables[static_cast<std::size_t>(i)] =
          PlanTable(connection.traits(), *found, mapping, missing, columns);
    }
    if (!missing.empty()) {
      if (IsRequired(mapping.table)) {
        return Fail(ErrorCode::kFailedPrecondition,
                    fmt::format("this is not a QoEMetrics database: {} is missing", missing));
      }
      schema.remarks.push_back(fmt::format("{} is missing: {} is not read", missing, mapping.name));
      continue;
    }
    any_stream = any_stream || IsStreamTable(mapping.table);
    if (!columns.empty()) {
      schema.remarks.push_back(fmt::format("table {} has no column {}: left empty", mapping.name,
                                           fmt::join(columns, ", ")));
    }
  }
  if (!any_stream) {
    return Fail(ErrorCode::kFailedPrecondition,
                "this is not a QoEMetrics database: tables AudioStream, VideoStream and "
                "AppSharingStream are missing");
  }
  return OkStatus();
}

}  // namespace

Result<Schema> ProbeSchema(Connection& connection) {
  Schema schema;
  CQD_ASSIGN_OR_RETURN(Catalogue catalogue, Catalogue::Read(connection));
  CQD_RETURN_IF_ERROR(PlanFacts(connection, catalogue, schema));
  for (int i = 0; i < kQoeDictionaryCount; ++i) {
    const DictionaryMapping& mapping = MappingOf(static_cast<QoeDictionary>(i));
    CQD_ASSIGN_OR_RETURN(const auto found, catalogue.Find(mapping.table));
    if (!found) {
      schema.remarks.push_back(
          fmt::format("table {} is missing: its names are not known", mapping.table));
      continue;
    }
    schema.dictionaries[static_cast<std::size_t>(i)] =
        PlanDictionary(connection.traits(), *found, mapping, schema.remarks);
  }
  CQD_ASSIGN_OR_RETURN(schema.time_separator,
                       TimeSeparator(connection, schema.of(QoeTable::kSession)));
  return schema;
}

}  // namespace cqd::source::internal
