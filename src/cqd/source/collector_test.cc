// Promise: what the inbox acknowledged becomes streams, once, whatever happens in between; what
// cannot be read comes out as a rejected record and can be read again later.
#include "source/collector.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "source/import_reports.h"
#include "source/internal/call_testing.h"
#include "source/internal/qoe_documents_testing.h"
#include "sqlite/database.h"

namespace cqd::source {
namespace {

using model::Field;
using testing::QoeReport;
using testing::SdnQuality;
using testing::TestInterner;
using testing::VqReport;

constexpr UtcTime kNow = testing::kReceived;

class CollectorTest : public ::testing::Test {
 protected:
  CollectorTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd_inbox_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    Reopen();
  }
  ~CollectorTest() override {
    inbox_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path() const { return folder_ + "/inbox.sqlite"; }
  void Reopen(const InboxOptions& options = {}) {
    inbox_.reset();
    auto opened = Inbox::Open(Path(), options);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    inbox_ = std::move(*opened);
  }

  Receipt Accept(const std::string& text, UtcTime at = kNow) {
    auto receipts = inbox_->Accept(text, "", "192.0.2.50", at);
    EXPECT_TRUE(receipts.ok()) << receipts.error().ToString();
    EXPECT_EQ(receipts->size(), 1U);
    return receipts->front();
  }

  /// Runs the source to its end; the batches as an archive would see them.
  std::vector<Batch> Read(const std::optional<std::string>& watermark = std::nullopt) {
    CollectorSource source("phones", *inbox_, clock_);
    std::vector<Batch> batches;
    const Status status = source.Read(watermark, Context(), [&](Batch&& batch) {
      batches.push_back(std::move(batch));
      return OkStatus();
    });
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().ToString());
    return batches;
  }
  ReadContext Context() { return {model::SourceId(3), keys_, cancel_, progress_}; }

  std::string folder_;
  std::unique_ptr<Inbox> inbox_;
  SimulatedClock clock_{kNow};
  TestInterner keys_;
  CancelToken cancel_;
  ProgressSink progress_ = [](const ReadProgress&) {};
};

TEST_F(CollectorTest, BothEndsOfACallMergeAcrossRuns) {
  EXPECT_EQ(Accept(VqReport().Text()).status, ReceiptStatus::kAccepted);
  const auto first = Read();
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(first[0].rows.size(), 1U);
  EXPECT_EQ(first[0].source_rows_read, 1);
  EXPECT_EQ(first[0].rows[0].key.session_time, kNow);
  EXPECT_EQ(first[0].rows[0].key.source, model::SourceId(3));

  EXPECT_EQ(Accept(VqReport().OtherEnd().Text(), kNow + std::chrono::hours(1)).status,
            ReceiptStatus::kAccepted);
  Reopen();
  const auto second = Read(first[0].watermark);
  ASSERT_EQ(second.size(), 1U);
  ASSERT_EQ(second[0].rows.size(), 2U) << "the whole session, not only the new report";
  EXPECT_EQ(second[0].source_rows_read, 1);
  EXPECT_EQ(second[0].rows[1].key, first[0].rows[0].key) << "the row of the first run is completed";
  EXPECT_EQ(second[0].rows[0].key.session_time, kNow) << "fixed when the first report came";
  EXPECT_TRUE(Read(second[0].watermark).empty());
}

TEST_F(CollectorTest, RetransmissionsDoNotDouble) {
  const auto sip = [](const std::string& cseq, const std::string& via, const std::string& body) {
    return "PUBLISH sip:c SIP/2.0\r\nVia: " + via +
           "\r\nFrom: <sip:a@x.example>;tag=9\r\nCall-ID: pub1\r\nCSeq: " + cseq +
           " PUBLISH\r\n\r\n" + body;
  };
  const Receipt first = Accept(sip("1", "a", VqReport().Text()));
  const Receipt same = Accept(sip("1", "a", VqReport().Text()), kNow + std::chrono::hours(5));
  const Receipt again = Accept(sip("1", "b", VqReport().Text()), kNow + std::chrono::seconds(31));
  EXPECT_EQ(same.status, ReceiptStatus::kDuplicate) << "the same bytes, at any time";
  EXPECT_EQ(again.status, ReceiptStatus::kDuplicate) << "the same transaction within 32 s";
  EXPECT_EQ(same.id, first.id);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(Accept(sip("2", "a", VqReport().Text())).status, ReceiptStatus::kAccepted);
  EXPECT_EQ(Accept(sip("1", "c", VqReport().Text()), kNow + std::chrono::seconds(33)).status,
            ReceiptStatus::kAccepted);
  const auto batches = Read();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].source_rows_read, 3);
  EXPECT_EQ(batches[0].rows.size(), 1U) << "one call, one direction";
}

TEST_F(CollectorTest, UnreadableReportsAreKeptAndRejectedWithTheirBytes) {
  const std::string bad = "VQSessionReport\nLocalMetrics:\nPacketLoss:NLR=1\n";  // no identity
  const Receipt no_identity = Accept(bad);
  const Receipt unknown = Accept("who knows");
  const Receipt broken = Accept("<VQReportEvent><VQSession");
  for (const Receipt& receipt : {no_identity, unknown, broken}) {
    EXPECT_EQ(receipt.status, ReceiptStatus::kRejected);
    EXPECT_NE(receipt.id, 0);
    EXPECT_FALSE(receipt.reason.empty());
  }
  EXPECT_EQ(Accept(bad).id, no_identity.id);
  const auto batches = Read();
  ASSERT_EQ(batches.size(), 1U);
  ASSERT_EQ(batches[0].rejected.size(), 3U);
  EXPECT_EQ(batches[0].rejected[0].reason, model::RejectReason::kNoIdentity);
  EXPECT_EQ(batches[0].rejected[0].payload, bad);
  EXPECT_EQ(batches[0].rejected[0].record_key, std::to_string(no_identity.id));
  EXPECT_EQ(batches[0].rejected[1].reason, model::RejectReason::kUnknownFormat);
  EXPECT_EQ(batches[0].rejected[2].reason, model::RejectReason::kUnreadable);
  EXPECT_EQ(batches[0].source_rows_read,
            static_cast<std::int64_t>(batches[0].rejected.size() + batches[0].rows.size()));
}

TEST_F(CollectorTest, OversizeIsRefusedWithTheLimit) {
  const auto huge = inbox_->Accept(std::string((16U << 20U) + 1, 'x'), "", "", kNow);
  ASSERT_FALSE(huge.ok());
  EXPECT_EQ(huge.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(huge.error().message.find("16777216"), std::string::npos);
  const auto large = inbox_->Accept(VqReport().Text() + std::string(300'000, ' '), "", "", kNow);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(inbox_->Accept("", "", "", kNow).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(*inbox_->CountPending(0), 0);
}

TEST_F(CollectorTest, ABodyOfManyDocumentsGivesAReceiptEach) {
  SdnQuality other;
  other.call_id = "s2";
  const auto receipts = inbox_->Accept(
      SdnQuality().Text() + other.Text() + SdnQuality().Text() + "<LyncDiagnostics><a>", "text/xml",
      "", kNow);
  ASSERT_TRUE(receipts.ok());
  ASSERT_EQ(receipts->size(), 4U);
  EXPECT_EQ((*receipts)[0].status, ReceiptStatus::kAccepted);
  EXPECT_EQ((*receipts)[0].format, "sdn");
  EXPECT_EQ((*receipts)[1].status, ReceiptStatus::kAccepted);
  EXPECT_EQ((*receipts)[2].status, ReceiptStatus::kDuplicate);
  EXPECT_EQ((*receipts)[3].status, ReceiptStatus::kRejected);
  const auto batches = Read();
  EXPECT_EQ(batches[0].rows.size(), 2U);
  EXPECT_EQ(batches[0].rejected.size(), 1U);
}

TEST_F(CollectorTest, RequeuedReportsComeAgainBehindTheWatermark) {
  const Receipt receipt = Accept("who knows");
  const auto first = Read();
  const std::vector<std::int64_t> ids = {receipt.id, receipt.id, 999};
  EXPECT_EQ(*inbox_->Requeue(ids), std::vector<std::int64_t>{receipt.id});
  const auto again = Read(first[0].watermark);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].rejected.size(), 1U);
  EXPECT_EQ(again[0].rejected[0].record_key, first[0].rejected[0].record_key);
  EXPECT_TRUE(Read(again[0].watermark).empty());
}

TEST_F(CollectorTest, ReadingAgainFromTheBeginningGivesTheSameRows) {
  for (int i = 0; i < 2500; ++i) {
    VqReport report;
    report.call_id = "call" + std::to_string(i % 900);
    report.loss = std::to_string(i % 17);
    Accept(i % 2 == 0 ? report.Text() : report.OtherEnd().Text(), kNow + std::chrono::seconds(i));
  }
  const auto rows_of = [](const std::vector<Batch>& batches) {
    std::map<model::StreamKey, model::StreamRow> rows;
    for (const Batch& batch : batches) {
      for (const model::StreamRow& row : batch.rows) rows.insert_or_assign(row.key, row);
    }
    return rows;
  };
  const auto first = Read();
  EXPECT_GT(first.size(), 1U);
  const auto again = Read();
  EXPECT_EQ(rows_of(first), rows_of(again));
  std::set<std::int64_t> sessions;
  for (const auto& [key, row] : rows_of(first)) sessions.insert(key.session_seq);
  EXPECT_EQ(sessions.size(), 900U);
}

TEST_F(CollectorTest, PendingAndProbe) {
  CollectorSource source("phones", *inbox_, clock_);
  EXPECT_FALSE(source.LookAt()->last_record_at.has_value());
  EXPECT_FALSE(inbox_->OldestPending(0)->has_value());
  Accept(VqReport().Text(), kNow);
  Accept(VqReport().OtherEnd().Text(), kNow + std::chrono::minutes(2));
  EXPECT_EQ(*inbox_->CountPending(0), 2);
  EXPECT_EQ(**inbox_->OldestPending(0), kNow);
  EXPECT_EQ(*source.LookAt()->last_record_at, kNow + std::chrono::minutes(2));
  EXPECT_EQ(source.LookAt()->backlog_records, 2);
  ASSERT_TRUE(source.Read(std::nullopt, Context(), [](Batch&&) { return OkStatus(); }).ok());
  EXPECT_EQ(source.LookAt()->backlog_records, 0);
}

TEST_F(CollectorTest, ErrorsOfTheSinkAndCancelStopTheRead) {
  Accept(VqReport().Text());
  CollectorSource source("phones", *inbox_, clock_);
  const auto full = source.Read(std::nullopt, Context(), [](Batch&&) -> Status {
    return Fail(ErrorCode::kDiskFull, "no space");
  });
  EXPECT_EQ(full.error().code, ErrorCode::kDiskFull);
  EXPECT_EQ(source.Read("abc", Context(), [](Batch&&) { return OkStatus(); }).error().code,
            ErrorCode::kInvalidArgument);
  cancel_.Cancel();
  EXPECT_EQ(source.Read(std::nullopt, Context(), [](Batch&&) { return OkStatus(); }).error().code,
            ErrorCode::kCancelled);
}

TEST_F(CollectorTest, RetentionKeepsCallsWholeAndPositionsUnused) {
  const UtcTime late = kNow + std::chrono::days(40);
  VqReport old_call, split_call;
  old_call.call_id = "old";
  split_call.call_id = "split";
  Accept(old_call.Text());
  Accept(split_call.Text());
  Accept("who knows");
  const Receipt fresh = Accept(split_call.OtherEnd().Text(), late);
  const auto batches = Read();
  const std::int64_t mark = *CollectorSource::PositionOf(batches.back().watermark);
  EXPECT_EQ(*inbox_->DropReceivedBefore(kNow + std::chrono::days(30), 0), 0)
      << "nothing is integrated yet";
  EXPECT_EQ(*inbox_->DropReceivedBefore(kNow + std::chrono::days(30), mark), 2);
  EXPECT_TRUE(inbox_->ReadReport(fresh.id).ok());
  EXPECT_EQ(inbox_->ReadReport(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*inbox_->DropReceivedBefore(late + std::chrono::days(1), mark), 2);
  EXPECT_FALSE(inbox_->NewestReceived()->has_value());
  Accept(old_call.Text(), late);
  EXPECT_EQ(Read(batches.back().watermark).size(), 1U)
      << "an empty inbox does not count from one again";
}

TEST_F(CollectorTest, TidyDropsWhatIsIntegratedAndOldAlone) {
  VqReport first, second;
  first.call_id = "first";
  second.call_id = "second";
  Accept(first.Text());
  const std::string watermark = *Read().back().watermark;
  Accept(second.Text());
  CollectorSource source("phones", *inbox_, clock_, std::chrono::hours(24));
  ASSERT_TRUE(source.Tidy(watermark).ok());
  EXPECT_TRUE(inbox_->ReadReport(1).ok()) << "young";
  clock_.Advance(std::chrono::hours(25));
  ASSERT_TRUE(source.Tidy(watermark).ok());
  EXPECT_EQ(inbox_->ReadReport(1).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(inbox_->ReadReport(2).ok()) << "not integrated yet";
}

TEST_F(CollectorTest, ParallelSendersShareWritesAndLoseNothing) {
  constexpr int kThreads = 8, kEach = 100;
  std::atomic<int> accepted = 0, duplicate = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        VqReport report;
        report.call_id =
            std::to_string(i % 2 == 0 ? i : t * 1000 + i);  // half of them are sent by everybody
        const auto receipts = inbox_->Accept(report.Text(), "", "", kNow);
        if (receipts.ok() && receipts->front().status == ReceiptStatus::kAccepted) ++accepted;
        if (receipts.ok() && receipts->front().status == ReceiptStatus::kDuplicate) ++duplicate;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted + duplicate, kThreads * kEach);
  EXPECT_EQ(accepted, kEach / 2 + kThreads * kEach / 2);
  EXPECT_EQ(*inbox_->CountPending(0), accepted);
}

// Promise: what was acknowledged survives kill -9. Method: a child accepts reports and tells each
// id through a pipe until it is killed in the middle; every id that was told must be there.
TEST_F(CollectorTest, KillBetweenAcceptAndReadLosesNothing) {
  for (int round = 0; round < 5; ++round) {
    inbox_.reset();
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto inbox = Inbox::Open(Path());
      for (int i = 0; inbox.ok(); ++i) {
        VqReport report;
        report.call_id = std::to_string(round) + "-" + std::to_string(i);
        const auto receipts = (*inbox)->Accept(report.Text(), "", "", kNow);
        if (!receipts.ok()) break;
        const std::int64_t id = receipts->front().id;
        if (write(pipe_ends[1], &id, sizeof id) != sizeof id) break;
      }
      _exit(1);
    }
    close(pipe_ends[1]);
    std::vector<std::int64_t> told;
    std::int64_t id = 0;
    while (told.size() < 20 + static_cast<std::size_t>(round) * 7 &&
           read(pipe_ends[0], &id, sizeof id) == sizeof id) {
      told.push_back(id);
    }
    kill(child, SIGKILL);
    while (read(pipe_ends[0], &id, sizeof id) == sizeof id) told.push_back(id);
    close(pipe_ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    Reopen();
    ASSERT_FALSE(told.empty());
    for (const std::int64_t one : told) EXPECT_TRUE(inbox_->ReadReport(one).ok()) << one;
  }
  std::int64_t rows = 0;
  for (const Batch& batch : Read()) rows += static_cast<std::int64_t>(batch.rows.size());
  EXPECT_EQ(rows, *inbox_->CountPending(0)) << "each report is one call with one stream";
}

TEST_F(CollectorTest, NewerFormatIsNotTouched) {
  inbox_.reset();
  {
    auto database = sqlite::Database::Open(Path());
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->Execute("PRAGMA user_version=99").ok());
  }
  EXPECT_EQ(Inbox::Open(Path()).error().code, ErrorCode::kUnimplemented);
  EXPECT_EQ(Inbox::Open(folder_ + "/none/inbox.sqlite").error().code, ErrorCode::kNotFound);
}

TEST_F(CollectorTest, ImportOfFiles) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  };
  SdnQuality other;
  other.call_id = "s2";
  std::string log = "noise\n" + QoeReport().Text() + "\nnoise\n";
  std::istringstream input(VqReport().Text() + VqReport().OtherEnd().Text());
  const auto summary = ImportReports(
      *inbox_,
      {write("a.xml", SdnQuality().Text() + "\n" + other.Text()), write("b.log", log),
       write("c.txt", "nothing"), write("d.txt", ""), folder_ + "/missing", folder_, "-"},
      input, clock_);
  ASSERT_TRUE(summary.ok()) << summary.error().ToString();
  EXPECT_EQ(summary->accepted, 5);
  EXPECT_EQ(summary->rejected, 1);
  EXPECT_EQ(summary->refused, 1) << "the empty file";
  EXPECT_EQ(summary->problems.size(), 4U);
  std::istringstream again(VqReport().Text());
  EXPECT_EQ(ImportReports(*inbox_, {"-"}, again, clock_)->duplicate, 1);
  EXPECT_EQ(Read()[0].rows.size(), 2U + 2U + 2U);
}

}  // namespace
}  // namespace cqd::source
