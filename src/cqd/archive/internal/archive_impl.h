// The archive over SQLite files.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive.h"
#include "archive/internal/dictionary.h"
#include "archive/internal/mapping_store.h"
#include "archive/internal/month_file.h"
#include "archive/internal/quarantine_store.h"
#include "sqlite/database.h"

namespace cqd::archive::internal {

class ArchiveImpl final : public Archive {
 public:
  static Result<std::unique_ptr<ArchiveImpl>> Open(const ArchiveOptions& options,
                                                   const Clock& clock);

  Result<model::SourceId> RegisterSource(const std::string& name, const std::string& kind) override;
  Result<std::optional<Watermark>> ReadWatermark(model::SourceId source) const override;
  const Dictionaries& dictionaries() const override { return dictionaries_; }
  model::KeyInterner& interner() override { return dictionaries_; }
  Result<std::unique_ptr<Writer>> BeginWrite() override;
  Result<std::vector<MonthInfo>> Months() const override;
  Status Scan(Month month, RowId after, RowId up_to, const CancelToken& cancel,
              const RowSink& sink) const override;
  Result<std::vector<Superseded>> ReadSuperseded(Month month, RowId after,
                                                 RowId up_to) const override;
  Result<model::CustomerTables> ReadCustomerTables() const override;
  Result<std::int64_t> CustomerTablesVersion() const override;
  MappingVersions& mapping() override { return mapping_; }
  const MappingVersions& mapping() const override { return mapping_; }
  Quarantine& quarantine() override { return quarantine_; }
  const Quarantine& quarantine() const override { return quarantine_; }
  Result<std::vector<MonthInfo>> DropMonthsBefore(Month oldest) override;
  Result<std::pair<std::int64_t, std::int64_t>> StorageBytes() const override;

  // For the Writer.
  const Clock& clock() const { return clock_; }
  const ArchiveOptions& options() const { return options_; }
  bool KnowsSource(model::SourceId source) const;
  Status FlushDictionaries();
  /// Quarantined records and, unless null, the watermark: one durable transaction.
  Status CommitMain(std::span<const PendingQuarantine> quarantine, model::SourceId source,
                    const std::string* watermark);
  /// What a month holds after a commit.
  void Publish(Month month, const MonthState& state);
  void ReleaseWriter() { writer_lives_.store(false); }

 private:
  ArchiveImpl(ArchiveOptions options, const Clock& clock, sqlite::Database main,
              sqlite::Database reader)
      : options_(std::move(options)),
        clock_(clock),
        main_(std::move(main)),
        reader_(std::move(reader)),
        quarantine_(main_mutex_, main_, reader_mutex_, reader_, options_.quarantine_entries_max),
        mapping_(main_mutex_, main_, options_.mapping_mode, options_.mapping_versions_max) {}
  Status Load();
  Result<sqlite::Database> OpenReader(Month month) const;
  MonthInfo InfoOf(Month month, const MonthState& state) const;

  const ArchiveOptions options_;
  const Clock& clock_;
  DictionarySet dictionaries_;
  std::atomic<bool> writer_lives_{false};

  mutable std::mutex main_mutex_;  ///< guards main_
  sqlite::Database main_;
  mutable std::mutex reader_mutex_;  ///< guards reader_
  mutable sqlite::Database reader_;
  QuarantineStore quarantine_;
  MappingStore mapping_;
  mutable std::mutex state_mutex_;  ///< guards months_ and sources_
  std::map<Month, MonthState> months_;
  std::set<model::SourceId> sources_;
};

/// Removes what a crash within DropMonthsBefore left. Called before any month is opened.
Status FinishDroppingMonths(const std::string& folder);
/// Removes a month's files; a crash at any point leaves the whole month or, after
/// FinishDroppingMonths, nothing.
Status DropMonthFiles(const std::string& folder, Month month);

}  // namespace cqd::archive::internal
