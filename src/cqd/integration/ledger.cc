#include "integration/ledger.h"

#include <fmt/format.h>

#include <set>

#include "integration/internal/ledger_chain.h"

namespace cqd::integration {
namespace {

using internal::kLedgerColumnCount;
using internal::kLedgerColumns;

/// The version of integration.sqlite that brought the ledger.
constexpr std::int64_t kFirstVersion = 2;
/// Columns of a link that stand before those of its run.
constexpr int kLinkColumns = 5;

class Verifier {
 public:
  Verifier(sqlite::Database& database, std::string_view known_head)
      : database_(database), known_head_(known_head), known_seen_(known_head.empty()) {}

  Result<LedgerReport> Run() {
    CQD_RETURN_IF_ERROR(ReadStart());
    CQD_RETURN_IF_ERROR(FollowChain());
    CQD_RETURN_IF_ERROR(CheckEnd());
    CQD_RETURN_IF_ERROR(FindUnlinked());
    CQD_RETURN_IF_ERROR(FindMissingRuns());
    report_.head = hash_;
    if (!known_seen_) {
      Found(LedgerFault::kUnknownHead, {},
            "the hash noted earlier is not part of this chain: it was rewritten, or is another "
            "server's");
    }
    return std::move(report_);
  }

 private:
  void Found(LedgerFault fault, std::optional<std::int64_t> run_seq, std::string message) {
    ++report_.findings_total;
    if (report_.findings.size() >= kLedgerFindingsMax) return;
    report_.findings.push_back({fault, run_seq, std::move(message)});
  }

  void Reached(std::string hash) {
    known_seen_ = known_seen_ || hash == known_head_;
    hash_ = std::move(hash);
  }

  Status ReadStart() {
    CQD_ASSIGN_OR_RETURN(sqlite::Statement anchor,
                         database_.Prepare("SELECT position, hash FROM ledger_anchor"));
    CQD_ASSIGN_OR_RETURN(const bool row, anchor.Step());
    if (!row) {
      Found(LedgerFault::kMissingStart, {}, "the record of where the chain begins was removed");
      Reached(std::string(internal::kLedgerGenesis));
      return OkStatus();
    }
    position_ = report_.removed_by_retention = anchor.Int(0);
    Reached(std::string(anchor.Text(1)));
    return OkStatus();
  }

  Status FollowChain() {
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement link,
        database_.Prepare(fmt::format(
            "SELECT ledger.position, ledger.run_seq, ledger.origin, ledger.prev, ledger.hash, {} "
            "FROM ledger LEFT JOIN run ON run.seq=ledger.run_seq ORDER BY ledger.position",
            kLedgerColumns)));
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const bool row, link.Step());
      if (!row) return OkStatus();
      CheckLink(link);
    }
  }

  void CheckLink(const sqlite::Statement& link) {
    const std::int64_t position = link.Int(0);
    const std::int64_t run_seq = link.Int(1);
    const std::string prev(link.Text(3));
    if (position != position_ + 1) {
      Found(LedgerFault::kMissingLink, {},
            fmt::format("{} links before that of run {} were removed", position - position_ - 1,
                        run_seq));
    } else if (prev != hash_) {
      Found(LedgerFault::kBrokenLink, run_seq,
            fmt::format("the link of run {} does not follow the one before it", run_seq));
    }
    position_ = position;
    Reached(std::string(link.Text(4)));
    if (link.IsNull(kLinkColumns)) {
      missing_.insert(run_seq);
      Found(LedgerFault::kMissingRun, run_seq, fmt::format("run {} was removed", run_seq));
      return;
    }
    ++report_.runs_checked;
    if (link.Text(2) == internal::kLinkedAtUpgrade) ++report_.linked_at_upgrade;
    if (internal::LinkHash(prev, link.Text(2), link, kLinkColumns) != hash_) {
      Found(LedgerFault::kAlteredRun, run_seq,
            fmt::format("run {} was altered after it had ended", run_seq));
    }
  }

  Result<std::int64_t> NumbersGiven(std::string_view table) {
    CQD_ASSIGN_OR_RETURN(
        const auto given,
        database_.QueryInt(fmt::format("SELECT seq FROM sqlite_sequence WHERE name='{}'", table)));
    return given.value_or(0);
  }

  Status CheckEnd() {
    CQD_ASSIGN_OR_RETURN(const std::int64_t given, NumbersGiven("ledger"));
    if (given > position_) {
      Found(LedgerFault::kMissingLink, {},
            fmt::format("the newest {} links were removed", given - position_));
    }
    return OkStatus();
  }

  Status FindUnlinked() {
    CQD_ASSIGN_OR_RETURN(
        sqlite::Statement runs,
        database_.Prepare("SELECT seq FROM run WHERE state NOT IN ('queued','running') AND seq NOT "
                          "IN (SELECT run_seq FROM ledger) ORDER BY seq"));
    for (;;) {
      CQD_ASSIGN_OR_RETURN(const bool row, runs.Step());
      if (!row) return OkStatus();
      Found(LedgerFault::kUnlinkedRun, runs.Int(0),
            fmt::format("run {} has ended and is not in the chain", runs.Int(0)));
    }
  }

  /// Every number given belongs to a run that is there or that retention removed.
  Status FindMissingRuns() {
    CQD_ASSIGN_OR_RETURN(const std::int64_t given, NumbersGiven("run"));
    CQD_ASSIGN_OR_RETURN(const auto present, database_.QueryInt("SELECT count(*) FROM run"));
    std::int64_t unnamed = given - present.value_or(0) - report_.removed_by_retention -
                           static_cast<std::int64_t>(missing_.size());
    if (unnamed <= 0) return OkStatus();
    // Retention removes the oldest, so the newest gaps are somebody else's work.
    CQD_ASSIGN_OR_RETURN(sqlite::Statement runs,
                         database_.Prepare("SELECT seq FROM run ORDER BY seq DESC"));
    std::int64_t expected = given;
    for (bool more = true; more && unnamed > 0;) {
      CQD_ASSIGN_OR_RETURN(more, runs.Step());
      const std::int64_t seq = more ? runs.Int(0) : 0;
      for (; expected > seq && unnamed > 0; --expected) {
        if (missing_.contains(expected)) continue;
        --unnamed;
        Found(LedgerFault::kMissingRun, expected, fmt::format("run {} was removed", expected));
      }
      expected = seq - 1;
    }
    return OkStatus();
  }

  sqlite::Database& database_;
  const std::string_view known_head_;
  bool known_seen_;
  LedgerReport report_;
  std::int64_t position_ = 0;
  std::string hash_;
  std::set<std::int64_t> missing_;
};

}  // namespace

std::string_view LedgerFaultName(LedgerFault fault) {
  switch (fault) {
    case LedgerFault::kAlteredRun:
      return "altered_run";
    case LedgerFault::kMissingRun:
      return "missing_run";
    case LedgerFault::kMissingLink:
      return "missing_link";
    case LedgerFault::kBrokenLink:
      return "broken_link";
    case LedgerFault::kUnlinkedRun:
      return "unlinked_run";
    case LedgerFault::kMissingStart:
      return "missing_start";
    case LedgerFault::kUnknownHead:
      return "unknown_head";
  }
  return "unknown";
}

Result<LedgerReport> VerifyLedger(sqlite::Database& database, std::string_view known_head) {
  CQD_ASSIGN_OR_RETURN(const auto version, database.QueryInt("PRAGMA user_version"));
  if (version.value_or(0) < kFirstVersion) {
    return Fail(ErrorCode::kFailedPrecondition,
                "the log was written by a version without a ledger; start the server once");
  }
  if (version.value_or(0) > kFirstVersion) {
    return Fail(ErrorCode::kUnimplemented, "the log was written by a newer version of OpenCQD");
  }
  // One moment of the log, however long it takes: the server may go on writing.
  CQD_RETURN_IF_ERROR(database.Execute("BEGIN"));
  auto report = Verifier(database, known_head).Run();
  (void)database.Execute("COMMIT").ok();  // nothing was written
  return report;
}

Result<LedgerReport> VerifyLedger(const std::string& path, std::string_view known_head) {
  CQD_ASSIGN_OR_RETURN(sqlite::Database database,
                       sqlite::Database::Open(path, {.mode = sqlite::OpenMode::kReadOnly}));
  return VerifyLedger(database, known_head);
}

}  // namespace cqd::integration
