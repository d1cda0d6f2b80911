// A small QoEMetrics database for tests: all documented tables that are read, on PostgreSQL or
// SQLite.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "odbc/connection.h"
#include "source/internal/qoe_mapping.h"
#include "source/qoe_metrics.h"
#include "support/postgres_server.h"

namespace cqd::source::internal {

/// What a test wants otherwise than documented.
struct SchemaChanges {
  std::set<std::string> without_tables = {};
  std::set<std::string> without_columns = {};               ///< "Table.Column"
  std::map<std::string, std::string> renamed_columns = {};  ///< "Table.Column" to another name
};

/// One call for Insert: a session with one audio line and two streams unless said otherwise.
struct TestCall {
  std::string time;  ///< ConferenceDateTime
  int seq = 1;
  std::string start = {};  ///< empty: `time`
  std::string end = {};    ///< empty: `time`
  int rtt_ms = 20;
};

class QoeDatabase {
 public:
  explicit QoeDatabase(odbc::Dialect dialect, const SchemaChanges& changes = {},
                       support::PostgresServer* server = nullptr)
      : changes_(changes) {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-qoe-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    if (dialect == odbc::Dialect::kPostgreSql) {
      support::PostgresServer& postgres = server != nullptr ? *server : support::SharedPostgres();
      password_ = support::PostgresServer::password();
      static int count = 0;
      const std::string name = fmt::format("qoe_{}", ++count);
      connection_string_ = postgres.ConnectionString();
      Reconnect();
      Execute("CREATE DATABASE " + name);
      connection_string_ = postgres.ConnectionString(name);
    } else {
      connection_string_ = "DRIVER={SQLite3};Database=" + (folder_ / "qoe.sqlite").string();
    }
    Reconnect();
    for (int i = 0; i < kQoeTableCount; ++i) CreateFact(MappingOf(static_cast<QoeTable>(i)));
    for (int i = 0; i < kQoeDictionaryCount; ++i)
      CreateDictionary(MappingOf(static_cast<QoeDictionary>(i)));
  }
  ~QoeDatabase() {
    connection_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Reconnect() {
    connection_.reset();
    auto connection = odbc::Connection::Open(
        {.connection_string = connection_string_, .password = password_, .read_only = false});
    ASSERT_TRUE(connection.ok()) << connection.error().ToString();
    connection_ = std::make_unique<odbc::Connection>(*std::move(connection));
  }

  QoeMetricsOptions Options() const {
    QoeMetricsOptions options;
    options.connection_string = connection_string_;
    options.password = password_;
    options.reconnect.first_wait = std::chrono::milliseconds(20);
    return options;
  }

  void Execute(const std::string& sql) {
    const Status status = connection_->Execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().ToString() << "\n" << sql;
  }

  /// INSERT INTO "table" ("a", "b") VALUES (1, 'x'): names as documented, mapped to this
  /// database's.
  void Insert(const std::string& table,
              const std::vector<std::pair<std::string, std::string>>& values) {
    if (changes_.without_tables.contains(table)) return;
    std::string names;
    std::string literals;
    for (const auto& [column, literal] : values) {
      const std::string full = table + "." + column;
      if (changes_.without_columns.contains(full)) continue;
      const auto renamed = changes_.renamed_columns.find(full);
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ",
                           renamed == changes_.renamed_columns.end() ? column : renamed->second);
      literals += (literals.empty() ? "" : ", ") + literal;
    }
    Execute(fmt::format("INSERT INTO \"{}\" ({}) VALUES ({})", table, names, literals));
  }

  /// Names that InsertCall refers to: two users, agents, machines and addresses.
  void InsertNames() {
    Insert("User", {{"UserKey", "1"}, {"URI", "'Anna@Contoso.com'"}});
    Insert("User", {{"UserKey", "2"}, {"URI", "'sip:bert@contoso.com'"}});
    Insert("UserAgent",
           {{"UserAgentKey", "1"}, {"UserAgent", "'UCCAPI/15.0 OC/15.0'"}, {"UAType", "4"}});
    Insert("UserAgent",
           {{"UserAgentKey", "2"}, {"UserAgent", "'RTCC/5.0 MediationServer'"}, {"UAType", "1"}});
    Insert("Endpoint", {{"EndpointKey", "1"},
                        {"Name", "'PC-ANNA'"},
                        {"OS", "'Windows 6.1'"},
                        {"CPUName", "'Core i5'"},
                        {"CPUNumberOfCores", "4"},
                        {"CPUProcessorSpeed", "2500"},
                        {"VirtualizationFlag", "0"}});
    Insert("Pool", {{"PoolKey", "1"}, {"PoolName", "'pool.contoso.com'"}});
    Insert("Conference", {{"ConferenceKey", "1"}, {"ConfURI", "'0815;from-tag=1;to-tag=2'"}});
    Insert("Conference", {{"ConferenceKey", "2"},
                          {"ConfURI", "'sip:a@b;gruu;opaque=app:conf:audio-video:id:X'"}});
    Insert("IPAddress", {{"IPAddressKey", "1"}, {"IPAddress", "'10.1.1.5'"}});
    Insert("IPAddress", {{"IPAddressKey", "2"}, {"IPAddress", "'10.1.1.0'"}});
    Insert("IPAddress", {{"IPAddressKey", "3"}, {"IPAddress", "'192.168.7.9'"}});
    Insert("MacAddress", {{"MacAddressKey", "1"}, {"MacAddress", "'00-1A-2B-3C-4D-5E'"}});
    Insert("Device", {{"DeviceKey", "1"}, {"DeviceName", "'Headset'"}});
    Insert("DeviceDriver", {{"DeviceDriverKey", "1"}, {"DeviceDriver", "'Maker: 1.0'"}});
    Insert("NetworkConnectionDetail",
           {{"NetworkConnectionDetailKey", "1"}, {"NetworkConnectionDetail", "'WiFi'"}});
    Insert("PayloadDescription",
           {{"PayloadDescriptionKey", "1"}, {"PayloadDescription", "'SILKWide'"}});
    Insert("PayloadDescription",
           {{"PayloadDescriptionKey", "2"}, {"PayloadDescription", "'x-rtvc1'"}});
    Insert("CallQualityFeedbackTokenDef",
           {{"TokenId", "101"}, {"TokenDescription", "'Audio_SilentLocal'"}});
    Insert("CallQualityFeedbackTokenDef",
           {{"TokenId", "204"}, {"TokenDescription", "'Video_FrozenVideo'"}});
  }

  static std::string Quoted(const std::string& text) { return "'" + text + "'"; }

  void InsertSession(const TestCall& call) {
    Insert("Session", {{"ConferenceDateTime", Quoted(call.time)},
                       {"SessionSeq", std::to_string(call.seq)},
                       {"StartTime", Quoted(call.start.empty() ? call.time : call.start)},
                       {"EndTime", Quoted(call.end.empty() ? call.time : call.end)},
                       {"ConferenceKey", "1"},
                       {"CallerURI", "1"},
                       {"CalleeURI", "2"},
                       {"CallerPAI", "1"},
                       {"CalleePAI", "2"},
                       {"CallerUserAgent", "1"},
                       {"CalleeUserAgent", "2"},
                       {"CallerEndpoint", "1"},
                       {"CallerPool", "1"}});
  }
  void InsertMediaLine(const TestCall& call, int label = 0) {
    Insert("MediaLine", {{"ConferenceDateTime", Quoted(call.time)},
                         {"SessionSeq", std::to_string(call.seq)},
                         {"MediaLineLabel", std::to_string(label)},
                         {"Transport", "0"},
                         {"Caller", Bit(1)},
                         {"CallerIPAddr", "1"},
                         {"CallerSubnet", "2"},
                         {"CallerPort", "50001"},
                         {"CallerMacAddress", "1"},
                         {"CallerBssid", "1"},
                         {"CallerNetworkConnectionType", "1"},
                         {"CallerLinkSpeed", "1000000000"},
                         {"CalleeIPAddr", "3"},
                         {"CallerCaptureDev", "1"},
                         {"CallerCaptureDevDriver", "1"}});
  }
  void InsertAudio(const TestCall& call, int stream, int label = 0) {
    Insert("AudioStream", {{"ConferenceDateTime", Quoted(call.time)},
                           {"SessionSeq", std::to_string(call.seq)},
                           {"MediaLineLabel", std::to_string(label)},
                           {"StreamID", std::to_string(stream)},
                           {"SenderIsCallerPAI", Bit(stream % 2)},
                           {"JitterInterArrival", "3"},
                           {"PacketLossRate", "0.0125"},
                           {"RoundTrip", std::to_string(call.rtt_ms)},
                           {"AudioPayloadDescription", "1"},
                           {"OverallAvgNetworkMOS", "3.9"}});
  }
  /// A whole call with two audio streams.
  void InsertCall(const TestCall& call) {
    InsertSession(call);
    InsertMediaLine(call);
    InsertAudio(call, 1);
    InsertAudio(call, 2);
  }

  /// A literal for a bit column.
  std::string Bit(int value) const {
    if (connection_->dialect() == odbc::Dialect::kPostgreSql) return value != 0 ? "true" : "false";
    return std::to_string(value);
  }
  odbc::Connection& connection() { return *connection_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::string TypeOf(const ColumnMapping& column) const {
    if (column.dictionary != QoeDictionary::kNone) return "int";
    switch (model::InfoOf(column.field).type) {
      case model::FieldType::kKey:
        return "varchar(256)";
      case model::FieldType::kDecimal:
        return "decimal(18,4)";
      case model::FieldType::kTime:
        return "timestamp";
      case model::FieldType::kFlag:
        return "boolean";
      case model::FieldType::kInteger:
      case model::FieldType::kMask:
        return "bigint";
    }
    return "int";
  }

  void Add(const std::string& table, std::string_view column, const std::string& type,
           std::set<std::string>& names, std::string& ddl) {
    const std::string full = table + "." + std::string(column);
    if (column.empty() || changes_.without_columns.contains(full) || !names.emplace(column).second)
      return;
    const auto renamed = changes_.renamed_columns.find(full);
    ddl += fmt::format(
        "{}\"{}\" {}", ddl.empty() ? "" : ", ",
        renamed == changes_.renamed_columns.end() ? std::string(column) : renamed->second, type);
  }

  void CreateFact(const TableMapping& mapping) {
    const std::string table(mapping.name);
    if (changes_.without_tables.contains(table)) return;
    std::set<std::string> names;
    std::string ddl;
    Add(table, "ConferenceDateTime", "timestamp", names, ddl);
    Add(table, "SessionSeq", "int", names, ddl);
    for (const Names& key : mapping.key_tail)
      Add(table, key[0], key[0] == "FromCaller" ? "boolean" : "int", names, ddl);
    for (const Names& extra : mapping.extras) {
      Add(table, extra[0], extra[0] == "IsAggregatedData" ? "boolean" : "int", names, ddl);
    }
    for (const ColumnMapping& column : mapping.columns) {
      // The column of 2010 databases is there only for the tests that want it.
      if (column.names[0] == "ConnectivityIce") continue;
      Add(table, column.names[0] == "CallerURI" ? "CallerURI" : column.names[0], TypeOf(column),
          names, ddl);
    }
    Execute(fmt::format("CREATE TABLE \"{}\" ({})", table, ddl));
  }

  void CreateDictionary(const DictionaryMapping& mapping) {
    const std::string table(mapping.table);
    if (changes_.without_tables.contains(table)) return;
    std::set<std::string> names;
    std::string ddl;
    Add(table, mapping.key[0], "int", names, ddl);
    Add(table, mapping.text[0], "varchar(450)", names, ddl);
    for (std::size_t i = 0; i < mapping.details.size(); ++i) {
      const bool text = mapping.dictionary == QoeDictionary::kEndpoint && i < 2;
      Add(table, mapping.details[i][0], text ? "varchar(128)" : "int", names, ddl);
    }
    Execute(fmt::format("CREATE TABLE \"{}\" ({})", table, ddl));
  }

  SchemaChanges changes_;
  std::filesystem::path folder_;
  std::string connection_string_;
  std::string password_;
  std::unique_ptr<odbc::Connection> connection_;
};

}  // namespace cqd::source::internal
