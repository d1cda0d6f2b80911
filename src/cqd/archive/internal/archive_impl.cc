#include "archive/internal/archive_impl.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "archive/internal/main_file.h"
#include "archive/internal/scan.h"
#include "archive/internal/writer.h"
#include "file/io.h"

namespace cqd::archive::internal {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::Statement;

std::int64_t FileBytes(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

/// The months that have a file. Errors: kPermissionDenied, kUnavailable.
Result<std::vector<Month>> MonthFiles(const std::string& folder) {
  std::vector<Month> months;
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (const auto month = MonthOfFileName(file->path().filename().string())) {
      months.push_back(*month);
    }
  }
  if (error) return file::ErrorFromErrno(error.value(), "list the archive's files", folder);
  std::sort(months.begin(), months.end());
  return months;
}

}  // namespace

Result<std::unique_ptr<ArchiveImpl>> ArchiveImpl::Open(const ArchiveOptions& options,
                                                       const Clock& clock) {
  if (options.folder.empty() || options.rows_per_transaction < 1 ||
      options.quarantine_entries_max < 1 || options.mapping_versions_max < 2) {
    return Fail(ErrorCode::kInvalidArgument,
                "the archive needs a folder, at least one row per transaction, room for at least "
                "one quarantined record and two versions of the customer tables");
  }
  CQD_RETURN_IF_ERROR(file::MakeFolders(options.folder));
  CQD_RETURN_IF_ERROR(FinishDroppingMonths(options.folder));
  CQD_ASSIGN_OR_RETURN(Database main, OpenMainFile(options.folder));
  CQD_ASSIGN_OR_RETURN(Database reader,
                       Database::Open(main.path(), {.mode = sqlite::OpenMode::kReadOnly}));
  std::unique_ptr<ArchiveImpl> archive(
      new ArchiveImpl(options, clock, std::move(main), std::move(reader)));
  CQD_RETURN_IF_ERROR(archive->Load());
  return archive;
}

Status ArchiveImpl::Load() {
  CQD_RETURN_IF_ERROR(dictionaries_.Load(main_));
  CQD_ASSIGN_OR_RETURN(Statement source, main_.Prepare("SELECT id FROM source"));
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, source.Step());
    if (!row) break;
    sources_.insert(model::SourceId(static_cast<std::int32_t>(source.Int(0))));
  }
  CQD_ASSIGN_OR_RETURN(const std::vector<Month> months, MonthFiles(options_.folder));
  for (const Month month : months) {
    // For writing, so that a file of an older release gets its missing columns before anybody
    // reads.
    auto opened = OpenMonthForWriting(options_.folder, month);
    if (!opened.ok()) {
      return std::move(opened).error().WithContext(fmt::format("archive of {}", month.ToString()));
    }
    CQD_ASSIGN_OR_RETURN(const MonthState state, ReadMonthState(*opened));
    if (state.last_row_id > 0) months_[month] = state;
  }
  return file::SyncFolder(options_.folder);
}

Result<model::SourceId> ArchiveImpl::RegisterSource(const std::string& name,
                                                    const std::string& kind) {
  const std::lock_guard lock(main_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement insert,
      main_.Prepare("INSERT INTO source(name, kind) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET "
                    "kind = excluded.kind WHERE kind <> excluded.kind"));
  insert.BindText(1, name).BindText(2, kind);
  CQD_RETURN_IF_ERROR(insert.Run());
  CQD_ASSIGN_OR_RETURN(Statement select, main_.Prepare("SELECT id FROM source WHERE name = ?"));
  select.BindText(1, name);
  CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return Fail(ErrorCode::kInternal, "a source that was just registered is not there");
  const model::SourceId id(static_cast<std::int32_t>(select.Int(0)));
  const std::lock_guard state_lock(state_mutex_);
  sources_.insert(id);
  return id;
}

bool ArchiveImpl::KnowsSource(model::SourceId source) const {
  const std::lock_guard lock(state_mutex_);
  return sources_.contains(source);
}

Result<std::optional<Watermark>> ArchiveImpl::ReadWatermark(model::SourceId source) const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement select,
      reader_.Prepare("SELECT text, updated_at FROM watermark WHERE source_id = ?"));
  select.BindInt(1, source.value);
  CQD_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return std::optional<Watermark>();
  return std::optional<Watermark>(
      Watermark{std::string(select.Text(0)), FromMicros(select.Int(1))});
}

Result<std::unique_ptr<Writer>> ArchiveImpl::BeginWrite() {
  if (writer_lives_.exchange(true)) {
    return Fail(ErrorCode::kUnavailable, "the archive is being written already; retry later");
  }
  return std::unique_ptr<Writer>(std::make_unique<WriterImpl>(*this));
}

Status ArchiveImpl::FlushDictionaries() {
  const std::lock_guard lock(main_mutex_);
  return dictionaries_.Flush(main_);
}

Status ArchiveImpl::CommitMain(std::span<const PendingQuarantine> quarantine,
                               model::SourceId source, const std::string* watermark) {
  const std::lock_guard lock(main_mutex_);
  CQD_ASSIGN_OR_RETURN(sqlite::Transaction transaction, sqlite::Transaction::Begin(main_));
  CQD_RETURN_IF_ERROR(quarantine_.Insert(quarantine, clock_.Now()));
  if (watermark != nullptr) {
    CQD_ASSIGN_OR_RETURN(
        Statement update,
        main_.Prepare("INSERT INTO watermark(source_id, text, updated_at) VALUES(?, ?, ?) "
                      "ON CONFLICT(source_id) DO UPDATE SET text = excluded.text, "
                      "updated_at = excluded.updated_at"));
    update.BindInt(1, source.value).BindText(2, *watermark).BindInt(3, ToMicros(clock_.Now()));
    CQD_RETURN_IF_ERROR(update.Run());
  }
  return transaction.Commit();
}

void ArchiveImpl::Publish(Month month, const MonthState& state) {
  const std::lock_guard lock(state_mutex_);
  months_[month] = state;
}

MonthInfo ArchiveImpl::InfoOf(Month month, const MonthState& state) const {
  const std::string path = options_.folder + "/" + MonthFileName(month);
  return {month, state.row_count, RowId(state.last_row_id), state.incarnation,
          FileBytes(path) + FileBytes(path + "-wal")};
}

Result<std::vector<MonthInfo>> ArchiveImpl::Months() const {
  const std::lock_guard lock(state_mutex_);
  std::vector<MonthInfo> infos;
  for (const auto& [month, state] : months_) infos.push_back(InfoOf(month, state));
  return infos;
}

Result<Database> ArchiveImpl::OpenReader(Month month) const {
  {
    const std::lock_guard lock(state_mutex_);
    if (!months_.contains(month)) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("the archive holds no streams of {}", month.ToString()));
    }
  }
  return OpenMonthForReading(options_.folder, month);
}

Status ArchiveImpl::Scan(Month month, RowId after, RowId up_to, const CancelToken& cancel,
                         const RowSink& sink) const {
  if (up_to.value - after.value >= kRowsWorthFolding) FoldMonthLog(options_.folder, month);
  CQD_ASSIGN_OR_RETURN(Database database, OpenReader(month));
  return ScanMonth(database, after, up_to, cancel, sink);
}

Result<std::vector<Superseded>> ArchiveImpl::ReadSuperseded(Month month, RowId after,
                                                            RowId up_to) const {
  CQD_ASSIGN_OR_RETURN(Database database, OpenReader(month));
  return ReadSupersededRows(database, after, up_to);
}

Result<model::CustomerTables> ArchiveImpl::ReadCustomerTables() const {
  const std::lock_guard lock(reader_mutex_);
  return internal::ReadCustomerTables(reader_);
}

Result<std::int64_t> ArchiveImpl::CustomerTablesVersion() const {
  const std::lock_guard lock(reader_mutex_);
  CQD_ASSIGN_OR_RETURN(const auto version,
                       reader_.QueryInt("SELECT version FROM customer_version"));
  return version.value_or(0);
}

Result<std::vector<MonthInfo>> ArchiveImpl::DropMonthsBefore(Month oldest) {
  // As a Writer would: no Writer may have one of the files open.
  CQD_ASSIGN_OR_RETURN(const std::unique_ptr<Writer> exclusive, BeginWrite());
  CQD_ASSIGN_OR_RETURN(const std::vector<Month> files, MonthFiles(options_.folder));
  std::set<Month> old(files.begin(), files.end());
  {
    // Also those whose file is on its way out already, by an attempt that failed half way.
    const std::lock_guard lock(state_mutex_);
    for (const auto& [month, state] : months_) old.insert(month);
  }
  std::vector<MonthInfo> dropped;
  for (const Month month : old) {
    if (month >= oldest) break;
    MonthInfo info{month};
    {
      const std::lock_guard lock(state_mutex_);
      const auto known = months_.find(month);
      if (known != months_.end()) info = InfoOf(month, known->second);
    }
    CQD_RETURN_IF_ERROR(DropMonthFiles(options_.folder, month));
    const std::lock_guard lock(state_mutex_);
    if (months_.erase(month) > 0) dropped.push_back(info);
  }
  return dropped;
}

Result<std::pair<std::int64_t, std::int64_t>> ArchiveImpl::StorageBytes() const {
  CQD_ASSIGN_OR_RETURN(const auto space, file::DiskSpace(options_.folder));
  std::int64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator file(options_.folder, error), end; !error && file != end;
       file.increment(error)) {
    bytes += FileBytes(file->path().string());
  }
  if (error)
    return file::ErrorFromErrno(error.value(), "list the archive's files", options_.folder);
  return std::pair(bytes,
                   static_cast<std::int64_t>(std::min<std::uint64_t>(space.free_bytes, INT64_MAX)));
}

}  // namespace cqd::archive::internal
