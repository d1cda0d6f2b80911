// Promise: a replay ends with exactly what became of each record; only what was seen to be stored
// leaves the quarantine, and a run that does not come to its end changes no wish.
#include "integration/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>

#include "integration/job.h"

namespace cqd::integration {
namespace {

using model::RejectReason;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr UtcTime kTime = FromMicros(1'425'200'000'000'000);  // 2015-03-01T08:53:20Z

/// Records called by one letter. `good` ones are handed out as streams, `bad` ones as rejected;
/// after a rewind all of them come again, else only once.
class LetterSource final : public source::Source {
 public:
  const std::string& name() const override { return name_; }
  std::string_view kind() const override { return "letters"; }
  Result<source::Probe> LookAt() override { return source::Probe{}; }
  static model::StreamKey KeyOf(model::SourceId id, char letter) {
    return {id, kTime, letter, model::kLabelAudio, 1};
  }
  Result<source::Rewound> Rewind(model::SourceId id, std::span<const std::string> keys,
                                 const std::optional<std::string>&) override {
    source::Rewound rewound{"begin", {}};
    for (const std::string& key : keys) {
      rewound.proofs.push_back({source::ReplayProof::Kind::kStream, KeyOf(id, key[0])});
    }
    return rewound;
  }
  Status Read(const std::optional<std::string>& watermark, const source::ReadContext& context,
              const source::BatchSink& sink) override {
    read_from = watermark.value_or("nothing");
    if (watermark == "end") return OkStatus();
    source::Batch batch;
    for (const char letter : good) {
      model::StreamRow& row = batch.rows.emplace_back();
      row.key = KeyOf(context.id, letter);
      row.Set(model::Field::kJitter, 1000);
    }
    for (const auto& [letter, reason] : bad)
      batch.rejected.push_back({context.id, reason, std::string(1, letter), "bad", "{}"});
    batch.watermark = "end";
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
    if (failure) return *failure;
    return OkStatus();
  }

  std::set<char> good;
  std::vector<std::pair<char, RejectReason>> bad;
  std::optional<Error> failure;
  std::string read_from;

 private:
  const std::string name_ = "letters";
};

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-replay-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    archive_ = *archive::Archive::Open({.folder = folder_}, clock_);
    auto letters = std::make_unique<LetterSource>();
    letters_ = letters.get();
    sources_.push_back(std::move(letters));
  }
  ~ReplayTest() override {
    archive_.reset();
    std::filesystem::remove_all(folder_);
  }
  RunRecord Run() {
    RunRecord run;
    run.seq = ++seq_;
    std::vector<SourceStatus> learnt(1);
    RunArchiveJob(
        {}, *archive_, sources_, clock_, cancel_, [](const RunRecord&) {}, run, learnt);
    return run;
  }
  /// "a no_session x2 refused".
  std::vector<std::string> Listed() {
    std::vector<std::string> lines;
    const auto entries = *archive_->quarantine().List({}, 100, 0);
    for (const auto& entry : entries) {
      std::string line =
          entry.record_key + " " + entry.reason + " x" + std::to_string(entry.occurrences);
      if (entry.replay != archive::ReplayState::kNone)
        line += " " + std::string(archive::ReplayStateName(entry.replay));
      lines.push_back(line);
    }
    return lines;
  }
  static std::string ReplayWarning(const RunRecord& run) {
    for (const auto& warning : run.warnings) {
      if (warning.code == "replayed") return warning.message;
    }
    return "";
  }

  std::string folder_;
  SimulatedClock clock_{kTime + std::chrono::hours(1)};
  std::unique_ptr<archive::Archive> archive_;
  LetterSource* letters_ = nullptr;
  std::vector<std::unique_ptr<source::Source>> sources_;
  const CancelToken cancel_;
  std::int64_t seq_ = 0;
};

TEST_F(ReplayTest, EachRecordEndsWhereItBelongs) {
  for (const char letter : {'a', 'b', 'c', 'd', 'e'})
    letters_->bad.emplace_back(letter, RejectReason::kNoSession);
  EXPECT_EQ(Run().rows.quarantined, 5);
  ASSERT_EQ(Listed().size(), 5u);
  const auto entries = *archive_->quarantine().List({}, 100, 0);
  // All but e, the newest.
  std::vector<std::int64_t> ids;
  for (std::size_t i = 1; i < entries.size(); ++i) ids.push_back(entries[i].id);
  ASSERT_EQ(*archive_->quarantine().RequestReplay(ids), 4);
  letters_->good = {'a', 'x'};
  letters_->bad = {{'b', RejectReason::kNoSession}, {'c', RejectReason::kKeyPartMissing}};
  const RunRecord run = Run();
  EXPECT_EQ(run.state, RunState::kSucceeded);
  EXPECT_EQ(letters_->read_from, "begin");
  EXPECT_EQ(run.rows.inserted, 2);
  EXPECT_TRUE(run.rows.AddsUp());
  EXPECT_THAT(ReplayWarning(run),
              testing::HasSubstr("1 records stored, 2 refused again, 1 no longer there"));
  EXPECT_THAT(Listed(), UnorderedElementsAre("c key_part_missing x1", "e no_session x1",
                                             "d no_session x1 missing", "b no_session x2 refused"));
  EXPECT_EQ(ReplayWarning(Run()), "") << "a wish is fulfilled once";
  EXPECT_EQ(letters_->read_from, "end");
}

TEST_F(ReplayTest, ARunThatFailsLeavesTheWishForTheNextOne) {
  letters_->bad = {{'a', RejectReason::kNoSession}};
  Run();
  ASSERT_EQ(*archive_->quarantine().RequestReplay(archive::QuarantineFilter{}), 1);
  letters_->good = {'a'};
  letters_->bad.clear();
  letters_->failure = Fail(ErrorCode::kUnavailable, "the line broke");
  EXPECT_EQ(Run().state, RunState::kFailed);
  EXPECT_THAT(Listed(), ElementsAre("a no_session x1 requested"));
  letters_->failure.reset();
  EXPECT_THAT(ReplayWarning(Run()), testing::HasSubstr("1 records stored"));
  EXPECT_EQ(letters_->read_from, "begin") << "from where the record lies, though it was read once";
  EXPECT_THAT(Listed(), ElementsAre());
}

TEST_F(ReplayTest, AWishThatComesDuringARunWaitsForTheNextOne) {
  letters_->bad = {{'a', RejectReason::kNoSession}};
  Run();
  const auto id = archive_->RegisterSource("letters", "letters");
  Replay replay = *Replay::Begin(*archive_, *letters_, *id, "end");
  ASSERT_EQ(*archive_->quarantine().RequestReplay(archive::QuarantineFilter{}), 1);
  EXPECT_EQ(*replay.End(*archive_), std::nullopt);
  EXPECT_THAT(Listed(), ElementsAre("a no_session x1 requested"));
}

}  // namespace
}  // namespace cqd::integration
