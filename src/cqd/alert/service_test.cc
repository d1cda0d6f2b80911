// Promises: what is told, to whom, how often; that a receiver which fails gets it later and once;
// that neither a restart nor a full disk loses or doubles an alarm; that the dead man's switch
// falls silent.
#include "alert/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

#include "alert/internal/test_receivers.h"
#include "alert/sender.h"
#include "file/temporary_folder.h"

namespace cqd::alert {
namespace {

using integration::Health;
using integration::Reason;
using integration::Stage;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Types(const std::vector<Received>& requests) {
  std::vector<std::string> types;
  for (const Received& request : requests) types.push_back(request.Type());
  return types;
}

class ServiceTest : public testing::Test {
 protected:
  Target MakeTarget(const std::string& name = "hook", TargetKind kind = TargetKind::kGeneric) {
    Target target;
    target.name = name;
    target.kind = kind;
    target.url = receiver_.Url();
    target.timeout = seconds(5);
    return target;
  }
  void Open(std::vector<Target> targets) {
    service_.reset();
    auto service = Service::Open(
        {.path = path(),
         .targets = std::move(targets),
         .identity = {.server_id = "cqd-1", .version = "0", .url = {}},
         .rules = {},
         .seed = 42},
        [this] { return MakeView(clock_.Now(), reasons_); }, clock_);
    ASSERT_TRUE(service.ok()) << service.error().ToString();
    service_ = *std::move(service);
  }
  /// Lets `time` pass in looks of five seconds.
  void Pass(Duration time) {
    for (Duration passed{}; passed < time; passed += seconds(5)) {
      clock_.Advance(seconds(5));
      service_->RunOnce();
    }
  }
  std::string path() const { return folder_.path() + "/alerts.sqlite"; }
  std::vector<Delivery> Log() { return *service_->store().ListDeliveries({.most = 500}); }

  const Reason late_ = MakeReason("cube_late", Health::kWarn, Stage::kCube);
  const Reason stale_ = MakeReason("cube_stale", Health::kFail, Stage::kCube);
  file::TemporaryFolder folder_;
  HttpReceiver receiver_;
  SimulatedClock clock_{*ParseTime("2026-03-01T10:00:00Z")};
  std::vector<Reason> reasons_;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, OneMessageEachForStartRiseAndEnd) {
  Open({MakeTarget()});
  Pass(minutes(10));
  EXPECT_THAT(receiver_.All(), IsEmpty());
  reasons_ = {late_, MakeReason("cube_failing", Health::kWarn, Stage::kCube)};
  Pass(minutes(1));
  EXPECT_THAT(receiver_.All(), IsEmpty()) << "hold-off";
  Pass(minutes(30));
  reasons_.push_back(stale_);
  Pass(minutes(30));
  ASSERT_EQ(service_->Active().size(), 1U);
  EXPECT_EQ(service_->Active()[0].rule, "cube_stale");
  EXPECT_TRUE(service_->Active()[0].last_sent_at.has_value());
  reasons_.clear();
  Pass(minutes(30));
  const auto taken = receiver_.Taken();
  ASSERT_THAT(Types(taken), ElementsAre("outage.started", "outage.worsened", "outage.ended"));
  EXPECT_EQ(taken[0].Json().at("data").at("reasons").as_array().size(), 2U);
  EXPECT_EQ(taken[1].Json().at("data").at("severity"), "fail");
  for (const Received& one : taken) {
    EXPECT_EQ(one.Json().at("data").at("dedupe_key").as_string(), one.dedupe_key);
    EXPECT_EQ(one.dedupe_key, taken[0].dedupe_key);
    EXPECT_EQ(one.content_type, "application/json");
  }
  EXPECT_THAT(service_->Active(), IsEmpty());
  EXPECT_EQ(service_->store().ListOutages({})->at(0).state, OutageState::kEnded);
}

TEST_F(ServiceTest, TheSignatureCoversTimeAndBody) {
  Target target = MakeTarget();
  target.secret = "key";
  Open({target});
  reasons_ = {stale_};
  Pass(minutes(3));
  ASSERT_EQ(receiver_.Taken().size(), 1U);
  const Received one = receiver_.Taken()[0];
  const std::int64_t at = std::stoll(one.timestamp);
  EXPECT_LE(std::abs(at - ToMicros(clock_.Now()) / 1'000'000), 120);
  EXPECT_EQ(one.signature, Signature("key", at, one.body));
  EXPECT_NE(one.signature, Signature("key", at + 1, one.body));
}

TEST_F(ServiceTest, FiltersDecideWhoIsTold) {
  Target fail_only = MakeTarget("fail");
  fail_only.url = receiver_.Url("/fail");
  fail_only.min_severity = Health::kFail;
  Target archive_only = MakeTarget("archive");
  archive_only.url = receiver_.Url("/archive");
  archive_only.stages = {"archive"};
  Open({fail_only, archive_only});
  reasons_ = {late_};
  Pass(minutes(5));
  EXPECT_THAT(receiver_.All(), IsEmpty());
  EXPECT_EQ(service_->Active().size(), 1U) << "it is an outage, whoever is told";
  reasons_ = {stale_};
  Pass(minutes(5));
  reasons_ = {};
  Pass(minutes(5));
  const auto taken = receiver_.Taken();
  ASSERT_THAT(Types(taken), ElementsAre("outage.started", "outage.ended"))
      << "to a receiver that wants failures alone, the rise is the beginning";
  EXPECT_EQ(taken[0].path, "/fail");
}

TEST_F(ServiceTest, AReceiverThatFailsGetsItLaterAndOnce) {
  Target target = MakeTarget();
  target.timeout = std::chrono::milliseconds(100);
  Open({target});
  reasons_ = {stale_};
  for (const Mood mood : {Mood::kRefuse, Mood::kHang, Mood::kBreakOff}) {
    receiver_.SetMood(mood);
    const std::size_t before = receiver_.All().size();
    Pass(minutes(25));
    EXPECT_GT(receiver_.All().size(), before) << static_cast<int>(mood);
    EXPECT_THAT(receiver_.Taken(), IsEmpty());
    EXPECT_FALSE(service_->targets()[0].error.empty());
  }
  EXPECT_LE(receiver_.All().size(), 20U) << "the pauses grow";
  receiver_.SetMood(Mood::kFine);
  Pass(minutes(20));
  ASSERT_THAT(Types(receiver_.Taken()), ElementsAre("outage.started"));
  for (const Received& one : receiver_.All())
    EXPECT_EQ(one.message_id, receiver_.Taken()[0].message_id) << "the same on every try";
  EXPECT_TRUE(service_->targets()[0].error.empty());
  ASSERT_EQ(Log().size(), 1U);
  EXPECT_EQ(Log()[0].state, DeliveryState::kDelivered);
  EXPECT_GT(Log()[0].attempts, 3);
}

TEST_F(ServiceTest, TheEndWaitsForTheBeginning) {
  Open({MakeTarget()});
  receiver_.SetMood(Mood::kRefuse);
  reasons_ = {stale_};
  Pass(minutes(5));
  reasons_ = {};
  Pass(minutes(5));
  receiver_.SetMood(Mood::kFine);
  Pass(hours(1));
  EXPECT_THAT(Types(receiver_.Taken()), ElementsAre("outage.started", "outage.ended"));
}

TEST_F(ServiceTest, AReceiverMayAskForAPause) {
  Open({MakeTarget()});
  receiver_.SetMood(Mood::kBusy);
  reasons_ = {stale_};
  Pass(minutes(30));
  EXPECT_EQ(receiver_.All().size(), 1U) << "Retry-After: 1800";
  receiver_.SetMood(Mood::kFine);
  Pass(minutes(5));
  EXPECT_EQ(receiver_.Taken().size(), 1U);
}

TEST_F(ServiceTest, AfterADayItIsGivenUp) {
  Open({MakeTarget()});
  receiver_.SetMood(Mood::kRefuse);
  reasons_ = {stale_};
  Pass(minutes(3));
  for (int i = 0; i < 24 * 5; ++i) {
    clock_.Advance(minutes(15));
    service_->RunOnce();
  }
  ASSERT_EQ(Log().size(), 1U);
  EXPECT_EQ(Log()[0].state, DeliveryState::kGivenUp);
  EXPECT_EQ(Log()[0].code, 500);
  const std::size_t tries = receiver_.All().size();
  Pass(minutes(30));
  EXPECT_EQ(receiver_.All().size(), tries);
}

TEST_F(ServiceTest, ARestartInTheMiddleOfABackOffNeitherLosesNorDoubles) {
  Open({MakeTarget()});
  receiver_.SetMood(Mood::kRefuse);
  reasons_ = {stale_};
  Pass(minutes(3));
  const std::string id = receiver_.All().at(0).message_id;
  const UtcTime next = Log().at(0).next_try_at;
  const std::size_t tries = receiver_.All().size();
  Open({MakeTarget()});
  EXPECT_EQ(Log().at(0).next_try_at, next);
  EXPECT_EQ(service_->Active().size(), 1U);
  receiver_.SetMood(Mood::kFine);
  service_->RunOnce();
  EXPECT_EQ(receiver_.All().size(), tries) << "the pause goes on";
  Pass(minutes(30));
  ASSERT_EQ(receiver_.Taken().size(), 1U);
  EXPECT_EQ(receiver_.Taken()[0].message_id, id);

  Open({MakeTarget()});
  Pass(hours(1));
  EXPECT_EQ(receiver_.Taken().size(), 1U) << "the outage goes on and was told";
  reasons_ = {};
  Open({MakeTarget()});
  Pass(minutes(5));
  EXPECT_THAT(Types(receiver_.Taken()), ElementsAre("outage.started", "outage.ended"));
}

TEST_F(ServiceTest, AClockSetBackDoesNotHoldAMessage) {
  Open({MakeTarget()});
  receiver_.SetMood(Mood::kRefuse);
  reasons_ = {stale_};
  Pass(minutes(3));
  receiver_.SetMood(Mood::kFine);
  clock_.StepWall(clock_.Now() - hours(24));
  Pass(minutes(1));
  EXPECT_EQ(receiver_.Taken().size(), 1U);
}

TEST_F(ServiceTest, ATargetThatIsGoneGivesItsMessagesUp) {
  Open({MakeTarget("old")});
  receiver_.SetMood(Mood::kRefuse);
  reasons_ = {stale_};
  Pass(minutes(3));
  receiver_.SetMood(Mood::kFine);
  Open({MakeTarget("new")});
  Pass(minutes(30));
  EXPECT_THAT(receiver_.Taken(), IsEmpty());
  EXPECT_EQ(Log().at(0).state, DeliveryState::kGivenUp);
}

TEST_F(ServiceTest, AnAcknowledgedOutageIsSilentButForItsEnd) {
  Open({MakeTarget()});
  reasons_ = {late_};
  Pass(minutes(3));
  const std::string id = service_->Active().at(0).id;
  EXPECT_EQ(service_->Acknowledge("no", "anna").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(service_->Acknowledge(id, "anna").ok());
  EXPECT_EQ(service_->Active().at(0).acked_by, "anna");
  reasons_ = {stale_};
  Open({MakeTarget()});
  EXPECT_EQ(service_->Active().at(0).acked_by, "anna") << "it survives a restart";
  Pass(minutes(10));
  reasons_ = {};
  Pass(minutes(10));
  EXPECT_THAT(Types(receiver_.Taken()), ElementsAre("outage.started", "outage.ended"));
  EXPECT_EQ(service_->Acknowledge(id, "anna").error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(ServiceTest, AnAlertmanagerIsToldAgainWhileItLasts) {
  Target target = MakeTarget("am", TargetKind::kAlertmanager);
  target.url = receiver_.Url("");
  Open({target});
  reasons_ = {late_};
  Pass(minutes(3));
  reasons_ = {stale_};
  Pass(minutes(10));
  const auto lasting = receiver_.Taken();
  EXPECT_GE(lasting.size(), 11U) << "once a minute";
  EXPECT_LE(lasting.size(), 14U);
  EXPECT_EQ(lasting[0].path, "/api/v2/alerts");
  EXPECT_EQ(lasting.back().Json().at(0).at("labels").at("severity"), "critical");
  reasons_ = {};
  Pass(minutes(3));
  const auto all = receiver_.Taken();
  EXPECT_TRUE(all.back().Json().at(0).as_object().contains("endsAt"));
  const std::size_t count = all.size();
  Pass(minutes(10));
  EXPECT_EQ(receiver_.Taken().size(), count);
  EXPECT_EQ(Log().size(), 3U) << "repetitions are no deliveries";
}

TEST_F(ServiceTest, TheDeadMansSwitchFallsSilentWhenSomethingIsWrong) {
  Target quiet = MakeTarget("quiet", TargetKind::kPing);
  quiet.url = receiver_.Url("/quiet");
  Target loud = MakeTarget("loud", TargetKind::kPing);
  loud.url = receiver_.Url("/loud");
  loud.ping.well_until = Health::kWarn;
  loud.ping.fail_suffix = true;
  Open({quiet, loud});
  const auto count = [&](const std::string& at) {
    const auto all = receiver_.Taken();
    return std::count_if(all.begin(), all.end(), [&](const Received& r) { return r.path == at; });
  };
  Pass(minutes(10));
  EXPECT_NEAR(static_cast<double>(count("/quiet")), 10, 1);
  EXPECT_NEAR(static_cast<double>(count("/loud")), 10, 1);
  reasons_ = {late_};
  clock_.Advance(seconds(1));
  const auto quiet_before = count("/quiet");
  Pass(minutes(10));
  EXPECT_EQ(count("/quiet"), quiet_before);
  EXPECT_NEAR(static_cast<double>(count("/loud")), 20, 1) << "a warning is still well to it";
  reasons_ = {stale_};
  Pass(minutes(10));
  EXPECT_EQ(count("/quiet"), quiet_before);
  EXPECT_NEAR(static_cast<double>(count("/loud/fail")), 10, 1);
  reasons_ = {};
  Pass(seconds(5));
  EXPECT_EQ(count("/quiet"), quiet_before + 1) << "at once when all is well again";
  EXPECT_THAT(Log(), IsEmpty());
}

TEST_F(ServiceTest, AnAlarmGoesOutAlsoWhenItCannotBeStored) {
  Open({MakeTarget()});
  // A second connection holds the write lock: no statement gets through, as with a full disk.
  auto other = *sqlite::Database::Open(path());
  {
    auto lock = *sqlite::Transaction::Begin(other);
    reasons_ = {stale_};
    clock_.Advance(seconds(5));
    service_->RunOnce();
    clock_.Advance(seconds(120));
    service_->RunOnce();
    EXPECT_EQ(receiver_.Taken().size(), 1U);
    EXPECT_EQ(service_->Active().size(), 1U);
  }
  Pass(seconds(5));
  service_->Stop();
  EXPECT_EQ(service_->store().ListOutages({})->size(), 1U) << "stored as soon as it can be";
  EXPECT_EQ(Log().at(0).state, DeliveryState::kDelivered);
}

TEST_F(ServiceTest, ATestTellsHowEachReceiverDoes) {
  Target bad = MakeTarget("bad");
  bad.url = "http://127.0.0.1:1/";
  Open({MakeTarget(), bad, MakeTarget("ping", TargetKind::kPing)});
  const auto results = service_->Test("");
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->size(), 3U);
  EXPECT_TRUE(results->at(0).status.ok());
  EXPECT_EQ(results->at(1).status.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(results->at(2).status.ok());
  EXPECT_EQ(receiver_.Taken().size(), 2U);
  EXPECT_EQ(Log().size(), 3U);
  EXPECT_EQ(service_->Test("none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(service_->Test("hook")->size(), 1U);
  EXPECT_THAT(service_->Active(), IsEmpty());
}

TEST_F(ServiceTest, WrongTargetsAreRefused) {
  Target bad = MakeTarget();
  bad.url = "nowhere";
  const auto status = [this] { return MakeView(clock_.Now(), {}); };
  EXPECT_EQ(Service::Open({.path = path(), .targets = {bad}}, status, clock_).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(Service::Open({.path = path(), .targets = {MakeTarget(), MakeTarget()}}, status, clock_)
                .error()
                .code,
            ErrorCode::kInvalidArgument);
}

// The threads: the same, and one receiver that hangs does not hold up the others nor the stop.
TEST_F(ServiceTest, ReceiversDoNotWaitForEachOther) {
  HttpReceiver slow;
  slow.SetMood(Mood::kHang);
  Target hangs = MakeTarget("hangs");
  hangs.url = slow.Url();
  hangs.timeout = minutes(1);
  Open({hangs, MakeTarget()});
  reasons_ = {stale_};
  service_->Start();
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (receiver_.Taken().empty() && std::chrono::steady_clock::now() < end) {
    clock_.Advance(seconds(5));
    poll(nullptr, 0, 1);
  }
  ASSERT_EQ(receiver_.Taken().size(), 1U);
  ASSERT_TRUE(slow.WaitForAll(1));
  const auto began = std::chrono::steady_clock::now();
  service_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
  EXPECT_EQ(service_->store().ListDeliveries({.target = "hangs"})->at(0).attempts, 0)
      << "broken off: it is sent again after the next start";
}

TEST_F(ServiceTest, HistoryIsBounded) {
  Open({MakeTarget()});
  std::vector<Outage> outages;
  std::vector<Delivery> deliveries;
  for (std::int64_t i = 1; i <= kOutagesKept + 100; ++i) {
    Outage outage;
    outage.seq = i;
    outage.id = "cube-" + std::to_string(i);
    outage.state = OutageState::kEnded;
    outages.push_back(outage);
  }
  for (std::int64_t i = 1; i <= kDeliveriesKept + 100; ++i) {
    Delivery delivery;
    delivery.id = i;
    delivery.state = i == 1 ? DeliveryState::kWaiting : DeliveryState::kDelivered;
    deliveries.push_back(delivery);
  }
  Store& store = service_->store();
  ASSERT_TRUE(store.Save(outages, {}, deliveries).ok());
  ASSERT_TRUE(store.Prune().ok());
  EXPECT_EQ(store.ListOutages({.most = 10'000})->size(), static_cast<std::size_t>(kOutagesKept));
  const auto kept = *store.ListDeliveries({.most = 10'000});
  EXPECT_EQ(kept.size(), static_cast<std::size_t>(kDeliveriesKept) + 1);
  EXPECT_EQ(kept.back().id, 1) << "what waits is kept";
  EXPECT_EQ(store.ListOutages({.before_seq = 500, .most = 3})->front().seq, 499);
}

}  // namespace
}  // namespace cqd::alert
