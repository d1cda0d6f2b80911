#include "cube/internal/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>

#include "base/log.h"
#include "base/text.h"
#include "cube/internal/retag.h"
#include "file/io.h"

namespace cqd::cube {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestFile = "manifest.json";
constexpr std::uint64_t kMasksBytesMax = std::uint64_t{1} << 32;

/// "kept.<version>.json": the manifest of an earlier state.
bool IsKeptManifest(const std::string& name) {
  return name.starts_with("kept.") && name.ends_with(".json");
}
std::string KeptManifestName(std::int64_t version) {
  return fmt::format("kept.{}.json", version);
}

bool IsCubeFile(const std::string& name) {
  return name.ends_with(".seg") || name.ends_with(".mask") || IsKeptManifest(name);
}

/// What a write left behind that was killed before its rename.
bool IsLeftover(const std::string& name) {
  return name.ends_with(".seg.new") || name.ends_with(".mask.new") ||
         (name.starts_with("kept.") && name.ends_with(".json.new"));
}

std::vector<std::string> FileNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

/// The greatest version in the names of the files: versions must not repeat when the manifest is
/// lost. Names are "<month>.<version>-<round>.<number>.seg".
std::int64_t GreatestVersion(const std::string& folder) {
  std::int64_t greatest = 0;
  for (const std::string& name : FileNames(folder)) {
    const auto parts = Split(name, '.');
    if (!IsCubeFile(name) || parts.size() < 3) continue;
    const auto version = ParseInt(Split(parts[1], '-').front());
    if (version) greatest = std::max(greatest, *version);
  }
  return greatest;
}

Error Damaged(const std::string& file, std::string_view what) {
  return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", file, what));
}

/// Segments that are open already.
class OpenSegments {
 public:
  void Add(const LoadedMonth& month) {
    for (std::size_t s = 0; s < month.segments.size(); ++s) {
      segments_.emplace(KeyOf(month.entry.segments[s]), month.segments[s].segment);
    }
  }
  std::shared_ptr<const CubeSegment> Find(const SegmentEntry& entry) const {
    const auto found = segments_.find(KeyOf(entry));
    return found == segments_.end() ? nullptr : found->second;
  }

 private:
  using Key = std::tuple<std::string, std::uint64_t, std::string, std::uint64_t>;
  static Key KeyOf(const SegmentEntry& entry) {
    return {entry.file, entry.hash, entry.patch_file, entry.patch_hash};
  }
  std::map<Key, std::shared_ptr<const CubeSegment>> segments_;
};

Result<LoadedMonth> LoadMonth(const std::string& folder, const MonthEntry& entry,
                              const OpenSegments& open) {
  LoadedMonth month;
  month.entry = entry;
  for (const SegmentEntry& wanted : entry.segments) {
    if (auto known = open.Find(wanted)) {
      month.segments.push_back({std::move(known), nullptr});
      continue;
    }
    auto segment = CubeSegment::OpenFile(folder + "/" + wanted.file);
    if (!segment.ok()) {
      // A newer format under a manifest of ours can only be damage.
      return Damaged(wanted.file, segment.error().ToString());
    }
    const CubeSegment& found = **segment;
    if (found.data().hash() != wanted.hash || found.range() != wanted.range ||
        static_cast<std::int64_t>(found.row_count()) != wanted.rows) {
      return Damaged(wanted.file, "is not the segment that was published");
    }
    if (!wanted.patch_file.empty()) {
      segment = OpenPatched(folder, wanted, found);
      if (!segment.ok()) return Damaged(wanted.patch_file, segment.error().ToString());
    }
    month.segments.push_back({*std::move(segment), nullptr});
  }
  if (entry.masks_file.empty()) return month;
  const auto bytes = file::ReadWhole(folder + "/" + entry.masks_file, kMasksBytesMax);
  if (!bytes.ok()) return Damaged(entry.masks_file, bytes.error().ToString());
  const Status masks = ParseMasks(std::as_bytes(std::span(*bytes)), month.segments);
  if (!masks.ok()) return Damaged(entry.masks_file, masks.error().ToString());
  return month;
}

using Loaded = std::optional<Result<LoadedMonth>>;

/// By entry; all are set.
std::vector<Loaded> LoadAll(const std::string& folder, int threads,
                            const std::vector<MonthEntry>& entries, const OpenSegments& open) {
  std::vector<Loaded> loaded(entries.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < entries.size(); i = next.fetch_add(1)) {
      loaded[i] = LoadMonth(folder, entries[i], open);
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads && static_cast<std::size_t>(i) < entries.size(); ++i) {
    try {
      helpers.emplace_back(work);
    } catch (const std::system_error&) {
      break;
    }
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  return loaded;
}

void LoadMonths(const std::string& folder, int threads, StoredCube& cube) {
  const std::vector<MonthEntry>& entries = cube.manifest.months;
  std::vector<Loaded> loaded = LoadAll(folder, threads, entries, {});
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (loaded[i]->ok()) {
      cube.months.push_back(**std::move(loaded[i]));
      continue;
    }
    cube.damaged.insert(entries[i].month);
    cube.damage.push_back(fmt::format("month {} is left out until the next processing run: {}",
                                      entries[i].month.ToString(), loaded[i]->error().message));
  }
}

/// The manifests of earlier states, newest first.
std::vector<Manifest> ReadKept(const std::string& folder, std::int64_t newest,
                               std::size_t kept_max) {
  std::vector<Manifest> kept;
  for (const std::string& name : FileNames(folder)) {
    if (!IsKeptManifest(name)) continue;
    auto manifest = ReadManifest(folder + "/" + name);
    if (!manifest.ok() || manifest->definition != DefinitionHash() ||
        manifest->data_version >= newest || name != KeptManifestName(manifest->data_version)) {
      LogInfo("cube: the earlier state {} is of no use any more", name);
      continue;
    }
    kept.push_back(*std::move(manifest));
  }
  std::sort(kept.begin(), kept.end(),
            [](const Manifest& a, const Manifest& b) { return a.data_version > b.data_version; });
  if (kept.size() > kept_max) kept.resize(kept_max);
  return kept;
}

void LoadKept(const std::string& folder, int threads, std::vector<Manifest> manifests,
              StoredCube& cube) {
  OpenSegments open;
  for (const LoadedMonth& month : cube.months) open.Add(month);
  for (Manifest& manifest : manifests) {
    std::vector<Loaded> loaded = LoadAll(folder, threads, manifest.months, open);
    const auto damaged = std::find_if(loaded.begin(), loaded.end(),
                                      [](const Loaded& month) { return !month->ok(); });
    if (damaged != loaded.end()) {
      LogWarning("cube: the earlier state {} is forgotten: {}", manifest.data_version,
                 (*damaged)->error().ToString());
      continue;
    }
    KeptState state;
    for (Loaded& month : loaded) {
      open.Add(**month);
      state.months.push_back(**std::move(month));
    }
    state.manifest = std::move(manifest);
    cube.kept.push_back(std::move(state));
  }
}

}  // namespace

Result<StoredCube> OpenStore(const std::string& folder, int threads, std::size_t kept_max) {
  CQD_RETURN_IF_ERROR(file::MakeFolders(folder));
  StoredCube cube;
  auto manifest = ReadManifest(folder + "/" + std::string(kManifestFile));
  if (!manifest.ok()) {
    const ErrorCode code = manifest.error().code;
    cube.manifest.data_version = GreatestVersion(folder);
    if (code == ErrorCode::kNotFound) return cube;
    if (code != ErrorCode::kCorruption) return std::move(manifest).error();
    cube.damage.push_back("the cube's manifest is damaged; the next processing run rebuilds all: " +
                          manifest.error().ToString());
    return cube;
  }
  if (manifest->definition != DefinitionHash()) {
    cube.manifest.data_version = manifest->data_version;
    cube.damage.push_back(
        "the cube was made by another version of the program; the next processing run rebuilds "
        "all");
    return cube;
  }
  cube.manifest = *std::move(manifest);
  cube.usable = true;
  std::vector<Manifest> kept = ReadKept(folder, cube.manifest.data_version, kept_max);
  RemoveUnused(folder, cube.manifest, kept);
  LoadMonths(folder, threads, cube);
  LoadKept(folder, threads, std::move(kept), cube);
  return cube;
}

std::vector<std::string> FindMissingFiles(const std::string& folder,
                                          const std::vector<LoadedMonth>& months,
                                          std::set<Month>& damaged) {
  std::vector<std::string> words;
  for (const LoadedMonth& month : months) {
    for (std::size_t s = 0; s < month.segments.size(); ++s) {
      const std::string& name = month.entry.segments[s].file;
      std::error_code error;
      const auto size = fs::file_size(fs::path(folder) / name, error);
      const std::string& patch = month.entry.segments[s].patch_file;
      const bool has_patch = patch.empty() || fs::exists(fs::path(folder) / patch);
      if (!error && has_patch && size == month.segments[s].segment->data().byte_count()) continue;
      damaged.insert(month.entry.month);
      words.push_back(fmt::format("month {} is rebuilt: {} is missing or has another size",
                                  month.entry.month.ToString(), name));
    }
  }
  return words;
}

Status Publish(const std::string& folder, Manifest& manifest, std::vector<LoadedMonth>& months,
               const std::set<Month>& changed) {
  manifest.months.clear();
  for (LoadedMonth& month : months) {
    if (changed.contains(month.entry.month)) {
      month.entry.masks_file.clear();
      const bool any_dead = std::any_of(month.segments.begin(), month.segments.end(),
                                        [](const VisibleSegment& v) { return v.dead != nullptr; });
      if (any_dead) {
        month.entry.masks_file =
            fmt::format("{}.{}.mask", month.entry.month.ToString(), manifest.data_version);
        CQD_RETURN_IF_ERROR(
            file::WriteDurably(folder + "/" + month.entry.masks_file, FormatMasks(month.segments)));
      }
    }
    manifest.months.push_back(month.entry);
  }
  return file::WriteDurably(folder + "/" + std::string(kManifestFile), FormatManifest(manifest));
}

Status Keep(const std::string& folder, const Manifest& manifest) {
  return file::WriteDurably(folder + "/" + KeptManifestName(manifest.data_version),
                            FormatManifest(manifest));
}

void RemoveUnused(const std::string& folder, const Manifest& manifest,
                  std::span<const Manifest> kept) {
  std::set<std::string> used;
  const auto use = [&used](const Manifest& named) {
    for (const MonthEntry& month : named.months) {
      used.insert(month.masks_file);
      for (const SegmentEntry& segment : month.segments) {
        used.insert(segment.file);
        used.insert(segment.patch_file);
      }
    }
  };
  use(manifest);
  for (const Manifest& earlier : kept) {
    use(earlier);
    used.insert(KeptManifestName(earlier.data_version));
  }
  for (const std::string& name : FileNames(folder)) {
    if (!IsLeftover(name) && (!IsCubeFile(name) || used.contains(name))) continue;
    std::error_code error;
    // Not durable on purpose: what a power failure brings back is removed again later.
    fs::remove(fs::path(folder) / name, error);
    if (error) LogWarning("cannot remove {} of the cube: {}", name, error.message());
  }
}

}  // namespace cqd::cube
