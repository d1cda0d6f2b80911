#include "cube/cube.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <new>

#include "base/log.h"
#include "cube/internal/columnar_snapshot.h"
#include "cube/internal/retag.h"
#include "cube/internal/store.h"
#include "model/registry.h"

namespace cqd::cube {
namespace {

// Rounds of one processing run: while rows arrive all the time, a run must still end.
constexpr int kRoundsMax = 3;

std::string_view StateName(const MonthPlan& plan) {
  switch (plan.action) {
    case MonthAction::kKeep:
      return "unchanged";
    case MonthAction::kExtend:
      return plan.compacts ? "compacted" : "extended";
    case MonthAction::kRebuild:
      return "rebuilt";
    case MonthAction::kRepair:
      return "repaired";
  }
  return "unchanged";
}

/// What the default reports and most of the others ask by.
constexpr std::string_view kWarmAttributes[] = {
    "[StartDate].[Month]",
    "[StartDate].[Date]",
    "[Scenarios].[ScenarioPair]",
    "[StreamType].[StreamType]",
    "[Media Type].[Media Type]",
    "[First Is Server].[Agent]",
    "[Second Is Server].[Agent]",
    "[First Inside].[Inside]",
    "[Second Inside].[Inside]",
    "[First Network Connection Type].[Network Connection Detail]",
    "[Second Network Connection Type].[Network Connection Detail]",
    "[Connectivity Pair].[Connectivity Ice Pair]",
    "[First Building].[Building Name]",
    "[Second Building].[Building Name]",
    "[First Subnet].[Subnet]",
    "[Second Subnet].[Subnet]",
    "[Second User Agent].[User Agent Type]",
    "[Second Feedback].[Rating]",
};

/// Makes ready what queries by these attributes need and keep: members, their order, narrow codes.
/// A failure leaves that to the first query. Cost: about 1 ns a row and attribute; what is known of
/// unchanged segments is not found out again.
void Warm(const ColumnarSnapshot& snapshot, const CancelToken& cancel) {
  try {
    for (const std::string_view name : kWarmAttributes) {
      const model::Attribute* attribute = model::FindAttribute(name);
      if (attribute != nullptr && !snapshot.Prepare(*attribute, cancel).ok()) return;
    }
  } catch (const std::bad_alloc&) {
    LogWarning("cube: not enough memory to make the common reports ready");
  }
}

/// One processing run: what was, what comes, and the report.
struct Run {
  const ProcessRequest& request;
  const CancelToken& cancel;
  const std::function<void(const ProcessProgress&)>& progress;

  archive::MappingInForce in_force;
  std::shared_ptr<const model::Mapping> mapping;
  Manifest manifest;  // of the new state
  std::vector<LoadedMonth> months;
  std::set<Month> damaged;  // to be repaired
  std::set<Month> changed;
  std::set<Month> retagged;
  bool rebuild_all = false;
  int round = 0;
  std::map<Month, PartitionReport> partitions;
  ProcessReport report;
  std::mutex progress_mutex;
  ProcessProgress done;
};

class StoredSegmentsCube final : public Cube {
 public:
  StoredSegmentsCube(const CubeOptions& options, archive::Archive& archive, const Clock& clock)
      : options_(options),
        archive_(archive),
        clock_(clock),
        budget_(std::make_shared<MemoryBudget>(options.made_bytes_max)),
        rollup_budget_(std::make_shared<MemoryBudget>(options.made_bytes_max / 4)) {}

  Status Load();
  std::shared_ptr<const Snapshot> snapshot() const override {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }
  std::vector<std::shared_ptr<const Snapshot>> versions() const override {
    const std::lock_guard lock(mutex_);
    return {kept_.begin(), kept_.end()};
  }
  MadeColumns made_columns() const override { return {budget_->taken(), options_.made_bytes_max}; }
  std::vector<std::string> damage() const override {
    const std::lock_guard lock(mutex_);
    return damage_;
  }
  Result<ProcessReport> Process(
      const ProcessRequest& request, const CancelToken& cancel,
      const std::function<void(const ProcessProgress&)>& progress) override;

 private:
  std::shared_ptr<const ColumnarSnapshot> newest() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }
  Result<ProcessReport> ProcessGuarded(Run& run);
  /// Brings run.months up to `infos`; false when nothing was to be done.
  Result<bool> RunRound(Run& run, const std::vector<archive::MonthInfo>& infos);
  /// Brings the columns of stored rows to a changed mapping; false when they fit it.
  Result<bool> Retag(Run& run);
  Result<std::vector<MonthPlan>> PlanMonths(Run& run, const std::vector<archive::MonthInfo>& infos);
  Status Build(Run& run, std::vector<MonthPlan> plans);
  /// Months whose rows do not add up to the archive's count although nothing changed meanwhile.
  Status CheckCounts(Run& run, const std::vector<archive::MonthInfo>& infos);
  void DropMonths(Run& run, const std::vector<archive::MonthInfo>& infos);
  Status PublishRun(Run& run);
  void FinishReport(Run& run);
  /// `previous` may be nullptr; else its keys mean what they mean now.
  std::shared_ptr<const ColumnarSnapshot> MakeState(const Manifest& manifest, const TimeZone& zone,
                                                    std::shared_ptr<const model::Mapping> mapping,
                                                    std::span<const LoadedMonth> months,
                                                    const ColumnarSnapshot* previous) const;
  /// Serves the earlier states that were kept over a restart.
  Status LoadKept(std::vector<KeptState> states);
  std::size_t kept_max() const {
    return static_cast<std::size_t>(std::max(1, options_.versions_max)) - 1;
  }

  const CubeOptions options_;
  archive::Archive& archive_;
  const Clock& clock_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::shared_ptr<MemoryBudget> rollup_budget_;

  std::mutex process_mutex_;  // one run at a time; guards what follows
  Manifest manifest_;
  bool usable_ = false;
  bool warm_ = false;  // the snapshot's common queries are ready
  std::vector<LoadedMonth> months_;
  std::set<Month> damaged_;
  std::deque<Manifest> kept_manifests_;  // of the earlier states in kept_, newest first

  /// With the lock of mutex_.
  void Serve(std::shared_ptr<const ColumnarSnapshot> state) {
    snapshot_ = state;
    kept_.push_front(std::move(state));
    while (kept_.size() > static_cast<std::size_t>(std::max(1, options_.versions_max)))
      kept_.pop_back();
  }

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const ColumnarSnapshot> snapshot_;
  std::deque<std::shared_ptr<const Snapshot>> kept_;  // newest first
  std::vector<std::string> damage_;
};

std::shared_ptr<const ColumnarSnapshot> StoredSegmentsCube::MakeState(
    const Manifest& manifest, const TimeZone& zone, std::shared_ptr<const model::Mapping> mapping,
    std::span<const LoadedMonth> months, const ColumnarSnapshot* previous) const {
  SnapshotParts parts;
  parts.data_version = manifest.data_version;
  parts.published_at = manifest.published_at;
  for (const LoadedMonth& month : months) {
    for (VisibleSegment visible : month.segments) {
      visible.month = month.entry.month.index();
      parts.segments.push_back(std::move(visible));
    }
  }
  parts.mapping = std::move(mapping);
  parts.zone = zone;
  parts.threads = options_.threads;
  parts.rows_per_thread = options_.rows_per_thread.value_or(kRowsPerThread);
  parts.budget = budget_;
  parts.previous = previous;
  if (options_.rollup_rows_min) {
    parts.rollups = {.segment_rows_min = options_.rollup_segment_rows_min,
                     .rows_min = *options_.rollup_rows_min,
                     .rows_per_tuple_min = options_.rollup_rows_per_tuple_min};
    parts.rollup_budget = rollup_budget_;
  }
  return std::make_shared<ColumnarSnapshot>(std::move(parts));
}

Status StoredSegmentsCube::Load() {
  CQD_ASSIGN_OR_RETURN(StoredCube stored, OpenStore(options_.folder, options_.threads, kept_max()));
  manifest_ = std::move(stored.manifest);
  usable_ = stored.usable;
  months_ = std::move(stored.months);
  damaged_ = std::move(stored.damaged);
  damage_ = std::move(stored.damage);
  for (const std::string& words : damage_) LogWarning("cube: {}", words);
  if (!usable_) return OkStatus();
  // Until the next run the stored state is served as it was made, in its own zone.
  auto zone = TimeZone::Find(manifest_.zone);
  if (!zone.ok()) {
    usable_ = false;
    damage_.push_back(
        fmt::format("the cube was made in the unknown time zone {}; the next "
                    "processing run rebuilds all",
                    manifest_.zone));
    return OkStatus();
  }
  CQD_ASSIGN_OR_RETURN(auto in_force, archive_.mapping().Find(manifest_.mapping_version));
  if (in_force.version == 0) {
    CQD_ASSIGN_OR_RETURN(in_force, archive_.mapping().InForce());
  }
  Serve(MakeState(manifest_, *zone, MakeMapping(archive_, in_force, *zone), months_, nullptr));
  return LoadKept(std::move(stored.kept));
}

Status StoredSegmentsCube::LoadKept(std::vector<KeptState> states) {
  for (KeptState& state : states) {
    const auto zone = TimeZone::Find(state.manifest.zone);
    CQD_ASSIGN_OR_RETURN(const auto mapping,
                         archive_.mapping().Find(state.manifest.mapping_version));
    // Without the mapping of its time a state would not answer as it did.
    if (!zone.ok() || mapping.version == 0) continue;
    auto kept = MakeState(state.manifest, *zone, MakeMapping(archive_, mapping, *zone),
                          state.months, nullptr);
    kept_manifests_.push_back(std::move(state.manifest));
    const std::lock_guard lock(mutex_);
    kept_.push_back(std::move(kept));
  }
  return OkStatus();
}

Result<ProcessReport> StoredSegmentsCube::Process(
    const ProcessRequest& request, const CancelToken& cancel,
    const std::function<void(const ProcessProgress&)>& progress) {
  const std::lock_guard lock(process_mutex_);
  try {
    Run run{request, cancel, progress, {}, {}, {}, {}, {}, {}, {}, false, 0, {}, {}, {}, {}};
    return ProcessGuarded(run);
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kResourceExhausted, "not enough memory to process the cube");
  }
}

Result<ProcessReport> StoredSegmentsCube::ProcessGuarded(Run& run) {
  CQD_RETURN_IF_ERROR(run.cancel.Check());
  CQD_ASSIGN_OR_RETURN(run.in_force, archive_.mapping().TakeUp(clock_.Now()));
  run.damaged = damaged_;
  run.report.warnings = damage();
  for (std::string& words : FindMissingFiles(options_.folder, months_, run.damaged)) {
    run.report.warnings.push_back(std::move(words));
  }
  for (const LoadedMonth& month : months_) {
    if (!run.damaged.contains(month.entry.month)) run.months.push_back(month);
  }
  const bool zone_changed = manifest_.zone != options_.zone.name();
  run.rebuild_all = run.request.full || !usable_ || zone_changed;
  bool rows_changed = run.rebuild_all || !run.damaged.empty();
  for (run.round = 0; run.round < kRoundsMax; ++run.round) {
    CQD_ASSIGN_OR_RETURN(const auto infos, archive_.Months());
    CQD_ASSIGN_OR_RETURN(const bool worked, RunRound(run, infos));
    rows_changed = rows_changed || worked;
    // Rows replaced while the months were read are missing until their new versions are read too.
    if (!worked) break;
  }
  const bool mapping_changed =
      run.in_force.version != manifest_.mapping_version ||
      run.in_force.layers.back().tables.version != manifest_.customer_version;
  if (rows_changed || mapping_changed) {
    CQD_RETURN_IF_ERROR(run.cancel.Check());
    CQD_RETURN_IF_ERROR(PublishRun(run));
  }
  if (!warm_ && usable_) Warm(*newest(), run.cancel);  // the first run after a start
  warm_ = true;
  FinishReport(run);
  return std::move(run.report);
}

Result<bool> StoredSegmentsCube::RunRound(Run& run, const std::vector<archive::MonthInfo>& infos) {
  // The order matters: every key in a row of `infos` is among the subnets counted here, and every
  // subnet counted here is known to the mapping made after it.
  const std::uint32_t subnet_count = archive_.dictionaries().size(model::KeySpace::kSubnet);
  run.mapping = MakeMapping(archive_, run.in_force, options_.zone);
  bool retagged = false;
  if (run.round == 0) {
    CQD_ASSIGN_OR_RETURN(retagged, Retag(run));
    if (run.request.month &&
        std::none_of(infos.begin(), infos.end(), [&run](const archive::MonthInfo& info) {
          return info.month == *run.request.month;
        })) {
      return Fail(ErrorCode::kNotFound, "the archive has no month " + run.request.month->ToString(),
                  {}, "month");
    }
  }
  run.manifest.subnet_count = subnet_count;
  run.manifest.place_hash = run.mapping->PlaceHash(subnet_count);
  const std::size_t months_before = run.months.size();
  DropMonths(run, infos);
  CQD_ASSIGN_OR_RETURN(auto plans, PlanMonths(run, infos));
  if (plans.empty()) return retagged || run.months.size() != months_before;
  CQD_RETURN_IF_ERROR(Build(run, std::move(plans)));
  CQD_RETURN_IF_ERROR(CheckCounts(run, infos));
  return true;
}

Result<bool> StoredSegmentsCube::Retag(Run& run) {
  if (run.rebuild_all || run.mapping->PlaceHash(manifest_.subnet_count) == manifest_.place_hash) {
    return false;
  }
  const RetagContext context{*run.mapping, options_.folder,
                             fmt::format("{}-p", manifest_.data_version + 1), options_.threads,
                             run.cancel};
  CQD_ASSIGN_OR_RETURN(const std::int64_t bytes, RetagMonths(context, run.months, run.retagged));
  run.report.bytes_written += bytes;
  return !run.retagged.empty();
}

void StoredSegmentsCube::DropMonths(Run& run, const std::vector<archive::MonthInfo>& infos) {
  std::erase_if(run.months, [&](const LoadedMonth& month) {
    const bool is_there = std::any_of(
        infos.begin(), infos.end(),
        [&month](const archive::MonthInfo& info) { return info.month == month.entry.month; });
    if (!is_there) {
      run.partitions[month.entry.month] = {month.entry.month, 0, 0, 0, "dropped"};
    }
    return !is_there;
  });
}

Result<std::vector<MonthPlan>> StoredSegmentsCube::PlanMonths(
    Run& run, const std::vector<archive::MonthInfo>& infos) {
  std::vector<MonthPlan> plans;
  run.done.rows_total = run.done.rows_done;
  for (const archive::MonthInfo& info : infos) {
    const auto old =
        std::find_if(run.months.begin(), run.months.end(),
                     [&info](const LoadedMonth& month) { return month.entry.month == info.month; });
    const bool is_new = old == run.months.end();
    const bool first_round = run.round == 0;
    const bool forced = first_round && (run.rebuild_all || run.request.month == info.month);
    const std::int64_t rows_before = is_new ? 0 : old->live_rows();
    if (is_new && run.damaged.contains(info.month)) {
      plans.push_back(PlanRebuild(info, MonthAction::kRepair, 0));
    } else if (is_new || forced || old->entry.incarnation != info.incarnation ||
               old->entry.position > info.last_row_id) {
      plans.push_back(PlanRebuild(info, MonthAction::kRebuild, rows_before));
      if (!is_new) plans.back().before = *old;
    } else if (old->entry.position < info.last_row_id) {
      CQD_ASSIGN_OR_RETURN(auto plan, PlanExtend(archive_, info, *old, options_.deltas_max));
      plans.push_back(std::move(plan));
    } else if (first_round) {
      run.partitions[info.month] = {info.month, rows_before, 0, 0,
                                    run.retagged.contains(info.month) ? "retagged" : "unchanged"};
      continue;
    } else {
      continue;
    }
    for (const RowRange range : plans.back().to_build) {
      *run.done.rows_total += range.up_to.value - range.after.value;
    }
  }
  return plans;
}

Status StoredSegmentsCube::Build(Run& run, std::vector<MonthPlan> plans) {
  std::vector<MonthPlan> shapes;  // what is told of them afterwards
  for (const MonthPlan& plan : plans) {
    MonthPlan& shape = shapes.emplace_back();
    shape.action = plan.action;
    shape.compacts = plan.compacts;
    shape.rows_before = plan.rows_before;
    shape.rows_replaced = plan.rows_replaced;
  }
  const BuildContext context{archive_,
                             *run.mapping,
                             options_.zone,
                             options_.folder,
                             fmt::format("{}-{}", manifest_.data_version + 1, run.round),
                             options_.threads,
                             run.cancel,
                             [&run](std::int64_t rows) {
                               const std::lock_guard lock(run.progress_mutex);
                               run.done.rows_done += rows;
                               if (run.progress) run.progress(run.done);
                             }};
  CQD_ASSIGN_OR_RETURN(auto built, BuildMonths(context, std::move(plans)));
  for (std::size_t i = 0; i < built.size(); ++i) {
    LoadedMonth& month = built[i].month;
    const Month name = month.entry.month;
    run.changed.insert(name);
    run.damaged.erase(name);
    const std::int64_t rows = month.live_rows();
    PartitionReport& partition = run.partitions[name];
    // The first thing done to a month names it; later rounds only catch up.
    if (partition.state.empty() || partition.state == "unchanged") {
      partition.state = StateName(shapes[i]);
    }
    partition.month = name;
    partition.rows = rows;
    partition.rows_read += built[i].rows_read;
    partition.ms += built[i].ms;
    run.report.rows_read += built[i].rows_read;
    run.report.bytes_written += built[i].bytes_written;
    run.report.rows_replaced += shapes[i].rows_replaced;
    run.report.rows_added +=
        std::max<std::int64_t>(0, rows - shapes[i].rows_before + shapes[i].rows_replaced);
    std::erase_if(run.months, [name](const LoadedMonth& m) { return m.entry.month == name; });
    run.months.push_back(std::move(month));
  }
  std::sort(run.months.begin(), run.months.end(), [](const LoadedMonth& a, const LoadedMonth& b) {
    return a.entry.month < b.entry.month;
  });
  return OkStatus();
}

Status StoredSegmentsCube::CheckCounts(Run& run, const std::vector<archive::MonthInfo>& infos) {
  CQD_ASSIGN_OR_RETURN(const auto now, archive_.Months());
  for (const archive::MonthInfo& info : infos) {
    const auto same = std::find_if(now.begin(), now.end(), [&info](const auto& other) {
      return other.month == info.month && other.incarnation == info.incarnation &&
             other.last_row_id == info.last_row_id;
    });
    const auto mine = std::find_if(run.months.begin(), run.months.end(),
                                   [&info](const auto& m) { return m.entry.month == info.month; });
    if (same == now.end() || mine == run.months.end()) continue;
    if (!run.changed.contains(info.month) || mine->live_rows() == same->row_count) continue;
    run.report.warnings.push_back(
        fmt::format("month {}: the cube counted {} rows, the archive {}; it is built again",
                    info.month.ToString(), mine->live_rows(), same->row_count));
    mine->entry.incarnation = ~info.incarnation;  // the next round or run starts it over
  }
  return OkStatus();
}

Status StoredSegmentsCube::PublishRun(Run& run) {
  // Version 0 does not say which mapping it was.
  const bool same_meaning = !run.rebuild_all && manifest_.mapping_version != 0 &&
                            manifest_.mapping_version == run.in_force.version &&
                            manifest_.customer_version == run.in_force.layers.back().tables.version;
  run.manifest.data_version = manifest_.data_version + 1;
  run.manifest.published_at = clock_.Now();
  run.manifest.zone = options_.zone.name();
  run.manifest.definition = DefinitionHash();
  run.manifest.customer_version = run.in_force.layers.back().tables.version;
  run.manifest.mapping_version = run.in_force.version;
  // In memory and on disk the same states are kept: what is served now is one of them from here on.
  const bool keeps = usable_ && kept_max() > 0;
  if (keeps) CQD_RETURN_IF_ERROR(Keep(options_.folder, manifest_));
  CQD_RETURN_IF_ERROR(Publish(options_.folder, run.manifest, run.months, run.changed));
  if (keeps) kept_manifests_.push_front(std::move(manifest_));
  if (kept_manifests_.size() > kept_max()) kept_manifests_.resize(kept_max());
  manifest_ = std::move(run.manifest);
  usable_ = true;
  months_ = std::move(run.months);
  damaged_.clear();
  auto state = MakeState(manifest_, options_.zone, run.mapping, months_,
                         same_meaning ? newest().get() : nullptr);
  Warm(*state, run.cancel);  // before anybody sees it: nobody meets a slow first query
  warm_ = true;
  {
    const std::lock_guard lock(mutex_);
    Serve(std::move(state));
    damage_.clear();
  }
  const std::vector<Manifest> kept(kept_manifests_.begin(), kept_manifests_.end());
  RemoveUnused(options_.folder, manifest_, kept);
  return OkStatus();
}

void StoredSegmentsCube::FinishReport(Run& run) {
  run.report.data_version = manifest_.data_version;
  // Its first line is the checksum of the rest, which names every file with its own checksum.
  const std::string manifest = FormatManifest(manifest_);
  run.report.checksum = manifest.substr(0, manifest.find('\n'));
  for (auto& [month, partition] : run.partitions) {
    run.report.rows_total += partition.rows;
    run.report.partitions.push_back(std::move(partition));
  }
}

}  // namespace

std::shared_ptr<const model::Mapping> MakeMapping(const archive::Archive& archive,
                                                  const archive::MappingInForce& in_force,
                                                  const TimeZone& zone) {
  std::vector<model::MappingLayer> layers;
  for (const archive::MappingInForce::Layer& layer : in_force.layers) {
    std::int64_t from_s = 0;
    if (layer.applies_from) {
      from_s = std::chrono::floor<std::chrono::seconds>(zone.ToLocal(*layer.applies_from))
                   .time_since_epoch()
                   .count();
    }
    layers.push_back({layer.tables, from_s});
  }
  if (layers.empty()) layers.emplace_back();
  return std::make_shared<const model::Mapping>(std::move(layers), archive.dictionaries());
}

std::int64_t DefinitionVersion() {
  return kDefinitionVersion;
}

Result<std::unique_ptr<Cube>> Cube::Open(const CubeOptions& options, archive::Archive& archive,
                                         const Clock& clock) {
  auto cube = std::make_unique<StoredSegmentsCube>(options, archive, clock);
  CQD_RETURN_IF_ERROR(cube->Load());
  return std::unique_ptr<Cube>(std::move(cube));
}

}  // namespace cqd::cube
