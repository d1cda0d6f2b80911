// The Writer over SQLite files.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive.h"
#include "archive/internal/archive_impl.h"
#include "archive/internal/month_file.h"

namespace cqd::archive::internal {

class WriterImpl final : public Writer {
 public:
  explicit WriterImpl(ArchiveImpl& archive) : archive_(archive) {}
  ~WriterImpl() override;

  Status Upsert(std::span<const model::StreamRow> rows) override;
  Status Quarantine(const model::RejectedRecord& record, std::int64_t run_seq) override;
  Status Commit(model::SourceId source, const std::string& watermark) override;
  const WriteCounts& counts() const override { return counts_; }
  std::vector<std::pair<Month, std::int64_t>> months() const override;

 private:
  Status UpsertOne(const model::StreamRow& row);
  Result<MonthWriter*> WriterOf(Month month);
  /// Dictionary entries first, then every month with rows: the rows are durable, the watermark not.
  Status CommitMonths();
  Status FlushQuarantine();
  /// Rolls everything open back; the Writer then only returns errors.
  Status Broken(Status status);

  ArchiveImpl& archive_;
  std::map<Month, std::unique_ptr<MonthWriter>> open_;
  MonthWriter* newest_ = nullptr;  ///< of open_, used by the row before
  std::map<Month, std::int64_t> written_;
  std::vector<PendingQuarantine> quarantine_;
  std::size_t quarantine_bytes_ = 0;
  WriteCounts counts_;
  Month this_month_;              ///< by the clock, at the beginning of the batch
  model::SourceId known_source_;  ///< the source of the row before
  bool broken_ = false;
};

}  // namespace cqd::archive::internal
