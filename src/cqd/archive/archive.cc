#include "archive/archive.h"

#include "archive/internal/archive_impl.h"

namespace cqd::archive {

WriteCounts& WriteCounts::operator+=(const WriteCounts& other) {
  inserted += other.inserted;
  updated += other.updated;
  duplicate += other.duplicate;
  quarantined += other.quarantined;
  repaired += other.repaired;
  late += other.late;
  return *this;
}

std::string_view ReplayStateName(ReplayState state) {
  switch (state) {
    case ReplayState::kNone:
      return "";
    case ReplayState::kRequested:
      return "requested";
    case ReplayState::kRefused:
      return "refused";
    case ReplayState::kMissing:
      return "missing";
  }
  return "";
}

Result<std::unique_ptr<Archive>> Archive::Open(const ArchiveOptions& options, const Clock& clock) {
  CQD_ASSIGN_OR_RETURN(auto archive, internal::ArchiveImpl::Open(options, clock));
  return std::unique_ptr<Archive>(std::move(archive));
}

}  // namespace cqd::archive
