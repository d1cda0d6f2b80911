#include "archive/internal/mapping_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/internal/main_file.h"

namespace cqd::archive::internal {
namespace {

using sqlite::Statement;
using sqlite::Transaction;

struct KeptTable {
  std::string_view name, key;
  std::string_view columns;   ///< all
  std::string_view compared;  ///< those with a meaning
};

// Parents before children, as the foreign keys want it.
constexpr std::array<KeptTable, 6> kTables = {{
    {"CqdBuildingType", "BuildingTypeId", "BuildingTypeId, BuildingTypeDesc",
     "BuildingTypeId, BuildingTypeDesc"},
    {"CqdBuildingOwnershipType", "OwnershipTypeId",
     "OwnershipTypeId, OwnershipTypeDesc, LeaseInd, Owner",
     "OwnershipTypeId, OwnershipTypeDesc, LeaseInd, Owner"},
    {"CqdBuilding", "BuildingKey",
     "BuildingKey, BuildingName, BuildingShortName, OwnershipTypeId, BuildingTypeId, Latitude, "
     "Longitude, CityName, ZipCode, CountryShortCode, StateProvinceCode, InsideCorp, "
     "BuildingOfficeType, Region, ExpressRoute",
     "BuildingKey, BuildingName, BuildingShortName, OwnershipTypeId, BuildingTypeId, Latitude, "
     "Longitude, CityName, ZipCode, CountryShortCode, StateProvinceCode, InsideCorp, "
     "BuildingOfficeType, Region, ExpressRoute"},
    {"CqdNetworkName", "NetworkNameID", "NetworkNameID, NetworkName, NetworkType",
     "NetworkNameID, NetworkName, NetworkType"},
    {"CqdNetwork", "Network, NetworkRange, ValidFrom",
     "Network, NetworkRange, NetworkNameID, BuildingKey, UpdatedDate, VPN, ValidFrom, ValidUntil",
     "Network, NetworkRange, NetworkNameID, BuildingKey, VPN, ValidFrom, ValidUntil"},
    {"CqdBssid", "bss", "bss, ess, phy, ap, Building", "bss, ess, phy, ap, Building"},
}};

std::string Kept(const KeptTable& table, std::string_view columns, std::int64_t content) {
  return fmt::format("SELECT {} FROM mapping_{} WHERE content = {}", columns, table.name, content);
}
std::string Now(const KeptTable& table, std::string_view columns) {
  return fmt::format("SELECT {} FROM {}", columns, table.name);
}

Result<std::int64_t> CountExcept(sqlite::Database& main, const std::string& a,
                                 const std::string& b) {
  CQD_ASSIGN_OR_RETURN(const auto count,
                       main.QueryInt(fmt::format("SELECT count(*) FROM ({} EXCEPT {})", a, b)));
  return count.value_or(0);
}

Status CheckNote(const std::string& note) {
  if (note.size() <= kMappingNoteBytesMax) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("note may have {} bytes at most", kMappingNoteBytesMax), {}, "note");
}

std::optional<UtcTime> TimeOrNone(const std::optional<std::int64_t>& micros) {
  return micros ? std::optional<UtcTime>(FromMicros(*micros)) : std::nullopt;
}

}  // namespace

Result<std::int64_t> MappingStore::Newest() const {
  CQD_ASSIGN_OR_RETURN(const auto newest,
                       main_.QueryInt("SELECT max(version) FROM mapping_version"));
  return newest.value_or(0);
}

Result<std::vector<MappingStore::Layer>> MappingStore::LayersOf(std::int64_t version) const {
  CQD_ASSIGN_OR_RETURN(Statement rows,
                       main_.Prepare("SELECT content, applies_from FROM mapping_layer "
                                     "WHERE version = ? ORDER BY place"));
  rows.BindInt(1, version);
  std::vector<Layer> layers;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return layers;
    Layer& layer = layers.emplace_back();
    layer.content = rows.Int(0);
    if (!rows.IsNull(1)) layer.applies_from = rows.Int(1);
  }
}

Result<MappingInForce> MappingStore::Read(std::int64_t version) const {
  MappingInForce in_force;
  in_force.version = version;
  CQD_ASSIGN_OR_RETURN(const auto layers, LayersOf(version));
  for (const Layer& layer : layers) {
    CQD_ASSIGN_OR_RETURN(auto tables, ReadTables(main_, layer.content));
    in_force.layers.push_back({std::move(tables), TimeOrNone(layer.applies_from)});
  }
  if (in_force.layers.empty()) return in_force;
  // Which state of the tables is known to be in force: edits that were taken back count too.
  CQD_ASSIGN_OR_RETURN(
      const auto customer_version,
      main_.QueryInt(
          fmt::format("SELECT customer_version FROM mapping_version WHERE version = {}", version)));
  in_force.layers.back().tables.version = customer_version.value_or(0);
  return in_force;
}

Result<std::vector<TableChange>> MappingStore::Differences(std::int64_t content) const {
  std::vector<TableChange> changes;
  for (const KeptTable& table : kTables) {
    TableChange change{std::string(table.name)};
    CQD_ASSIGN_OR_RETURN(
        change.added, CountExcept(main_, Now(table, table.key), Kept(table, table.key, content)));
    CQD_ASSIGN_OR_RETURN(
        change.removed, CountExcept(main_, Kept(table, table.key, content), Now(table, table.key)));
    CQD_ASSIGN_OR_RETURN(
        const std::int64_t other,
        CountExcept(main_, Now(table, table.compared), Kept(table, table.compared, content)));
    change.changed = std::max<std::int64_t>(0, other - change.added);
    changes.push_back(std::move(change));
  }
  return changes;
}

Result<bool> MappingStore::Differs(std::int64_t content) const {
  CQD_ASSIGN_OR_RETURN(const auto changes, Differences(content));
  return std::any_of(changes.begin(), changes.end(), [](const TableChange& change) {
    return change.added + change.changed + change.removed > 0;
  });
}

Result<std::int64_t> MappingStore::Keep(const Author& author, std::vector<Layer> layers,
                                        bool keep_tables) {
  CQD_ASSIGN_OR_RETURN(
      Statement insert,
      main_.Prepare("INSERT INTO mapping_version(made_at, made_by, note, origin, customer_version, "
                    "buildings, networks, access_points) VALUES(?, ?, ?, ?, "
                    "(SELECT version FROM customer_version), (SELECT count(*) FROM CqdBuilding), "
                    "(SELECT count(*) FROM CqdNetwork), (SELECT count(*) FROM CqdBssid))"));
  insert.BindInt(1, ToMicros(author.now)).BindText(2, author.by).BindText(3, author.note);
  insert.BindText(4, author.origin);
  CQD_RETURN_IF_ERROR(insert.Run());
  const std::int64_t version = main_.last_insert_rowid();
  if (keep_tables) {
    layers.back().content = version;
    for (const KeptTable& table : kTables) {
      CQD_RETURN_IF_ERROR(main_.Execute(
          fmt::format("INSERT INTO mapping_{0}(content, {1}) SELECT {2}, {1} FROM {0}", table.name,
                      table.columns, version)));
    }
  }
  CQD_ASSIGN_OR_RETURN(Statement layer,
                       main_.Prepare("INSERT INTO mapping_layer VALUES(?, ?, ?, ?)"));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layer.BindInt(1, version).BindInt(2, static_cast<std::int64_t>(i));
    layer.BindInt(3, layers[i].content);
    if (layers[i].applies_from) layer.BindInt(4, *layers[i].applies_from);
    CQD_RETURN_IF_ERROR(layer.Run());
  }
  CQD_RETURN_IF_ERROR(Trim(version));
  return version;
}

Status MappingStore::Trim(std::int64_t newest) {
  CQD_RETURN_IF_ERROR(
      main_.Execute(fmt::format("DELETE FROM mapping_version WHERE version <= {0}; "
                                "DELETE FROM mapping_layer WHERE version <= {0}",
                                newest - versions_max_)));
  for (const KeptTable& table : kTables) {
    CQD_RETURN_IF_ERROR(
        main_.Execute(fmt::format("DELETE FROM mapping_{} WHERE content NOT IN "
                                  "(SELECT content FROM mapping_layer)",
                                  table.name)));
  }
  return OkStatus();
}

Status MappingStore::WriteBack(std::int64_t content) {
  CQD_RETURN_IF_ERROR(main_.Execute("PRAGMA defer_foreign_keys = ON"));
  for (auto table = kTables.rbegin(); table != kTables.rend(); ++table) {
    CQD_RETURN_IF_ERROR(main_.Execute(fmt::format("DELETE FROM {}", table->name)));
  }
  for (const KeptTable& table : kTables) {
    CQD_RETURN_IF_ERROR(main_.Execute(fmt::format(
        "INSERT INTO {}({}) {}", table.name, table.columns, Kept(table, table.columns, content))));
  }
  return OkStatus();
}

Result<MappingVersion> MappingStore::Describe(std::int64_t version) const {
  CQD_ASSIGN_OR_RETURN(
      Statement row,
      main_.Prepare("SELECT made_at, made_by, note, origin, buildings, networks, access_points "
                    "FROM mapping_version WHERE version = ?"));
  row.BindInt(1, version);
  CQD_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no mapping version {}", version), {},
                "version");
  }
  MappingVersion out;
  out.version = version;
  out.made_at = FromMicros(row.Int(0));
  out.made_by = row.Text(1);
  out.note = row.Text(2);
  out.origin = row.Text(3);
  out.buildings = row.Int(4);
  out.networks = row.Int(5);
  out.access_points = row.Int(6);
  CQD_ASSIGN_OR_RETURN(const auto layers, LayersOf(version));
  out.layers = static_cast<std::int64_t>(layers.size());
  if (!layers.empty()) out.applies_from = TimeOrNone(layers.back().applies_from);
  return out;
}

Result<std::vector<MappingVersion>> MappingStore::List() const {
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(Statement rows,
                       main_.Prepare("SELECT version FROM mapping_version ORDER BY version DESC"));
  std::vector<MappingVersion> versions;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return versions;
    CQD_ASSIGN_OR_RETURN(auto version, Describe(rows.Int(0)));
    versions.push_back(std::move(version));
  }
}

Result<MappingInForce> MappingStore::InForce() const {
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(const std::int64_t newest, Newest());
  return Read(newest);
}

Result<MappingInForce> MappingStore::Find(std::int64_t version) const {
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(MappingInForce found, Read(version));
  if (found.layers.empty()) found.version = 0;
  return found;
}

Result<MappingInForce> MappingStore::TakeUp(UtcTime now) {
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(std::int64_t newest, Newest());
  CQD_ASSIGN_OR_RETURN(
      const auto unseen,
      main_.QueryInt("SELECT 1 FROM customer_version WHERE version IS NOT (SELECT "
                     "customer_version FROM mapping_version ORDER BY mapping_version.version DESC "
                     "LIMIT 1)"));
  if (!unseen) return Read(newest);
  // With the write lock the tables stand still while they are compared and kept.
  CQD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(main_));
  CQD_ASSIGN_OR_RETURN(auto layers, LayersOf(newest));
  const bool first = layers.empty();
  bool differs = first;
  if (!first) {
    CQD_ASSIGN_OR_RETURN(differs, Differs(layers.back().content));
  }
  if (!differs) {
    CQD_RETURN_IF_ERROR(
        main_.Execute(fmt::format("UPDATE mapping_version SET customer_version = "
                                  "(SELECT version FROM customer_version) WHERE version = {}",
                                  newest)));
  } else if (first || mode_ != MappingMode::kManual) {
    if (first || mode_ == MappingMode::kAutomatic) layers.clear();
    Layer& added = layers.emplace_back();
    if (layers.size() > 1) added.applies_from = ToMicros(now);
    CQD_ASSIGN_OR_RETURN(newest, Keep({"", "", "run", now}, std::move(layers), true));
  }
  CQD_RETURN_IF_ERROR(transaction.Commit());
  return Read(newest);
}

Result<MappingInForce> MappingStore::Candidate() const {
  const std::lock_guard lock(mutex_);
  MappingInForce candidate;
  CQD_ASSIGN_OR_RETURN(auto tables, ReadCustomerTables(main_));
  candidate.layers.push_back({std::move(tables), std::nullopt});
  return candidate;
}

Result<std::vector<TableChange>> MappingStore::Pending() const {
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(const std::int64_t newest, Newest());
  CQD_ASSIGN_OR_RETURN(const auto layers, LayersOf(newest));
  return Differences(layers.empty() ? 0 : layers.back().content);
}

Result<MappingVersion> MappingStore::Apply(const std::string& by, const std::string& note,
                                           UtcTime now) {
  CQD_RETURN_IF_ERROR(CheckNote(note));
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(main_));
  CQD_ASSIGN_OR_RETURN(const std::int64_t newest, Newest());
  CQD_ASSIGN_OR_RETURN(const auto layers, LayersOf(newest));
  if (layers.size() == 1) {
    CQD_ASSIGN_OR_RETURN(const bool differs, Differs(layers.back().content));
    if (!differs) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "the customer tables have not changed since the mapping in force was made");
    }
  }
  CQD_ASSIGN_OR_RETURN(const std::int64_t made,
                       Keep({by, note, "apply", now}, std::vector<Layer>(1), true));
  CQD_RETURN_IF_ERROR(transaction.Commit());
  return Describe(made);
}

Result<MappingVersion> MappingStore::Undo(std::int64_t version, const std::string& by,
                                          const std::string& note, UtcTime now) {
  CQD_RETURN_IF_ERROR(CheckNote(note));
  const std::lock_guard lock(mutex_);
  CQD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(main_));
  CQD_ASSIGN_OR_RETURN(const std::int64_t newest, Newest());
  if (version == 0) {
    CQD_ASSIGN_OR_RETURN(
        const auto before,
        main_.QueryInt(
            fmt::format("SELECT max(version) FROM mapping_version WHERE version < {}", newest)));
    if (!before) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "there is no earlier mapping version to go back to");
    }
    version = *before;
  }
  CQD_ASSIGN_OR_RETURN(auto layers, LayersOf(version));
  if (layers.empty()) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no mapping version {}", version), {},
                "version");
  }
  CQD_ASSIGN_OR_RETURN(const bool differs, Differs(layers.back().content));
  if (version == newest && !differs) {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("mapping version {} is in force already", version), {}, "version");
  }
  CQD_RETURN_IF_ERROR(WriteBack(layers.back().content));
  CQD_ASSIGN_OR_RETURN(const std::int64_t made,
                       Keep({by, note, "undo", now}, std::move(layers), false));
  CQD_RETURN_IF_ERROR(transaction.Commit());
  return Describe(made);
}

}  // namespace cqd::archive::internal

namespace cqd::archive {

std::string_view MappingModeName(MappingMode mode) {
  switch (mode) {
    case MappingMode::kAutomatic:
      return "automatic";
    case MappingMode::kManual:
      return "manual";
    case MappingMode::kFromNowOn:
      return "from_now_on";
  }
  return "";
}

std::optional<MappingMode> ParseMappingMode(std::string_view name) {
  for (const MappingMode mode :
       {MappingMode::kAutomatic, MappingMode::kManual, MappingMode::kFromNowOn}) {
    if (MappingModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

}  // namespace cqd::archive
