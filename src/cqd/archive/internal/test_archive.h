// What the tests of the archive share. Not part of the product.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "archive/archive.h"

namespace cqd::archive::test {

inline constexpr UtcTime kStart = FromMicros(1'425'200'000'000'000);  // 2015-03-01T08:53:20Z

/// A stream with a key of March 2015 and a few values; the same for the same arguments.
inline model::StreamRow MakeRow(model::SourceId source, int number) {
  model::StreamRow row;
  row.key = {source, kStart + std::chrono::seconds(number / 4 * 2), number, number % 3, 17};
  row.Set(model::Field::kStartTime, ToMicros(row.key.session_time));
  row.Set(model::Field::kJitter, 1000 + number);
  row.Set(model::Field::kCallerInside, number % 2);
  return row;
}

/// Streams by natural key: what the archive must hold.
using Oracle = std::map<model::StreamKey, model::StreamRow>;

/// Follows the archive as the cube does: what was superseded in (after, up_to], then the new rows.
class IncrementalReader {
 public:
  void Advance(const Archive& archive) {
    const CancelToken cancel;
    const auto months = archive.Months();
    ASSERT_TRUE(months.ok());
    for (const MonthInfo& info : *months) {
      Position& position = positions_[info.month];
      if (position.incarnation != info.incarnation) position = {info.incarnation, RowId(0), {}};
      const auto superseded = archive.ReadSuperseded(info.month, position.row, info.last_row_id);
      ASSERT_TRUE(superseded.ok());
      const Status status = archive.Scan(info.month, position.row, info.last_row_id, cancel,
                                         [&position](std::span<const StoredRow> batch) {
                                           for (const auto& [id, row] : batch) {
                                             EXPECT_TRUE(position.rows.emplace(id, row).second);
                                           }
                                           return OkStatus();
                                         });
      ASSERT_TRUE(status.ok()) << status.error().ToString();
      for (const Superseded& gone : *superseded) position.rows.erase(gone.row);
      position.row = info.last_row_id;
      EXPECT_EQ(static_cast<std::int64_t>(position.rows.size()), info.row_count);
    }
  }
  /// The streams now. A key twice is a failure.
  Oracle Streams() const {
    Oracle streams;
    for (const auto& [month, position] : positions_) {
      for (const auto& [id, row] : position.rows) {
        EXPECT_EQ(Month::Of(row.key.session_time), month);
        EXPECT_TRUE(streams.emplace(row.key, row).second) << "a stream twice";
      }
    }
    return streams;
  }

 private:
  struct Position {
    std::int64_t incarnation = 0;
    RowId row;
    std::map<RowId, model::StreamRow> rows;
  };
  std::map<Month, Position> positions_;
};

/// Everything the archive holds.
inline Oracle ReadOracle(const Archive& archive) {
  IncrementalReader reader;
  reader.Advance(archive);
  return reader.Streams();
}

}  // namespace cqd::archive::test
