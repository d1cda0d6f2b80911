// The ledger: ended runs in the order of their ends, each hash covering the run as it is stored and
// the hash before it. Who alters, removes or inserts an ended run breaks the chain; who rewrites
// all of it gives it another head, which is why a head noted elsewhere can be asked for. Format:
// docs/formats/integration.md, ledger. Source: reference/status-api.md 3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "integration/run.h"
#include "sqlite/database.h"

namespace cqd::integration {

enum class LedgerFault : std::uint8_t {
  kAlteredRun,    ///< the run is not what it was when it was linked, or its link was altered
  kMissingRun,    ///< the run was removed
  kMissingLink,   ///< a link was removed; run_seq is unknown
  kBrokenLink,    ///< the link does not follow the one before it
  kUnlinkedRun,   ///< an ended run that is not in the chain: inserted, or its link was removed
  kMissingStart,  ///< where the chain begins is not recorded any more
  kUnknownHead,   ///< the head that was noted elsewhere is not part of this chain
};
/// "altered_run", "missing_run" ...
std::string_view LedgerFaultName(LedgerFault fault);

struct LedgerFinding {
  LedgerFault fault = LedgerFault::kAlteredRun;
  std::optional<std::int64_t> run_seq;
  std::string message;  ///< for a person
};

/// How many findings a report lists; more are counted only.
inline constexpr std::size_t kLedgerFindingsMax = 100;

struct LedgerReport {
  std::int64_t runs_checked = 0;
  std::int64_t removed_by_retention = 0;  ///< runs before the beginning of the chain
  std::int64_t linked_at_upgrade = 0;     ///< runs of a version without a ledger, linked later
  std::string head;                       ///< hash of the newest link, 64 hex digits
  std::vector<LedgerFinding> findings;    ///< at most kLedgerFindingsMax
  std::int64_t findings_total = 0;
  bool intact() const { return findings_total == 0; }
};

/// Checks the chain of the log at `path`, also while a server writes it; sees one moment of it.
/// `known_head`, unless empty: a hash noted earlier that the chain must still contain (or must have
/// reached by retention). Errors: kNotFound, kCorruption, kFailedPrecondition (a log of an older
/// version, which has no ledger until the server has been started once), kUnimplemented (newer).
/// Cost: reads every run once; 100,000 runs take about a second.
Result<LedgerReport> VerifyLedger(const std::string& path, std::string_view known_head = {});
/// The same over an open connection, on which no transaction may be open.
Result<LedgerReport> VerifyLedger(sqlite::Database& database, std::string_view known_head = {});

}  // namespace cqd::integration
