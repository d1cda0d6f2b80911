// Promise: a record that was set aside is kept whole, once, and counted; lists and counts find it
// by reason, source and run; it goes only when somebody drops it, a replay stored it, or the limit
// is reached, and then its number stays.
#include "archive/quarantine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "archive/archive.h"
#include "archive/internal/test_archive.h"
#include "base/clock.h"
#include "file/temporary_folder.h"
#include "sqlite/database.h"

namespace cqd::archive {
namespace {

using model::RejectReason;
using test::kStart;
using testing::ElementsAre;

class QuarantineTest : public testing::Test {
 protected:
  QuarantineTest() { Open(); }
  void Open(std::int64_t entries_max = 1'000'000) {
    archive_.reset();
    auto archive =
        Archive::Open({.folder = folder_.path(), .quarantine_entries_max = entries_max}, clock_);
    ASSERT_TRUE(archive.ok()) << archive.error().ToString();
    archive_ = *std::move(archive);
    lync_ = *archive_->RegisterSource("lync", "qoe_metrics");
    collector_ = *archive_->RegisterSource("collector", "collector");
  }
  void SetAside(const std::vector<model::RejectedRecord>& records, std::int64_t run_seq) {
    auto writer = *archive_->BeginWrite();
    for (const auto& record : records) ASSERT_TRUE(writer->Quarantine(record, run_seq).ok());
    ASSERT_TRUE(writer->Commit(lync_, "w").ok());
  }
  Quarantine& quarantine() { return archive_->quarantine(); }
  std::vector<std::string> Keys(const QuarantineFilter& filter, std::size_t most = 100,
                                std::int64_t before_id = 0) {
    std::vector<std::string> keys;
    const auto entries = quarantine().List(filter, most, before_id);
    EXPECT_TRUE(entries.ok()) << entries.error().ToString();
    for (const auto& entry : *entries) keys.push_back(entry.record_key);
    return keys;
  }
  /// "lync/no_session 2 entries 3 refusals 0 evicted".
  std::vector<std::string> Totals() {
    std::vector<std::string> lines;
    const auto totals = quarantine().Totals();
    EXPECT_TRUE(totals.ok()) << totals.error().ToString();
    for (const auto& total : *totals) {
      lines.push_back(fmt::format("{}/{} {} entries {} refusals {} evicted", total.source,
                                  total.reason, total.entries, total.refusals, total.evicted));
    }
    return lines;
  }
  model::RejectedRecord Record(const std::string& key,
                               RejectReason reason = RejectReason::kNoSession) {
    return {lync_, reason, key, "detail of " + key, "payload of " + key};
  }

  file::TemporaryFolder folder_;
  SimulatedClock clock_{kStart};
  std::unique_ptr<Archive> archive_;
  model::SourceId lync_, collector_;
};

TEST_F(QuarantineTest, KeepsARecordOnceInItsNewestFormAndCounts) {
  const model::RejectedRecord bytes{lync_, RejectReason::kUnreadable, "", "at byte 0",
                                    std::string("\0\xff<", 3)};
  model::RejectedRecord other_bytes = bytes;
  other_bytes.payload = "else";
  SetAside({Record("k1"), bytes, other_bytes}, 5);
  clock_.Advance(std::chrono::hours(1));
  model::RejectedRecord changed = Record("k1");
  changed.payload = "newer";
  SetAside({Record("k1"), changed, bytes}, 6);
  const auto entries = *quarantine().List({}, 10, 0);
  ASSERT_EQ(entries.size(), 3u) << "two unreadable reports without a key are two";
  const QuarantineEntry keyed = *quarantine().Find(entries[2].id);
  EXPECT_EQ(keyed.record_key, "k1");
  EXPECT_EQ(keyed.occurrences, 3);
  EXPECT_EQ(keyed.source, "lync");
  EXPECT_EQ(keyed.run_seq, 6) << "the newest run that met it";
  EXPECT_EQ(keyed.first_at, kStart);
  EXPECT_EQ(keyed.last_at, kStart + std::chrono::hours(1));
  EXPECT_EQ(keyed.payload, "newer");
  EXPECT_EQ(keyed.replay, ReplayState::kNone);
  EXPECT_EQ(quarantine().Find(entries[1].id)->payload, bytes.payload);
  EXPECT_TRUE(entries[1].payload.empty()) << "lists are without payloads";
  EXPECT_EQ(quarantine().Find(4711).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Totals(), ElementsAre("lync/no_session 1 entries 3 refusals 0 evicted",
                                    "lync/unreadable 2 entries 3 refusals 0 evicted"));
  const QuarantineTotal unreadable = quarantine().Totals()->at(1);
  EXPECT_EQ(unreadable.first_at, kStart);
  EXPECT_EQ(unreadable.last_at, kStart + std::chrono::hours(1));
  EXPECT_THAT(unreadable.sample_ids, ElementsAre(entries[0].id, entries[1].id));
  Open();
  EXPECT_EQ(quarantine().List({}, 10, 0)->size(), 3u);
}

TEST_F(QuarantineTest, ListsByReasonSourceAndRunPageByPage) {
  SetAside({Record("a"), Record("b", RejectReason::kKeyPartMissing), Record("c")}, 1);
  SetAside({{collector_, RejectReason::kNoSession, "d", "", ""}, Record("e")}, 2);
  EXPECT_THAT(Keys({}), ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_THAT(Keys({.reason = "no_session"}), ElementsAre("e", "d", "c", "a"));
  EXPECT_THAT(Keys({.source = "lync"}), ElementsAre("e", "c", "b", "a"));
  EXPECT_THAT(Keys({.run_seq = 1}), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Keys({.source = "lync", .reason = "no_session"}), ElementsAre("e", "c", "a"));
  EXPECT_THAT(Keys({.source = "lync", .reason = "no_session", .run_seq = 1}),
              ElementsAre("c", "a"));
  EXPECT_THAT(Keys({.source = "nobody"}), ElementsAre());
  EXPECT_THAT(Keys({.reason = "' OR 1 --"}), ElementsAre());
  std::vector<std::string> paged;
  std::int64_t before = 0;
  for (;;) {
    const auto page = *quarantine().List({.reason = "no_session"}, 3, before);
    for (const auto& entry : page) paged.push_back(entry.record_key);
    if (page.size() < 3) break;
    before = page.back().id;
  }
  EXPECT_THAT(paged, ElementsAre("e", "d", "c", "a"));
}

TEST_F(QuarantineTest, DropsByIdAndByFilterAndCountsStayRight) {
  SetAside({Record("a"), Record("b"), Record("c", RejectReason::kKeyPartMissing)}, 1);
  SetAside({{collector_, RejectReason::kNoSession, "d", "", ""}}, 2);
  const auto entries = *quarantine().List({}, 10, 0);
  const std::vector<std::int64_t> ids = {entries[3].id, 4711};
  EXPECT_THAT(*quarantine().Unknown(ids), ElementsAre(4711));
  EXPECT_EQ(*quarantine().Drop(ids), 1);
  EXPECT_THAT(Totals(), ElementsAre("collector/no_session 1 entries 1 refusals 0 evicted",
                                    "lync/key_part_missing 1 entries 1 refusals 0 evicted",
                                    "lync/no_session 1 entries 2 refusals 0 evicted"));
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{.source = "lync", .reason = "no_session"}), 1);
  EXPECT_THAT(Keys({}), ElementsAre("d", "c"));
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{.run_seq = 2}), 1);
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{}), 1);
  EXPECT_THAT(Totals(), ElementsAre());
}

TEST_F(QuarantineTest, MoreThanOnePieceIsDroppedAndMarkedWhole) {
  constexpr int kMany = 12'000;
  std::vector<model::RejectedRecord> records;
  for (int i = 0; i < kMany; ++i) records.push_back(Record(fmt::format("k{}", i)));
  SetAside(records, 1);
  EXPECT_EQ(*quarantine().RequestReplay(QuarantineFilter{.reason = "no_session"}), kMany);
  EXPECT_EQ(quarantine().Requested("lync")->size(), static_cast<std::size_t>(kMany));
  EXPECT_TRUE(quarantine().Requested("collector")->empty());
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{.source = "lync"}), kMany);
  EXPECT_THAT(Totals(), ElementsAre());
}

// Ten million bad rows must not fill the disk: the oldest go, and what went is known.
TEST_F(QuarantineTest, OverTheLimitTheOldestGoAndTheirNumberStays) {
  Open(3);
  SetAside({Record("a"), Record("b", RejectReason::kKeyPartMissing)}, 1);
  clock_.Advance(std::chrono::hours(1));
  SetAside({Record("c"), Record("d"), Record("e")}, 2);
  EXPECT_THAT(Keys({}), ElementsAre("e", "d", "c"));
  EXPECT_THAT(Totals(), ElementsAre("lync/key_part_missing 0 entries 1 refusals 1 evicted",
                                    "lync/no_session 3 entries 4 refusals 1 evicted"));
  EXPECT_EQ(quarantine().Totals()->at(1).first_at, kStart) << "of the first one ever";
  SetAside({Record("f"), Record("g"), Record("h"), Record("i"), Record("j")}, 3);
  EXPECT_THAT(Keys({}), ElementsAre("j", "i", "h")) << "more at once than there is room for";
  EXPECT_THAT(Totals(), ElementsAre("lync/key_part_missing 0 entries 1 refusals 1 evicted",
                                    "lync/no_session 3 entries 9 refusals 6 evicted"));
  Open(2);
  SetAside({Record("k")}, 4);
  EXPECT_THAT(Keys({}), ElementsAre("k", "j")) << "a smaller limit holds at the next record";
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{.reason = "no_session"}), 2);
  EXPECT_THAT(Totals(), ElementsAre("lync/key_part_missing 0 entries 1 refusals 1 evicted"));
  EXPECT_EQ(*quarantine().Drop(QuarantineFilter{}), 0);
  EXPECT_THAT(Totals(), ElementsAre()) << "dropping everything forgets what was evicted too";
}

TEST_F(QuarantineTest, AReplayIsRememberedUntilItsOutcomeIsTold) {
  SetAside({Record("a"), Record("b"), Record("c"), Record("d")}, 1);
  const auto entries = *quarantine().List({}, 10, 0);
  const std::vector<std::int64_t> ids = {entries[3].id, entries[2].id, entries[1].id, 4711};
  EXPECT_EQ(*quarantine().RequestReplay(ids), 3);
  Open();
  const auto requested = *quarantine().Requested("lync");
  ASSERT_EQ(requested.size(), 3u) << "the wish survives a restart";
  EXPECT_EQ(requested[0].record_key, "a");
  EXPECT_EQ(requested[0].reason, "no_session");
  ASSERT_TRUE(quarantine()
                  .EndReplay({.stored = {requested[0].id, 4711},
                              .superseded = {},
                              .refused = {requested[1].id},
                              .missing = {requested[2].id}})
                  .ok());
  EXPECT_TRUE(quarantine().Requested("lync")->empty());
  EXPECT_THAT(Keys({}), ElementsAre("d", "c", "b"));
  EXPECT_EQ(quarantine().Find(requested[1].id)->replay, ReplayState::kRefused);
  EXPECT_EQ(quarantine().Find(requested[2].id)->replay, ReplayState::kMissing);
  EXPECT_THAT(Totals(), ElementsAre("lync/no_session 3 entries 4 refusals 0 evicted"));
}

// An archive of the first format has neither totals nor indexes; the next start makes them.
TEST_F(QuarantineTest, AnArchiveOfTheFirstFormatIsUpgraded) {
  SetAside({Record("a"), Record("b")}, 1);
  clock_.Advance(std::chrono::hours(1));
  SetAside({Record("a")}, 2);
  archive_.reset();
  {
    auto main = *sqlite::Database::Open(folder_.path() + "/main.sqlite");
    const Status done = main.Execute(
        "DROP INDEX quarantine_reason; DROP INDEX quarantine_source; DROP INDEX quarantine_run; "
        "DROP INDEX quarantine_replay; DROP TABLE quarantine_total; "
        "ALTER TABLE quarantine DROP COLUMN replay; "
        "DROP TRIGGER CqdNetwork_overlap_INSERT; DROP TRIGGER CqdNetwork_overlap_UPDATE; "
        "DROP INDEX CqdNetworkKey; ALTER TABLE CqdNetwork DROP COLUMN ValidUntil; "
        "ALTER TABLE CqdNetwork DROP COLUMN ValidFrom; "
        "CREATE UNIQUE INDEX CqdNetworkKey ON CqdNetwork(Network, coalesce(NetworkRange, -1)); "
        "DROP TABLE mapping_version; DROP TABLE mapping_layer; DROP TABLE mapping_CqdBuilding; "
        "DROP TABLE mapping_CqdNetwork; DROP TABLE mapping_CqdNetworkName; "
        "DROP TABLE mapping_CqdBuildingType; DROP TABLE mapping_CqdBuildingOwnershipType; "
        "DROP TABLE mapping_CqdBssid; PRAGMA user_version = 1");
    ASSERT_TRUE(done.ok()) << done.error().ToString();
  }
  Open();
  EXPECT_THAT(Totals(), ElementsAre("lync/no_session 2 entries 3 refusals 0 evicted"));
  EXPECT_EQ(quarantine().Totals()->at(0).last_at, kStart + std::chrono::hours(1));
  EXPECT_THAT(Keys({.reason = "no_session"}), ElementsAre("b", "a"));
  EXPECT_EQ(*quarantine().RequestReplay(QuarantineFilter{}), 2);
}

TEST_F(QuarantineTest, ALimitOfNothingIsRefused) {
  EXPECT_EQ(
      Archive::Open({.folder = folder_.path(), .quarantine_entries_max = 0}, clock_).error().code,
      ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cqd::archive
