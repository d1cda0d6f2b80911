#include "api/internal/event_stream.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>

#include "integration/run_log.h"

namespace cqd::api {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// An event as a client of the standard's parser sees it.
struct Seen {
  std::string id, type, data;
};

/// The parsing rules of WHATWG HTML, "Interpreting an event stream", as far as events go.
struct Client {
  std::string last_id;
  std::string retry;
  std::vector<Seen> events;

  void Take(std::string_view text) {
    std::string type, data;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      if (line.empty()) {
        if (!data.empty()) events.push_back({last_id, type, data.substr(0, data.size() - 1)});
        type.clear();
        data.clear();
      } else if (line.starts_with("id: ")) {
        last_id = line.substr(4);
      } else if (line.starts_with("event: ")) {
        type = line.substr(7);
      } else if (line.starts_with("data: ")) {
        data += std::string(line.substr(6)) + "\n";
      } else if (line.starts_with("retry: ")) {
        retry = line.substr(7);
      } else {
        ADD_FAILURE() << "not a line of an event: " << line;
      }
    }
  }
  std::vector<std::string> Types() const {
    std::vector<std::string> types;
    for (const Seen& event : events) types.push_back(event.type);
    return types;
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const Seen& event : events) ids.push_back(event.id);
    return ids;
  }
};

class EventStreamTest : public testing::Test {
 protected:
  EventStreamTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cqd-stream-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    log_ = *integration::RunLog::Open(
        {.path = (folder_ / "integration.sqlite").string(), .boot_id = "boot", .version = "test"},
        clock_);
    first_ = log_->events().newest_id();
  }
  ~EventStreamTest() override {
    log_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Add(std::string_view type, std::string data = "{}") {
    ASSERT_TRUE(log_->AppendEvent(type, std::move(data)).ok());
  }
  EventStream Open(std::optional<std::string_view> last_event_id = {}, StreamFilter filter = {}) {
    return EventStream({.events = log_->events(),
                        .clock = clock_,
                        .snapshot = [this] { return "{\"n\":" + std::to_string(++made_) + "}"; },
                        .filter = std::move(filter)},
                       last_event_id);
  }
  /// Everything there is now, piece by piece.
  static void Drain(EventStream& stream, Client& client) {
    for (;;) {
      std::string piece;
      ASSERT_TRUE(stream.Produce(piece));
      if (piece.empty()) return;
      client.Take(piece);
    }
  }
  std::string Id(std::int64_t number) const { return std::to_string(first_ + number); }

  SimulatedClock clock_{*ParseTime("2015-01-18T10:30:00Z")};
  std::filesystem::path folder_;
  std::unique_ptr<integration::RunLog> log_;
  std::int64_t first_ = 0;
  int made_ = 0;
};

TEST_F(EventStreamTest, ANewClientGetsTheStateAndThenTheEvents) {
  Add("run.started");
  EventStream stream = Open();
  Client client;
  Drain(stream, client);
  EXPECT_EQ(client.retry, "2000");
  EXPECT_THAT(client.Types(), ElementsAre("snapshot"));
  EXPECT_EQ(client.events[0].data, "{\"n\":1}");
  EXPECT_EQ(client.last_id, Id(1));
  Add("run.finished", "{\"stage\":\"cube\"}");
  Drain(stream, client);
  EXPECT_THAT(client.Types(), ElementsAre("snapshot", "run.finished"));
  EXPECT_THAT(client.Ids(), ElementsAre(Id(1), Id(2)));
  EXPECT_EQ(client.events[1].data, "{\"stage\":\"cube\"}");
  EXPECT_EQ(made_, 1);
}

TEST_F(EventStreamTest, AClientThatComesBackGetsWhatItMissedAlone) {
  for (int i = 0; i < 5; ++i) Add("run.progress");
  EventStream stream = Open(Id(2));
  Client client;
  Drain(stream, client);
  EXPECT_THAT(client.Ids(), ElementsAre(Id(3), Id(4), Id(5)));
  EXPECT_EQ(made_, 0);
  EventStream current = Open(Id(5));
  Client second;
  Drain(current, second);
  EXPECT_THAT(second.events, IsEmpty());
}

TEST_F(EventStreamTest, AnIdOfNowhereIsAReset) {
  Add("run.started");
  for (const char* id : {"", "abc", "12x", "-1", "99999", "99999999999999999999", "1 2"}) {
    EventStream stream = Open(id);
    Client client;
    Drain(stream, client);
    EXPECT_THAT(client.Types(), ElementsAre("reset")) << "\"" << id << "\"";
    EXPECT_EQ(client.last_id, Id(1));
  }
}

// Writes past the run log, in one transaction: ten thousand durable ones would take half a minute.
TEST_F(EventStreamTest, AClientThatFellBehindIsResetAndGoesOn) {
  log_.reset();
  auto database = sqlite::Database::Open((folder_ / "integration.sqlite").string());
  ASSERT_TRUE(database.ok());
  integration::EventLog events;
  ASSERT_TRUE(events.Load(*database).ok());
  EventStream stream(
      {.events = events, .clock = clock_, .snapshot = [] { return "{}"; }, .filter = {}}, {});
  Client client;
  Drain(stream, client);
  const auto write = [&](std::size_t count) {
    auto transaction = sqlite::Transaction::Begin(*database);
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(events.Add(*database, clock_.Now(), "run.finished", "{}").ok());
    ASSERT_TRUE(transaction->Commit().ok());
    events.Publish();
  };
  write(integration::EventLog::kKept + 10);
  Drain(stream, client);
  EXPECT_THAT(client.Types(), ElementsAre("snapshot", "reset"));
  EXPECT_EQ(client.last_id, std::to_string(events.newest_id()));
  write(1);
  Drain(stream, client);
  EXPECT_EQ(client.events.back().type, "run.finished");
}

TEST_F(EventStreamTest, PiecesAreBoundedAndNothingIsLeftOut) {
  EventStream stream = Open();
  const std::string large = "{\"x\":\"" + std::string(5000, 'x') + "\"}";
  Client client;
  Drain(stream, client);
  for (int i = 0; i < 300; ++i) Add("reject.sample", large);
  for (;;) {
    std::string piece;
    ASSERT_TRUE(stream.Produce(piece));
    EXPECT_LE(piece.size(), EventStream::kChunkBytesMax + large.size() + 100);
    if (piece.empty()) break;
    client.Take(piece);
  }
  ASSERT_EQ(client.events.size(), 301U);
  for (std::size_t i = 1; i < client.events.size(); ++i)
    EXPECT_EQ(client.events[i].id, Id(static_cast<std::int64_t>(i)));
}

TEST_F(EventStreamTest, FiltersByStageAndType) {
  StreamFilter filter{.stage = "cube", .types = {"run.started", "data.published"}};
  EventStream stream = Open({}, filter);
  Client client;
  Drain(stream, client);
  Add("run.started", "{\"stage\":\"archive\"}");
  Add("run.started", "{\"stage\":\"cube\"}");
  Add("run.finished", "{\"stage\":\"cube\"}");
  Add("data.published", "{\"data_version\":3}");
  Drain(stream, client);
  EXPECT_THAT(client.Types(), ElementsAre("snapshot", "run.started", "data.published"));
  EXPECT_THAT(client.Ids(), ElementsAre(Id(0), Id(2), Id(4)));
}

TEST_F(EventStreamTest, AFilterThatLeavesEverythingOutLosesNoPlace) {
  EventStream stream = Open({}, {.stage = "", .types = {"data.published"}});
  Client client;
  Drain(stream, client);
  for (int i = 0; i < 200; ++i) Add("run.progress");
  Add("data.published");
  Drain(stream, client);
  EXPECT_EQ(client.last_id, Id(201)) << "in one go, without waiting";
  for (int i = 0; i < 200; ++i) Add("run.progress");
  Drain(stream, client);
  EXPECT_EQ(client.events.size(), 2U);
  clock_.Advance(EventStream::kHeartbeat);
  Drain(stream, client);
  EXPECT_THAT(client.Types(), ElementsAre("snapshot", "data.published", "heartbeat"));
  EXPECT_EQ(client.last_id, Id(401));
}

TEST_F(EventStreamTest, AHeartbeatWhenAndOnlyWhenNothingElseWasSent) {
  EventStream stream = Open();
  Client client;
  Drain(stream, client);
  clock_.Advance(EventStream::kHeartbeat - seconds(1));
  Drain(stream, client);
  EXPECT_EQ(client.events.size(), 1U);
  Add("run.started");
  Drain(stream, client);
  clock_.Advance(EventStream::kHeartbeat - seconds(1));
  Drain(stream, client);
  EXPECT_EQ(client.events.size(), 2U) << "the event was a sign of life";
  clock_.Advance(seconds(1));
  std::string piece;
  ASSERT_TRUE(stream.Produce(piece));
  EXPECT_EQ(piece.find("id:"), std::string::npos);
  client.Take(piece);
  EXPECT_EQ(client.events.back().type, "heartbeat");
  EXPECT_EQ(client.last_id, Id(1));
  const json::value heartbeat = json::parse(client.events.back().data);
  EXPECT_EQ(heartbeat.at("last_id").as_int64(), first_ + 1);
  EXPECT_EQ(heartbeat.at("at").as_string(), "2015-01-18T10:30:29Z");
}

// A clock that is set changes no heartbeat: it is the monotonic side that counts.
TEST_F(EventStreamTest, ASteppedClockChangesNothing) {
  EventStream stream = Open();
  Client client;
  Drain(stream, client);
  clock_.StepWall(*ParseTime("2015-01-18T12:30:00Z"));
  Drain(stream, client);
  clock_.StepWall(*ParseTime("2015-01-18T08:30:00Z"));
  Drain(stream, client);
  EXPECT_EQ(client.events.size(), 1U);
}

TEST_F(EventStreamTest, EndsAfterItsLifeWithAllThatIsThere) {
  EventStream stream = Open();
  Client client;
  Drain(stream, client);
  Add("run.started");
  clock_.Advance(EventStream::kLife);
  std::string piece;
  EXPECT_FALSE(stream.Produce(piece));
  client.Take(piece);
  EXPECT_EQ(client.events.back().type, "run.started");
}

TEST(ServerSentEvent, LinesOfDataStayLines) {
  for (const auto& [data, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "event: t\ndata: \n\n"},
           {"a\nb", "event: t\ndata: a\ndata: b\n\n"},
           {"a\r\nb", "event: t\ndata: a\ndata: \ndata: b\n\n"},
           {"a\n\nid: 5", "event: t\ndata: a\ndata: \ndata: id: 5\n\n"}}) {
    std::string out;
    AppendServerSentEvent(out, std::nullopt, "t", data);
    EXPECT_EQ(out, expected);
  }
}

TEST(StreamSnapshotTest, SaysWhatIsKnownAndNullForTheRest) {
  integration::StatusView view;
  view.generated_at = *ParseTime("2015-01-18T10:30:00Z");
  view.summary = "Nothing was ever processed";
  integration::StageStatus stage;
  stage.stage = integration::Stage::kCube;
  view.stages.push_back(stage);
  view.reasons.push_back({.code = "cube_never_succeeded", .stage = integration::Stage::kCube});
  const json::value empty = json::parse(StreamSnapshot(view, "boot-1", "1.0", std::nullopt));
  EXPECT_TRUE(empty.at("data_version").is_null());
  EXPECT_TRUE(empty.at("stages").at(0).at("current").is_null());
  EXPECT_EQ(empty.at("stages").at(0).at("verdict").as_string(), "on_time");
  EXPECT_EQ(empty.at("reasons").at(0).at("code").as_string(), "cube_never_succeeded");
  EXPECT_EQ(empty.at("server").at("boot_id").as_string(), "boot-1");
  integration::RunRecord run;
  run.run_id = "cube-20150118T103000-000007";
  run.seq = 7;
  run.state = integration::RunState::kRunning;
  run.error = integration::RunError{.detail = "secret"};
  view.stages[0].current = run;
  const std::string text = StreamSnapshot(view, "boot-1", "1.0", 12);
  const json::value full = json::parse(text);
  EXPECT_EQ(full.at("data_version").as_int64(), 12);
  EXPECT_EQ(full.at("stages").at(0).at("current").at("seq").as_int64(), 7);
  EXPECT_TRUE(full.at("stages").at(0).at("current").at("progress").at("total").is_null());
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace cqd::api
