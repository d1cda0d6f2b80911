// Versions of the customer tables in main.sqlite; docs/formats/archive.md.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "archive/mapping_versions.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

class MappingStore final : public MappingVersions {
 public:
  /// `main` is guarded by `mutex`; both outlive the store. `versions_max` are kept besides those
  /// whose tables are in force.
  MappingStore(std::mutex& mutex, sqlite::Database& main, MappingMode mode, int versions_max)
      : mutex_(mutex), main_(main), mode_(mode), versions_max_(versions_max) {}

  MappingMode mode() const override { return mode_; }
  Result<std::vector<MappingVersion>> List() const override;
  Result<MappingInForce> InForce() const override;
  Result<MappingInForce> Find(std::int64_t version) const override;
  Result<MappingInForce> TakeUp(UtcTime now) override;
  Result<MappingInForce> Candidate() const override;
  Result<std::vector<TableChange>> Pending() const override;
  Result<MappingVersion> Apply(const std::string& by, const std::string& note,
                               UtcTime now) override;
  Result<MappingVersion> Undo(std::int64_t version, const std::string& by, const std::string& note,
                              UtcTime now) override;

 private:
  /// Kept tables, and since when they hold (microseconds).
  struct Layer {
    std::int64_t content = 0;
    std::optional<std::int64_t> applies_from;
  };
  struct Author {
    std::string by, note, origin;
    UtcTime now;
  };
  // All with the lock.
  Result<std::int64_t> Newest() const;
  Result<std::vector<Layer>> LayersOf(std::int64_t version) const;
  Result<MappingInForce> Read(std::int64_t version) const;
  Result<std::vector<TableChange>> Differences(std::int64_t content) const;
  Result<bool> Differs(std::int64_t content) const;
  Result<std::int64_t> Keep(const Author& author, std::vector<Layer> layers, bool keep_tables);
  Status WriteBack(std::int64_t content);
  Status Trim(std::int64_t newest);
  Result<MappingVersion> Describe(std::int64_t version) const;

  std::mutex& mutex_;
  sqlite::Database& main_;
  const MappingMode mode_;
  const int versions_max_;
};

}  // namespace cqd::archive::internal
