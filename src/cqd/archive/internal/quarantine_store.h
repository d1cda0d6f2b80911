// The quarantine over main.sqlite.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "archive/quarantine.h"
#include "base/clock.h"
#include "model/repair.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

/// A record to set aside, not on disk yet.
struct PendingQuarantine {
  model::RejectedRecord record;
  std::int64_t run_seq = 0;
};

/// Works on the archive's two connections; the archive owns them and their locks.
class QuarantineStore final : public Quarantine {
 public:
  QuarantineStore(std::mutex& main_mutex, sqlite::Database& main, std::mutex& reader_mutex,
                  sqlite::Database& reader, std::int64_t entries_max)
      : main_mutex_(main_mutex),
        main_(main),
        reader_mutex_(reader_mutex),
        reader_(reader),
        entries_max_(entries_max) {}

  Result<std::vector<QuarantineEntry>> List(const QuarantineFilter& filter, std::size_t most,
                                            std::int64_t before_id) const override;
  Result<QuarantineEntry> Find(std::int64_t id) const override;
  Result<std::vector<std::int64_t>> Unknown(std::span<const std::int64_t> ids) const override;
  Result<std::vector<QuarantineTotal>> Totals() const override;
  Result<std::int64_t> Drop(std::span<const std::int64_t> ids) override;
  Result<std::int64_t> Drop(const QuarantineFilter& filter) override;
  Result<std::int64_t> RequestReplay(std::span<const std::int64_t> ids) override;
  Result<std::int64_t> RequestReplay(const QuarantineFilter& filter) override;
  Result<std::vector<ReplayRecord>> Requested(const std::string& source) const override;
  Status EndReplay(const ReplayOutcome& outcome) override;

  /// Sets records aside within the caller's transaction on the main connection, and drops the
  /// oldest over the limit.
  Status Insert(std::span<const PendingQuarantine> pending, UtcTime now);

 private:
  /// What a change did to the totals of one source and reason.
  struct Change {
    std::int64_t entries = 0, refusals = 0, evicted = 0;
  };
  using Changes = std::map<std::pair<std::int64_t, std::string>, Change>;

  Status InsertOne(sqlite::Statement& insert, const PendingQuarantine& pending, UtcTime now,
                   Changes& changes);
  Status Evict();
  Status AddChanges(const Changes& changes, UtcTime now);
  /// Runs `statement`, which returns source and reason of every row it deleted.
  static Result<std::int64_t> CountDeleted(sqlite::Statement& statement, Changes& changes);
  Status DeleteIds(std::span<const std::int64_t> ids, std::int64_t& deleted);
  Status MarkIds(std::span<const std::int64_t> ids, ReplayState state, std::int64_t& marked);
  /// The next ids of the filter after `after`, ascending.
  Result<std::vector<std::int64_t>> NextIds(const QuarantineFilter& filter,
                                            std::int64_t after) const;
  Result<std::vector<std::int64_t>> Samples(const QuarantineTotal& total) const;

  std::mutex& main_mutex_;
  sqlite::Database& main_;
  std::mutex& reader_mutex_;
  sqlite::Database& reader_;
  const std::int64_t entries_max_;
};

}  // namespace cqd::archive::internal
