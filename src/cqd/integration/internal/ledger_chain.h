// Making links of the ledger. Every function is part of the transaction that is open.
#pragma once

#include <string>
#include <string_view>

#include "integration/ledger.h"

namespace cqd::integration::internal {

/// What the first link of a log follows.
inline constexpr std::string_view kLedgerGenesis =
    "0000000000000000000000000000000000000000000000000000000000000000";
inline constexpr std::string_view kLinkedAtEnd = "end";
inline constexpr std::string_view kLinkedAtUpgrade = "upgrade";

/// The columns of `run` that a link covers, in their order.
extern const std::string_view kLedgerColumns;
inline constexpr int kLedgerColumnCount = 22;

/// Hash of a run whose kLedgerColumns stand in `row` from column `first` on.
std::string LinkHash(std::string_view prev, std::string_view origin, const sqlite::Statement& row,
                     int first);

/// Links the stored run `run_seq`, which has ended.
Result<LedgerMark> AppendLink(sqlite::Database& database, std::int64_t run_seq,
                              std::string_view origin);

/// Links all ended runs that have no link, in the order of their numbers: for a log of a version
/// without a ledger.
Status LinkOldRuns(sqlite::Database& database);

/// Removes the links up to `position` and their runs; the chain begins behind it from now on.
Status CutLedger(sqlite::Database& database, std::int64_t position);

}  // namespace cqd::integration::internal
