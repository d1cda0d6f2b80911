// Promises of the status stream on the real binary: ids grow strictly, also over restarts and kill
// -9; who comes back with the last id misses nothing and gets nothing twice; who cannot be told
// what was missed is told so; the end of the server is the end of the stream in good order.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>

#include "support/event_reader.h"
#include "support/installation.h"

namespace cqd {
namespace {

using test::EventReader;
using test::Installation;
using test::StreamedEvent;
using testing::HasSubstr;
namespace json = boost::json;

constexpr const char* kStream = "/api/v1/status/stream";
/// No run but those that are asked for.
constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";

std::string LastEventId(const std::string& id) {
  return "Last-Event-ID: " + id + "\r\n";
}

void RunBoth(Installation& cqd) {
  const auto answer = cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  ASSERT_EQ(answer.status, 202) << answer.body;
}

std::int64_t Number(const StreamedEvent& event) {
  return std::stoll(event.id);
}

/// Takes events until a cube run has ended; that one last.
std::vector<StreamedEvent> UntilCubeEnded(EventReader& reader) {
  std::vector<StreamedEvent> events;
  while (auto event = reader.Next()) {
    events.push_back(*event);
    if (event->type == "run.finished" && json::parse(event->data).at("stage") == "cube") break;
  }
  return events;
}

/// All events of an archive run that is asked for and of the cube run that follows.
std::vector<StreamedEvent> WholeRun(Installation& cqd, EventReader& reader) {
  RunBoth(cqd);
  return UntilCubeEnded(reader);
}

TEST(StatusStream, TellsARunAsItHappens) {
  Installation cqd;
  cqd.Simulate(500, 1);
  cqd.ConfigureWithDatabase(kQuiet);
  cqd.Serve();
  EventReader reader(cqd.base(), kStream);
  EXPECT_THAT(reader.head(), HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(reader.head(), HasSubstr("text/event-stream"));
  const auto first = reader.Next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, "snapshot");
  const json::value before = json::parse(first->data);
  EXPECT_TRUE(before.at("data_version").is_null());
  EXPECT_EQ(before.at("stages").at(0).at("state").as_string(), "never_run");

  RunBoth(cqd);
  const std::vector<StreamedEvent> events = reader.Until("data.published");
  std::vector<std::string> types;
  for (const StreamedEvent& event : events) {
    types.push_back(event.type);
    EXPECT_TRUE(json::parse(event.data).is_object()) << event.data;
  }
  for (const char* type : {"run.queued", "run.started", "run.finished", "data.published"})
    EXPECT_THAT(types, testing::Contains(type));
  for (std::size_t i = 1; i < events.size(); ++i)
    EXPECT_EQ(Number(events[i]), Number(events[i - 1]) + 1);
  const json::value published = json::parse(events.back().data);
  EXPECT_EQ(published.at("data_version").as_int64(), 1);
  // Who hears of the data can ask for it: the event and the version change together.
  EXPECT_THAT(cqd.Post("/QoEDataService/RunQuery",
                       R"({"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})")
                  .Header("CQD-Data-Version"),
              testing::Optional(testing::StrEq("1")));

  EventReader later(cqd.base(), kStream);
  const json::value after = json::parse(later.Next()->data);
  EXPECT_EQ(after.at("data_version").as_int64(), 1);
  EXPECT_EQ(after.at("stages").at(1).at("outcome").as_string(), "ok");
}

// The client is away while runs begin and end and while the server is stopped and killed; each time
// it comes back with its last id alone.
TEST(StatusStream, ResumesOverRestartsAndKills) {
  Installation cqd;
  cqd.Simulate(500, 1);
  cqd.ConfigureWithDatabase(kQuiet);
  cqd.Serve();
  std::vector<StreamedEvent> all;
  std::string last_id;
  {
    EventReader reader(cqd.base(), kStream);
    all.push_back(*reader.Next());
    for (StreamedEvent& event : WholeRun(cqd, reader)) all.push_back(std::move(event));
    last_id = reader.last_id();
  }
  for (const int signal : {SIGTERM, SIGKILL, SIGKILL, SIGTERM}) {
    // Missed: a run that nobody listens to, of which the end is known by the run list alone.
    const std::int64_t before =
        cqd.GetJson("/api/v1/runs?n=1").at("runs").at(0).at("seq").as_int64();
    RunBoth(cqd);
    cqd.WaitForRun("cube", before);
    cqd.StopServer(signal);
    cqd.Serve();
    EventReader reader(cqd.base(), kStream, LastEventId(last_id));
    for (StreamedEvent& event : UntilCubeEnded(reader)) all.push_back(std::move(event));
    // And one that is seen live on the same connection.
    for (StreamedEvent& event : WholeRun(cqd, reader)) all.push_back(std::move(event));
    last_id = reader.last_id();
  }
  int cube_runs = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    ASSERT_EQ(Number(all[i]), Number(all[i - 1]) + 1) << all[i].type << " " << all[i].data;
    EXPECT_NE(all[i].type, "reset");
    cube_runs += all[i].type == "run.finished" && json::parse(all[i].data).at("stage") == "cube";
  }
  EXPECT_EQ(cube_runs, 9);
}

// A run under way when the server dies: its interruption is told to who comes back.
TEST(StatusStream, TellsOfARunThatWasKilled) {
  Installation cqd;
  cqd.Simulate(4000, 2);
  cqd.ConfigureWithDatabase(kQuiet);
  cqd.Serve();
  std::string last_id;
  {
    EventReader reader(cqd.base(), kStream);
    reader.Next();
    RunBoth(cqd);
    reader.Until("run.started");
    last_id = reader.last_id();
  }
  cqd.StopServer(SIGKILL);
  cqd.Serve();
  EventReader reader(cqd.base(), kStream, LastEventId(last_id));
  for (;;) {
    const auto event = reader.Next();
    ASSERT_TRUE(event);
    ASSERT_NE(event->type, "reset");
    EXPECT_GT(std::stoll(event->id), std::stoll(last_id));
    last_id = event->id;
    if (event->type != "run.finished") continue;
    EXPECT_EQ(json::parse(event->data).at("state").as_string(), "interrupted") << event->data;
    break;
  }
}

TEST(StatusStream, AnIdOfNowhereIsToldSo) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  for (const char* id : {"999999", "x", "-3"}) {
    EventReader by_field(cqd.base(), kStream, LastEventId(id));
    const auto first = by_field.Next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->type, "reset");
    EXPECT_TRUE(json::parse(first->data).at("stages").is_array());
    EventReader by_query(cqd.base(), std::string(kStream) + "?last_event_id=" + id);
    EXPECT_EQ(by_query.Next()->type, "reset");
  }
  EventReader current(cqd.base(), kStream);
  const std::string id = current.Next()->id;
  EventReader field_wins(cqd.base(), std::string(kStream) + "?last_event_id=x&types=run.queued",
                         LastEventId(id));
  RunBoth(cqd);
  EXPECT_EQ(field_wins.Next()->type, "run.queued");
}

TEST(StatusStream, FiltersAndRefusesWhatItDoesNotKnow) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  EventReader cube(cqd.base(), std::string(kStream) + "?stage=cube&types=run.started,run.finished");
  EXPECT_EQ(cube.Next()->type, "snapshot");
  RunBoth(cqd);
  EXPECT_EQ(cube.Next()->type, "run.started");
  const auto finished = cube.Next();
  EXPECT_EQ(finished->type, "run.finished");
  EXPECT_EQ(json::parse(finished->data).at("stage").as_string(), "cube");
  for (const char* bad : {"?stage=cellar", "?types=run.started,nothing", "?types=", "?since=3"}) {
    const auto answer = cqd.Get(std::string(kStream) + bad);
    EXPECT_EQ(answer.status, 400) << bad;
    const json::value problem = json::parse(answer.body);
    EXPECT_THAT(std::string(bad), HasSubstr(std::string(problem.at("field").as_string())));
    EXPECT_FALSE(problem.at("allowed").as_array().empty());
  }
}

TEST(StatusStream, PlacesAreLimitedAndGivenBack) {
  Installation cqd;
  cqd.Configure(std::string("[server]\nstreams_max = 2\n") + kQuiet);
  cqd.Serve();
  const auto one = std::make_unique<EventReader>(cqd.base(), kStream);
  {
    const EventReader two(cqd.base(), kStream);
    const auto refused = cqd.Get(kStream);
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.Header("Retry-After"));
    EXPECT_EQ(cqd.Get("/api/v1/status").status, 200);
  }
  for (;;) {  // until the server has seen that the second one left
    EventReader again(cqd.base(), kStream);
    if (again.head().find(" 200 ") != std::string::npos) break;
    test::Breathe();
  }
}

// Five hundred clients, on a system that gives fewer open files to who does not ask; queries go on.
TEST(StatusStream, FiveHundredClientsHearEverythingAndQueriesGoOn) {
  rlimit usual{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit tight{256, usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  Installation cqd;
  cqd.Configure(std::string("[server]\nworker_threads = 1\n") + kQuiet);
  cqd.Serve();
  const rlimit roomy{std::min<rlim_t>(4096, usual.rlim_max), usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &roomy), 0);
  std::vector<std::unique_ptr<EventReader>> readers;
  std::int64_t newest = 0;  // in the last one's snapshot; the others got it as an event
  for (int i = 0; i < 500; ++i) {
    readers.push_back(std::make_unique<EventReader>(cqd.base(), kStream));
    const auto first = readers.back()->Next();
    ASSERT_EQ(first->type, "snapshot") << i;
    newest = Number(*first);
  }
  RunBoth(cqd);
  EXPECT_EQ(cqd.Get("/api/v1/status").status, 200);
  std::vector<std::int64_t> heard_by_first;
  for (const auto& reader : readers) {
    std::vector<std::int64_t> heard;
    for (const StreamedEvent& event : UntilCubeEnded(*reader)) {
      if (Number(event) > newest) heard.push_back(Number(event));
    }
    ASSERT_GE(heard.size(), 6U) << "queued, started, finished of both stages";
    if (heard_by_first.empty()) heard_by_first = heard;
    EXPECT_EQ(heard, heard_by_first);
  }
  readers.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
}

TEST(StatusStream, TheEndOfTheServerIsAnEndInGoodOrder) {
  Installation cqd;
  cqd.Configure(kQuiet);
  cqd.Serve();
  std::vector<std::unique_ptr<EventReader>> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(std::make_unique<EventReader>(cqd.base(), kStream));
    EXPECT_EQ(readers.back()->Next()->type, "snapshot");
  }
  EXPECT_EQ(cqd.StopServer(), 0);
  for (const auto& reader : readers) {
    while (reader->Next()) {  // what happened until then
    }
    EXPECT_TRUE(reader->ended_whole());
  }
}

}  // namespace
}  // namespace cqd
