#include "cube/internal/month_build.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <new>
#include <system_error>
#include <thread>

#include "file/io.h"

namespace cqd::cube {
namespace {

// A segment loses its use when much of what it is scanned for is dead.
constexpr std::int64_t kDeadShareMax = 4;  // one in four

bool IsNarrow(RowRange range) {
  return range.up_to.value - range.after.value < kSegmentRows / 2;
}

/// Marks the rows that were replaced; returns how many were alive before.
std::int64_t MarkDead(const std::vector<archive::Superseded>& superseded, LoadedMonth& month) {
  std::vector<std::shared_ptr<DeadRows>> changed(month.segments.size());
  std::int64_t marked = 0;
  for (const archive::Superseded& one : superseded) {
    const auto after_row = std::partition_point(
        month.segments.begin(), month.segments.end(),
        [&one](const VisibleSegment& v) { return v.segment->range().up_to < one.row; });
    if (after_row == month.segments.end()) continue;
    const auto place = static_cast<std::size_t>(after_row - month.segments.begin());
    const std::optional<std::size_t> row = after_row->segment->FindRow(one.row);
    if (!row) continue;  // never was in the cube: inserted and replaced between two runs
    if (!changed[place]) {
      changed[place] = after_row->dead ? std::make_shared<DeadRows>(*after_row->dead)
                                       : std::make_shared<DeadRows>();
      changed[place]->bits.resize((after_row->segment->row_count() + 63) / 64);
    }
    std::uint64_t& word = changed[place]->bits[*row / 64];
    const std::uint64_t bit = std::uint64_t{1} << (*row % 64);
    if ((word & bit) != 0) continue;
    word |= bit;
    ++changed[place]->count;
    ++marked;
  }
  for (std::size_t s = 0; s < changed.size(); ++s) {
    if (changed[s]) month.segments[s].dead = std::move(changed[s]);
  }
  return marked;
}

/// First of the narrow segments at the end of the month.
std::size_t FirstDelta(const LoadedMonth& month) {
  std::size_t first = month.segments.size();
  while (first > 0 && IsNarrow(month.segments[first - 1].segment->range())) --first;
  return first;
}

bool HasTooManyDead(const VisibleSegment& visible) {
  if (!visible.dead) return false;
  return visible.dead->count * kDeadShareMax >
         static_cast<std::int64_t>(visible.segment->row_count());
}

struct Task {
  std::size_t plan = 0;
  RowRange range;
};
struct Made {
  SegmentEntry entry;
  VisibleSegment visible;   // null segment: no row lives in the range
  bool is_written = false;  // or about to be: the file is of this run
  std::int64_t rows_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t ms = 0;
};

/// Sets `made` to the segment of before, if it is this one.
bool TakeSame(const LoadedMonth& before, RowRange range, std::span<const std::byte> bytes,
              Made& made) {
  for (std::size_t s = 0; s < before.segments.size(); ++s) {
    const CubeSegment& segment = *before.segments[s].segment;
    if (segment.range() != range || !before.entry.segments[s].patch_file.empty()) continue;
    // Every byte, not the hash: the file may have been changed on the disk since it was opened.
    const std::span<const std::byte> was = segment.data().bytes();
    if (was.size() != bytes.size() || std::memcmp(was.data(), bytes.data(), was.size()) != 0) {
      continue;
    }
    made.entry = before.entry.segments[s];
    made.visible.segment = before.segments[s].segment;
    return true;
  }
  return false;
}

Status MakeOne(const BuildContext& context, const MonthPlan& plan, RowRange range,
               std::size_t number, const std::shared_ptr<SpareColumns>& spare, Made& made) {
  const auto start = std::chrono::steady_clock::now();
  CQD_RETURN_IF_ERROR(context.cancel.Check());
  CQD_ASSIGN_OR_RETURN(
      const std::vector<std::byte> bytes,
      BuildRange(context.archive, plan.info.month, range, context.mapping, context.zone, spare,
                 context.cancel, [&](std::int64_t rows) -> Status {
                   made.rows_read += rows;
                   context.rows_read(rows);
                   return context.cancel.Check();
                 }));
  if (!bytes.empty() && !TakeSame(plan.before, range, bytes, made)) {
    made.entry.file =
        fmt::format("{}.{}.{}.seg", plan.info.month.ToString(), context.file_stem, number);
    const std::string path = context.folder + "/" + made.entry.file;
    made.is_written = true;
    CQD_RETURN_IF_ERROR(file::WriteDurably(path, bytes));
    made.bytes_written = static_cast<std::int64_t>(bytes.size());
    CQD_ASSIGN_OR_RETURN(made.visible.segment, CubeSegment::OpenFile(path));
    made.entry.rows = static_cast<std::int64_t>(made.visible.segment->row_count());
    made.entry.hash = made.visible.segment->data().hash();
    made.entry.range = range;
  }
  made.ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                  start)
                .count();
  return OkStatus();
}

/// Makes all segments, each thread taking the next one.
class Workshop {
 public:
  Workshop(const BuildContext& context, const std::vector<MonthPlan>& plans,
           const std::vector<Task>& tasks)
      : context_(context), plans_(plans), tasks_(tasks), made_(tasks.size()) {}

  Status Run() {
    const auto wanted = std::min<std::size_t>(
        tasks_.size(), static_cast<std::size_t>(std::max(1, context_.threads)));
    std::vector<Status> statuses(std::max<std::size_t>(1, wanted));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < wanted; ++i) {
      try {
        threads.emplace_back([this, &statuses, i] { statuses[i] = Work(); });
      } catch (const std::system_error&) {
        break;
      }
    }
    statuses[0] = Work();
    for (std::thread& thread : threads) thread.join();
    for (Status& status : statuses) {
      if (status.ok()) continue;
      RemoveFiles();
      return status;
    }
    return OkStatus();
  }
  std::vector<Made>& made() { return made_; }

 private:
  Status Work() {
    const auto spare = std::make_shared<SpareColumns>();
    try {
      while (!failed_.load(std::memory_order_relaxed)) {
        const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
        if (task >= tasks_.size()) break;
        Status status = MakeOne(context_, plans_[tasks_[task].plan], tasks_[task].range, task,
                                spare, made_[task]);
        if (status.ok()) continue;
        failed_.store(true, std::memory_order_relaxed);
        return status;
      }
      return OkStatus();
    } catch (const std::bad_alloc&) {
      failed_.store(true, std::memory_order_relaxed);
      return Fail(ErrorCode::kResourceExhausted, "not enough memory to process the cube");
    }
  }
  void RemoveFiles() const {
    for (const Made& made : made_) {
      // What cannot be removed now is removed at the next publish: nothing refers to it.
      if (made.is_written) {
        static_cast<void>(file::RemoveDurably(context_.folder + "/" + made.entry.file).ok());
      }
    }
  }

  const BuildContext& context_;
  const std::vector<MonthPlan>& plans_;
  const std::vector<Task>& tasks_;
  std::vector<Made> made_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
};

void SortSegments(LoadedMonth& month) {
  std::vector<std::size_t> order(month.segments.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&month](std::size_t a, std::size_t b) {
    return month.entry.segments[a].range.after < month.entry.segments[b].range.after;
  });
  LoadedMonth sorted;
  for (const std::size_t i : order) {
    sorted.entry.segments.push_back(std::move(month.entry.segments[i]));
    sorted.segments.push_back(std::move(month.segments[i]));
  }
  month.entry.segments = std::move(sorted.entry.segments);
  month.segments = std::move(sorted.segments);
}

}  // namespace

std::int64_t LoadedMonth::live_rows() const {
  std::int64_t rows = 0;
  for (const VisibleSegment& visible : segments) rows += visible.live_rows();
  return rows;
}

std::vector<RowRange> CutRange(RowRange range) {
  std::vector<RowRange> parts;
  for (std::int64_t after = range.after.value; after < range.up_to.value; after += kSegmentRows) {
    const std::int64_t up_to = std::min(range.up_to.value, after + kSegmentRows);
    parts.push_back({archive::RowId(after), archive::RowId(up_to)});
  }
  return parts;
}

MonthPlan PlanRebuild(const archive::MonthInfo& info, MonthAction why, std::int64_t rows_before) {
  MonthPlan plan;
  plan.info = info;
  plan.action = why;
  plan.rows_before = rows_before;
  plan.kept.entry.month = info.month;
  plan.kept.entry.incarnation = info.incarnation;
  plan.kept.entry.position = info.last_row_id;
  plan.to_build = CutRange({archive::RowId(0), info.last_row_id});
  return plan;
}

Result<MonthPlan> PlanExtend(const archive::Archive& archive, const archive::MonthInfo& info,
                             const LoadedMonth& old, int deltas_max) {
  const archive::RowId position = old.entry.position;
  CQD_ASSIGN_OR_RETURN(const auto superseded,
                       archive.ReadSuperseded(info.month, position, info.last_row_id));
  LoadedMonth marked = old;
  MonthPlan plan = PlanRebuild(info, MonthAction::kExtend, old.live_rows());
  plan.rows_replaced = MarkDead(superseded, marked);
  plan.to_build.clear();
  RowRange fresh{position, info.last_row_id};
  std::size_t fold_from = marked.segments.size();
  const std::size_t first_delta = FirstDelta(marked);
  if (static_cast<int>(marked.segments.size() - first_delta) >= std::max(1, deltas_max)) {
    fold_from = first_delta;
    fresh.after = marked.segments[first_delta].segment->range().after;
    plan.compacts = true;
  }
  for (std::size_t s = 0; s < fold_from; ++s) {
    if (HasTooManyDead(marked.segments[s])) {
      plan.to_build.push_back(marked.segments[s].segment->range());
      plan.compacts = true;
    } else {
      plan.kept.entry.segments.push_back(marked.entry.segments[s]);
      plan.kept.segments.push_back(marked.segments[s]);
    }
  }
  for (const RowRange part : CutRange(fresh)) plan.to_build.push_back(part);
  return plan;
}

Result<std::vector<BuiltMonth>> BuildMonths(const BuildContext& context,
                                            std::vector<MonthPlan> plans) {
  std::vector<Task> tasks;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    for (const RowRange range : plans[p].to_build) tasks.push_back({p, range});
  }
  Workshop workshop(context, plans, tasks);
  CQD_RETURN_IF_ERROR(workshop.Run());
  std::vector<BuiltMonth> built(plans.size());
  for (std::size_t p = 0; p < plans.size(); ++p) built[p].month = std::move(plans[p].kept);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    Made& made = workshop.made()[t];
    BuiltMonth& target = built[tasks[t].plan];
    target.rows_read += made.rows_read;
    target.bytes_written += made.bytes_written;
    target.ms += made.ms;
    if (!made.visible.segment) continue;
    target.month.entry.segments.push_back(std::move(made.entry));
    target.month.segments.push_back(std::move(made.visible));
  }
  for (BuiltMonth& month : built) SortSegments(month.month);
  return built;
}

}  // namespace cqd::cube
