// Versions of the customer tables: which state of buildings, networks, names and access points is
// in force for which streams, and the way back.
//
// A version is a list of layers. With one layer all streams are read by the same tables; further
// layers hold for the streams that start at a moment or later (the original's behaviour, where a
// change of the tables counts "from now on", reference/qoe-archive.md 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/customer.h"

namespace cqd::archive {

/// When a change of the customer tables takes effect.
enum class MappingMode : std::uint8_t {
  kAutomatic,  ///< with the next processing run, for all streams
  kManual,     ///< when it is applied, for all streams
  kFromNowOn,  ///< with the next processing run, for streams that start from then on
};
/// "automatic", "manual", "from_now_on".
std::string_view MappingModeName(MappingMode mode);
std::optional<MappingMode> ParseMappingMode(std::string_view name);

struct MappingVersion {
  std::int64_t version = 0;  ///< from 1; never given twice
  UtcTime made_at;
  std::string made_by;                  ///< "" for a processing run
  std::string note;                     ///< why; at most kMappingNoteBytesMax bytes
  std::string origin;                   ///< "run", "apply", "undo"
  std::optional<UtcTime> applies_from;  ///< of its last layer; none: all streams
  std::int64_t layers = 1;
  std::int64_t buildings = 0, networks = 0, access_points = 0;
};
inline constexpr std::size_t kMappingNoteBytesMax = 500;

/// The tables that streams are read by.
struct MappingInForce {
  struct Layer {
    model::CustomerTables tables;
    std::optional<UtcTime> applies_from;  ///< none in the first layer
  };
  std::int64_t version = 0;   ///< 0: none yet
  std::vector<Layer> layers;  ///< in order of time; at least one unless version is 0
};

/// How the tables differ from those of the last layer in force.
struct TableChange {
  std::string table;
  std::int64_t added = 0, changed = 0, removed = 0;
};

/// Threads: any. Errors of all: kUnavailable (locked), kDiskFull, kCorruption.
class MappingVersions {
 public:
  virtual ~MappingVersions() = default;
  virtual MappingMode mode() const = 0;
  /// Newest first; the first is in force.
  virtual Result<std::vector<MappingVersion>> List() const = 0;
  virtual Result<MappingInForce> InForce() const = 0;
  /// That version; its version is 0, without layers, when it is not kept any more.
  virtual Result<MappingInForce> Find(std::int64_t version) const = 0;
  /// What a processing run reads by: in the modes kAutomatic and kFromNowOn, and when there is no
  /// version yet, a changed state of the tables becomes a version first. Cost: one pass over the
  /// tables when they were written since the last call.
  virtual Result<MappingInForce> TakeUp(UtcTime now) = 0;
  /// The tables as they are now for all streams, as a version would have them; not stored.
  virtual Result<MappingInForce> Candidate() const = 0;
  /// One entry a table. Against nothing while there is no version.
  virtual Result<std::vector<TableChange>> Pending() const = 0;
  /// Makes the tables as they are now a version for all streams. Errors: kFailedPrecondition (that
  /// is in force already), kInvalidArgument (note).
  virtual Result<MappingVersion> Apply(const std::string& by, const std::string& note,
                                       UtcTime now) = 0;
  /// Makes an earlier version the one in force, under a new number, and writes its tables back.
  /// `version` 0: the one before. Errors: kNotFound, kFailedPrecondition (it is in force, or there
  /// is none before), kInvalidArgument (note).
  virtual Result<MappingVersion> Undo(std::int64_t version, const std::string& by,
                                      const std::string& note, UtcTime now) = 0;
};

}  // namespace cqd::archive
