#include "archive/internal/main_file.h"

#include <fmt/format.h>

#include <string>

namespace cqd::archive::internal {
namespace {

// Customer tables: public names, columns and types of reference/qoe-archive.md 2. The checks say
// what the types say: SQLite itself does not enforce varchar(80). Ours: CqdBuilding.ExpressRoute
// and CqdNetwork.VPN (columns of the published building file, reference/cube-model.md 2.6), rooms
// for IPv6 addresses (45 characters), the row "Unknown" of CqdBuilding, and defaults where the
// public table demands a value that nobody has to know.
constexpr std::string_view kCustomerTables = R"sql(
CREATE TABLE CqdBuildingType(
  BuildingTypeId int NOT NULL PRIMARY KEY,
  BuildingTypeDesc char(18) NOT NULL CHECK(length(BuildingTypeDesc) <= 18));
INSERT INTO CqdBuildingType VALUES(0, 'Unknown');
CREATE TABLE CqdBuildingOwnershipType(
  OwnershipTypeId int NOT NULL PRIMARY KEY,
  OwnershipTypeDesc varchar(25) NOT NULL CHECK(length(OwnershipTypeDesc) <= 25),
  LeaseInd tinyint CHECK(LeaseInd BETWEEN 0 AND 255),
  Owner varchar(50) CHECK(length(Owner) <= 50));
INSERT INTO CqdBuildingOwnershipType VALUES(0, 'Unknown', 0, NULL);
CREATE TABLE CqdBuilding(
  BuildingKey int NOT NULL PRIMARY KEY,
  BuildingName varchar(80) NOT NULL CHECK(length(BuildingName) <= 80),
  BuildingShortName varchar(10) NOT NULL DEFAULT '' CHECK(length(BuildingShortName) <= 10),
  OwnershipTypeId int NOT NULL DEFAULT 0 REFERENCES CqdBuildingOwnershipType(OwnershipTypeId),
  BuildingTypeId int NOT NULL DEFAULT 0 REFERENCES CqdBuildingType(BuildingTypeId),
  Latitude float CHECK(Latitude BETWEEN -90 AND 90),
  Longitude float CHECK(Longitude BETWEEN -180 AND 180),
  CityName varchar(30) CHECK(length(CityName) <= 30),
  ZipCode varchar(25) CHECK(length(ZipCode) <= 25),
  CountryShortCode varchar(2) CHECK(length(CountryShortCode) <= 2),
  StateProvinceCode varchar(3) CHECK(length(StateProvinceCode) <= 3),
  InsideCorp bit CHECK(InsideCorp IN (0, 1)),
  BuildingOfficeType nvarchar(150) CHECK(length(BuildingOfficeType) <= 150),
  Region varchar(25) CHECK(length(Region) <= 25),
  ExpressRoute bit CHECK(ExpressRoute IN (0, 1)));
INSERT INTO CqdBuilding(BuildingKey, BuildingName, BuildingShortName) VALUES(0, 'Unknown', 'Unknown');
CREATE TABLE CqdNetworkName(
  NetworkNameID INTEGER PRIMARY KEY AUTOINCREMENT,
  NetworkName varchar(256) NOT NULL CHECK(length(NetworkName) <= 256),
  NetworkType varchar(50) CHECK(length(NetworkType) <= 50));
CREATE TABLE CqdNetwork(
  Network varchar(25) NOT NULL CHECK(length(Network) <= 45),
  NetworkRange tinyint CHECK(NetworkRange BETWEEN 0 AND 128),
  NetworkNameID int DEFAULT 0,
  BuildingKey int DEFAULT 0 REFERENCES CqdBuilding(BuildingKey),
  UpdatedDate datetime NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  VPN bit NOT NULL DEFAULT 0 CHECK(VPN IN (0, 1)));
CREATE UNIQUE INDEX CqdNetworkKey ON CqdNetwork(Network, coalesce(NetworkRange, -1));
CREATE TABLE CqdBssid(
  bss nvarchar(50) NOT NULL PRIMARY KEY CHECK(length(bss) <= 50),
  ess nvarchar(50) CHECK(length(ess) <= 50),
  phy nvarchar(50) CHECK(length(phy) <= 50),
  ap nvarchar(50) CHECK(length(ap) <= 50),
  Building nvarchar(500) CHECK(length(Building) <= 500));
CREATE TABLE customer_version(id INTEGER PRIMARY KEY CHECK(id = 1), version INTEGER NOT NULL);
INSERT INTO customer_version VALUES(1, 1);
)sql";

constexpr std::string_view kOwnTables = R"sql(
CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL);
CREATE TABLE watermark(
  source_id INTEGER PRIMARY KEY REFERENCES source(id),
  text TEXT NOT NULL,
  updated_at INTEGER NOT NULL);
CREATE TABLE quarantine(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES source(id),
  reason TEXT NOT NULL,
  record_key TEXT NOT NULL,
  content_hash INTEGER NOT NULL,
  detail TEXT NOT NULL,
  payload BLOB NOT NULL,
  run_seq INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  occurrences INTEGER NOT NULL DEFAULT 1,
  UNIQUE(source_id, reason, record_key, content_hash));
)sql";

/// The quarantine as a tool: where a record stands on its way back, indexes in the order of lists,
/// and totals that cost the same for a million records.
constexpr std::string_view kQuarantineTool = R"sql(
ALTER TABLE quarantine ADD COLUMN replay TEXT NOT NULL DEFAULT '';
CREATE INDEX quarantine_reason ON quarantine(reason, id, source_id);
CREATE INDEX quarantine_source ON quarantine(source_id);
CREATE INDEX quarantine_run ON quarantine(run_seq);
CREATE INDEX quarantine_replay ON quarantine(source_id) WHERE replay = 'requested';
CREATE TABLE quarantine_total(
  source_id INTEGER NOT NULL REFERENCES source(id),
  reason TEXT NOT NULL,
  entries INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  evicted INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY(source_id, reason)) WITHOUT ROWID;
INSERT INTO quarantine_total
  SELECT source_id, reason, count(*), sum(occurrences), 0, min(first_at), max(last_at)
  FROM quarantine GROUP BY source_id, reason;
)sql";

/// Validity of networks, and versions of the customer tables. Two rows of one network may not be
/// valid on the same day, whoever writes them.
std::string MappingTables() {
  std::string sql = R"sql(
DROP INDEX CqdNetworkKey;
ALTER TABLE CqdNetwork ADD COLUMN ValidFrom date
  CHECK(ValidFrom IS NULL OR date(ValidFrom) IS ValidFrom);
ALTER TABLE CqdNetwork ADD COLUMN ValidUntil date
  CHECK(ValidUntil IS NULL OR (date(ValidUntil) IS ValidUntil
    AND (ValidFrom IS NULL OR ValidFrom < ValidUntil)));
CREATE UNIQUE INDEX CqdNetworkKey ON
  CqdNetwork(Network, coalesce(NetworkRange, -1), coalesce(ValidFrom, ''));
CREATE TABLE mapping_version(
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  note TEXT NOT NULL,
  origin TEXT NOT NULL,
  customer_version INTEGER NOT NULL,
  buildings INTEGER NOT NULL,
  networks INTEGER NOT NULL,
  access_points INTEGER NOT NULL);
CREATE TABLE mapping_layer(
  version INTEGER NOT NULL,
  place INTEGER NOT NULL,
  content INTEGER NOT NULL,
  applies_from INTEGER,
  PRIMARY KEY(version, place)) WITHOUT ROWID;
)sql";
  // A row of the same key is left to the index, so that INSERT OR REPLACE works.
  for (const std::string_view event : {"INSERT", "UPDATE"}) {
    sql += fmt::format(
        "CREATE TRIGGER CqdNetwork_overlap_{0} BEFORE {0} ON CqdNetwork WHEN EXISTS(SELECT 1 FROM "
        "CqdNetwork WHERE Network = NEW.Network AND coalesce(NetworkRange, -1) = "
        "coalesce(NEW.NetworkRange, -1) AND coalesce(ValidFrom, '') < coalesce(NEW.ValidUntil, "
        "'~') AND coalesce(NEW.ValidFrom, '') < coalesce(ValidUntil, '~') AND "
        "coalesce(ValidFrom, '') <> coalesce(NEW.ValidFrom, ''){1}) BEGIN SELECT "
        "RAISE(ABORT, 'the network has a row that is valid on the same days'); END;\n",
        event, event == "UPDATE" ? " AND rowid <> OLD.rowid" : "");
  }
  for (const std::string_view table : {"CqdBuilding", "CqdNetwork", "CqdNetworkName",
                                       "CqdBuildingType", "CqdBuildingOwnershipType", "CqdBssid"}) {
    sql += fmt::format(
        "CREATE TABLE mapping_{0} AS SELECT 0 AS content, * FROM {0} WHERE 0;\n"
        "CREATE INDEX mapping_{0}_content ON mapping_{0}(content);\n",
        table);
  }
  return sql;
}

/// Format of main.sqlite, its `PRAGMA user_version`.
constexpr int kMainVersion = 3;

/// The version must also notice what an administrator writes with any SQLite tool, so triggers
/// count it and not our code.
std::string VersionTriggers() {
  std::string sql;
  for (const std::string_view table : {"CqdBuilding", "CqdNetwork", "CqdNetworkName",
                                       "CqdBuildingType", "CqdBuildingOwnershipType", "CqdBssid"}) {
    for (const std::string_view event : {"INSERT", "UPDATE", "DELETE"}) {
      sql += fmt::format(
          "CREATE TRIGGER {0}_{1} AFTER {1} ON {0} BEGIN UPDATE customer_version SET version = "
          "version + 1; END;\n",
          table, event);
    }
  }
  return sql;
}

std::optional<bool> Flag(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column) != 0;
}
std::optional<double> Number(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Double(column);
}
std::optional<std::int64_t> Whole(const sqlite::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}
std::string Words(const sqlite::Statement& row, int column) {
  return std::string(row.Text(column));
}

/// Which state of the tables is read: as it is now, or kept.
using Content = std::optional<std::int64_t>;

std::string From(std::string_view table, const Content& content) {
  if (!content) return std::string(table);
  return fmt::format("(SELECT * FROM mapping_{0} WHERE content = {1}) AS {0}", table, *content);
}

Status ReadBuildings(sqlite::Database& main, const Content& content,
                     std::vector<model::Building>& out) {
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement row,
      main.Prepare("SELECT BuildingKey, BuildingName, BuildingShortName, OwnershipTypeDesc, "
                   "BuildingTypeDesc, CityName, ZipCode, CountryShortCode, StateProvinceCode, "
                   "BuildingOfficeType, Region, Latitude, Longitude, InsideCorp, ExpressRoute "
                   "FROM " +
                   From("CqdBuilding", content) + " LEFT JOIN " +
                   From("CqdBuildingOwnershipType", content) +
                   " USING(OwnershipTypeId) LEFT JOIN " + From("CqdBuildingType", content) +
                   " USING(BuildingTypeId) ORDER BY BuildingKey"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return OkStatus();
    model::Building& b = out.emplace_back();
    b.key = row.Int(0);
    b.name = Words(row, 1);
    b.short_name = Words(row, 2);
    b.ownership_type = Words(row, 3);
    b.building_type = Words(row, 4);
    b.city = Words(row, 5);
    b.zip_code = Words(row, 6);
    b.country = Words(row, 7);
    b.state = Words(row, 8);
    b.office_type = Words(row, 9);
    b.region = Words(row, 10);
    b.latitude = Number(row, 11);
    b.longitude = Number(row, 12);
    b.inside_corp = Flag(row, 13);
    b.express_route = Flag(row, 14);
  }
}

Status ReadNetworks(sqlite::Database& main, const Content& content,
                    std::vector<model::Network>& out) {
  // No range stands for the address alone; no name and no building for 0
  // (reference/cube-model.md 2.6).
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement row,
      main.Prepare(
          "SELECT Network, coalesce(NetworkRange, CASE WHEN instr(Network, ':') THEN 128 ELSE 32 "
          "END), coalesce(CqdNetwork.NetworkNameID, 0), NetworkName, NetworkType, "
          "coalesce(BuildingKey, 0), VPN, "
          "CAST(strftime('%s', ValidFrom) AS INTEGER) / 86400, "
          "CAST(strftime('%s', ValidUntil) AS INTEGER) / 86400 FROM " +
          From("CqdNetwork", content) + " LEFT JOIN " + From("CqdNetworkName", content) +
          " ON CqdNetworkName.NetworkNameID = CqdNetwork.NetworkNameID "
          "ORDER BY Network, NetworkRange, ValidFrom"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return OkStatus();
    out.push_back({Words(row, 0), static_cast<int>(row.Int(1)), row.Int(2), Words(row, 3),
                   Words(row, 4), row.Int(5), row.Int(6) != 0, Whole(row, 7), Whole(row, 8)});
  }
}

Status ReadAccessPoints(sqlite::Database& main, const Content& content,
                        std::vector<model::AccessPoint>& out) {
  CQD_ASSIGN_OR_RETURN(sqlite::Statement row,
                       main.Prepare("SELECT bss, ess, phy, ap, Building FROM " +
                                    From("CqdBssid", content) + " ORDER BY bss"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return OkStatus();
    out.push_back({Words(row, 0), Words(row, 1), Words(row, 2), Words(row, 3), Words(row, 4)});
  }
}

Status ReadAll(sqlite::Database& main, const Content& content, model::CustomerTables& tables) {
  CQD_RETURN_IF_ERROR(ReadBuildings(main, content, tables.buildings));
  CQD_RETURN_IF_ERROR(ReadNetworks(main, content, tables.networks));
  return ReadAccessPoints(main, content, tables.access_points);
}

}  // namespace

Result<sqlite::Database> OpenMainFile(const std::string& folder) {
  CQD_ASSIGN_OR_RETURN(sqlite::Database main,
                       sqlite::Database::Open(fmt::format("{}/{}", folder, kMainFileName)));
  const std::string first =
      std::string(kCustomerTables) + std::string(kOwnTables) + VersionTriggers();
  const std::string mapping = MappingTables();
  const sqlite::Migration migrations[] = {
      {1, first}, {2, kQuarantineTool}, {kMainVersion, mapping}};
  CQD_RETURN_IF_ERROR(sqlite::Migrate(main, migrations, "The archive's main file"));
  return main;
}

Status CheckMainVersion(sqlite::Database& main) {
  CQD_ASSIGN_OR_RETURN(const auto version, main.QueryInt("PRAGMA user_version"));
  if (version.value_or(0) > kMainVersion) {
    return Fail(ErrorCode::kUnimplemented,
                "the archive was written by a newer version of OpenCQD; start that version",
                main.path());
  }
  if (version.value_or(0) < kMainVersion) {
    return Fail(ErrorCode::kFailedPrecondition,
                "the archive is of an older version; start OpenCQD once to bring it up to date",
                main.path());
  }
  return OkStatus();
}

Result<model::CustomerTables> ReadCustomerTables(sqlite::Database& main) {
  // BEGIN (deferred) only reads: all tables are of one moment.
  CQD_RETURN_IF_ERROR(main.Execute("BEGIN"));
  model::CustomerTables tables;
  Status status = [&]() -> Status {
    CQD_ASSIGN_OR_RETURN(const auto version, main.QueryInt("SELECT version FROM customer_version"));
    tables.version = version.value_or(0);
    return ReadAll(main, std::nullopt, tables);
  }();
  const Status end = main.Execute("ROLLBACK");
  CQD_RETURN_IF_ERROR(status);
  CQD_RETURN_IF_ERROR(end);
  return tables;
}

Result<model::CustomerTables> ReadTablesInTransaction(sqlite::Database& main) {
  model::CustomerTables tables;
  CQD_RETURN_IF_ERROR(ReadAll(main, std::nullopt, tables));
  return tables;
}

Result<model::CustomerTables> ReadTables(sqlite::Database& main, std::int64_t content) {
  model::CustomerTables tables;
  CQD_RETURN_IF_ERROR(ReadAll(main, content, tables));
  return tables;
}

}  // namespace cqd::archive::internal
