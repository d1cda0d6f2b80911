#include "cube/internal/retag.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <system_error>
#include <thread>

#include "file/io.h"
#include "file/mapped_file.h"

namespace cqd::cube {
namespace {

using model::CubeColumn;
using model::Value;

/// Values of a column, block by block.
void ReadBlock(const column::ColumnView& view, std::size_t first, std::size_t count, Value* out) {
  if (view.width == 0) {
    std::fill_n(out, count, view.base);
    return;
  }
  column::WithCodes(view, [&](const auto* codes) {
    for (std::size_t i = 0; i < count; ++i) out[i] = view.ValueOf(codes[first + i]);
  });
}

/// The bytes of the patch; none when the segment already has these values.
Result<std::vector<std::byte>> MakePatch(const CubeSegment& segment, const RetagContext& context) {
  const auto inputs = model::PlaceInputs();
  const auto outputs = model::PlaceOutputs();
  const std::size_t rows = segment.row_count();
  std::vector<std::vector<Value>> made(outputs.size(), std::vector<Value>(rows));
  std::vector<std::vector<Value>> block(inputs.size(), std::vector<Value>(column::kBlockRows));
  model::DerivedRow row{};
  for (std::size_t first = 0; first < rows; first += column::kBlockRows) {
    CQD_RETURN_IF_ERROR(context.cancel.Check());
    const std::size_t count = std::min(column::kBlockRows, rows - first);
    for (std::size_t c = 0; c < inputs.size(); ++c) {
      ReadBlock(segment.Column(inputs[c]), first, count, block[c].data());
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t c = 0; c < inputs.size(); ++c) {
        row[static_cast<std::size_t>(inputs[c])] = block[c][i];
      }
      model::DerivePlaces(context.mapping, row);
      for (std::size_t c = 0; c < outputs.size(); ++c) {
        made[c][first + i] = row[static_cast<std::size_t>(outputs[c])];
      }
    }
  }
  bool same = true;
  for (std::size_t c = 0; c < outputs.size() && same; ++c) {
    const column::ColumnView& view = segment.Column(outputs[c]);
    for (std::size_t first = 0; first < rows && same; first += column::kBlockRows) {
      const std::size_t count = std::min(column::kBlockRows, rows - first);
      ReadBlock(view, first, count, block[0].data());
      same = std::equal(block[0].begin(), block[0].begin() + static_cast<std::ptrdiff_t>(count),
                        made[c].begin() + static_cast<std::ptrdiff_t>(first));
    }
  }
  if (same) return std::vector<std::byte>();
  column::SegmentWriter writer(rows);
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    writer.Add(model::CubeColumnName(outputs[c]), made[c], true);
  }
  return std::move(writer).Finish({});
}

struct Task {
  std::size_t month = 0;
  std::size_t segment = 0;
};
struct Made {
  std::shared_ptr<const CubeSegment> segment;  // null: as it was
  std::string file;
  std::uint64_t hash = 0;
  std::int64_t bytes = 0;
};

Result<std::shared_ptr<const column::Segment>> OpenPatchFile(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(auto mapped, file::MappedFile::Open(path));
  auto owner = std::make_shared<const file::MappedFile>(std::move(mapped));
  const auto bytes = owner->bytes();
  return column::Segment::Open(bytes, std::move(owner));
}

Status RetagOne(const RetagContext& context, const LoadedMonth& month, Task task,
                std::size_t number, Made& made) {
  const CubeSegment& segment = *month.segments[task.segment].segment;
  CQD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, MakePatch(segment, context));
  if (bytes.empty()) return OkStatus();
  made.file =
      fmt::format("{}.{}.{}.patch.seg", month.entry.month.ToString(), context.file_stem, number);
  const std::string path = context.folder + "/" + made.file;
  CQD_RETURN_IF_ERROR(file::WriteDurably(path, bytes));
  CQD_ASSIGN_OR_RETURN(auto patch, OpenPatchFile(path));
  made.hash = patch->hash();
  made.bytes = static_cast<std::int64_t>(bytes.size());
  CQD_ASSIGN_OR_RETURN(made.segment, segment.WithPatch(std::move(patch)));
  return OkStatus();
}

}  // namespace

Result<std::shared_ptr<const CubeSegment>> OpenPatched(const std::string& folder,
                                                       const SegmentEntry& entry,
                                                       const CubeSegment& segment) {
  CQD_ASSIGN_OR_RETURN(auto patch, OpenPatchFile(folder + "/" + entry.patch_file));
  if (patch->hash() != entry.patch_hash) {
    return Fail(ErrorCode::kCorruption, "is not the patch that was published");
  }
  return segment.WithPatch(std::move(patch));
}

Result<std::int64_t> RetagMonths(const RetagContext& context, std::vector<LoadedMonth>& months,
                                 std::set<Month>& changed) {
  std::vector<Task> tasks;
  for (std::size_t m = 0; m < months.size(); ++m) {
    for (std::size_t s = 0; s < months[m].segments.size(); ++s) tasks.push_back({m, s});
  }
  std::vector<Made> made(tasks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&]() -> Status {
    try {
      while (!failed.load(std::memory_order_relaxed)) {
        const std::size_t t = next.fetch_add(1, std::memory_order_relaxed);
        if (t >= tasks.size()) break;
        Status status = RetagOne(context, months[tasks[t].month], tasks[t], t, made[t]);
        if (status.ok()) continue;
        failed.store(true, std::memory_order_relaxed);
        return status;
      }
      return OkStatus();
    } catch (const std::bad_alloc&) {
      failed.store(true, std::memory_order_relaxed);
      return Fail(ErrorCode::kResourceExhausted, "not enough memory to process the cube");
    }
  };
  std::vector<Status> statuses(static_cast<std::size_t>(std::max(1, context.threads)));
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < statuses.size() && i < tasks.size(); ++i) {
    try {
      helpers.emplace_back([&statuses, &work, i] { statuses[i] = work(); });
    } catch (const std::system_error&) {
      break;
    }
  }
  statuses[0] = work();
  for (std::thread& helper : helpers) helper.join();
  for (Status& status : statuses) CQD_RETURN_IF_ERROR(std::move(status));
  std::int64_t bytes = 0;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (made[t].segment == nullptr) continue;
    LoadedMonth& month = months[tasks[t].month];
    month.segments[tasks[t].segment].segment = std::move(made[t].segment);
    month.entry.segments[tasks[t].segment].patch_file = std::move(made[t].file);
    month.entry.segments[tasks[t].segment].patch_hash = made[t].hash;
    changed.insert(month.entry.month);
    bytes += made[t].bytes;
  }
  return bytes;
}

}  // namespace cqd::cube
