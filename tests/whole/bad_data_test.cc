// Promise: data of a newer version, damaged files, a full disk, missing rights and wrong settings
// are told clearly, and nothing is changed or lost. Rules: docs/operations.md.
#include <fmt/format.h>
#include <gmock/gmock.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <map>

#include "sqlite/database.h"
#include "support/installation.h"

namespace cqd {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using test::Finished;
using test::Installation;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuiet =
    "[integration]\nrun_at_start = false\nevery_s = 604800\nwarn_after_s = 604800\nerror_after_s = "
    "604800\n";
constexpr const char* kByMonth =
    R"({"Dimensions":[{"DataModelName":"[StartDate].[Month]"}],"Measurements":[{"DataModelName":"[Measures].[Audio Streams Count]"}]})";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every file of a folder by name, but those that only a running process needs.
std::map<std::string, std::string> Contents(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (!entry.is_regular_file() || name == "LOCK" || name.ends_with("-shm")) continue;
    if (name.ends_with("-wal") && entry.file_size() == 0) continue;
    contents[name] = ReadFile(entry.path());
  }
  return contents;
}

/// The first file of the folder whose name ends so.
std::string FileEndingWith(const std::string& folder, const std::string& end) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().string().ends_with(end) && entry.path().filename() != "main.sqlite")
      found.push_back(entry.path().string());
  EXPECT_FALSE(found.empty()) << folder << end;
  return found.empty() ? "" : *std::min_element(found.begin(), found.end());
}

/// An integrated organisation of two months.
void Prepare(Installation& cqd, const std::string& further = {}) {
  cqd.Simulate(600, 3);
  cqd.ConfigureWithDatabase(kQuiet + further);
  const Finished run = cqd.Cqd({"integrate"});
  ASSERT_EQ(run.exit_code, 0) << run.output;
}

TEST(NewerVersion, OfAnyFileIsRefusedAndLeftAlone) {
  Installation cqd;
  Prepare(cqd);
  const std::string month = FileEndingWith(cqd.data_dir() + "/archive", ".sqlite");
  ASSERT_THAT(month, HasSubstr("/streams-"));
  for (const std::string& file :
       {cqd.data_dir() + "/archive/main.sqlite", month, cqd.data_dir() + "/integration.sqlite",
        cqd.data_dir() + "/inbox.sqlite"}) {
    std::int64_t version = 0;
    const auto set_version = [&](std::int64_t to) {
      auto database = *sqlite::Database::Open(file);
      version = database.QueryInt("PRAGMA user_version")->value_or(0);
      ASSERT_TRUE(database.Execute(fmt::format("PRAGMA user_version={}", to)).ok());
    };
    set_version(99);
    const std::int64_t right = version;
    const auto before = Contents(cqd.data_dir());
    for (const char* command : {"serve", "check"}) {
      const Finished refused = cqd.Cqd({command});
      EXPECT_EQ(refused.exit_code, 1) << file << refused.output;
      EXPECT_THAT(refused.output, HasSubstr("newer version")) << file;
    }
    EXPECT_TRUE(before == Contents(cqd.data_dir())) << "something was changed: " << file;
    set_version(right);
  }
  EXPECT_EQ(cqd.Cqd({"integrate"}).exit_code, 0) << "the right version works on";
}

TEST(NewerVersion, OfTheCubeIsRefusedAndLeftAlone) {
  Installation cqd;
  Prepare(cqd);
  const std::string file = cqd.data_dir() + "/cube/manifest.json";
  std::string body = ReadFile(file).substr(17);
  const std::size_t at = body.find("\"format\":") + 9;
  body.replace(at, body.find(',', at) - at, "99");
  std::ofstream(file, std::ios::binary)
      << fmt::format("{:016x}\n", XXH3_64bits(body.data(), body.size())) << body;
  const auto before = Contents(cqd.data_dir());
  for (const char* command : {"process", "serve"}) {
    const Finished refused = cqd.Cqd({command});
    EXPECT_EQ(refused.exit_code, 1) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("newer version"));
  }
  EXPECT_TRUE(before == Contents(cqd.data_dir()));
}

TEST(DamagedSegment, OtherMonthsAnswerAndTheNextRunRepairs) {
  Installation cqd;
  Prepare(cqd);
  cqd.Serve();
  const json::array whole = cqd.Ask(kByMonth).at("DataResult").as_array();
  ASSERT_EQ(whole.size(), 3U);
  EXPECT_EQ(cqd.StopServer(), 0);
  const std::string segment = FileEndingWith(cqd.data_dir() + "/cube", ".seg");
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(fs::file_size(segment) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get());
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 0x10));
  }
  const Finished check = cqd.Cqd({"check"});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_THAT(check.output, HasSubstr("damaged"));

  cqd.Serve();
  const json::array left = cqd.Ask(kByMonth).at("DataResult").as_array();
  EXPECT_EQ(left.size(), 2U) << "the other months answer";
  const json::value status = cqd.GetJson("/api/v1/status");
  EXPECT_THAT(json::serialize(status.at("reasons")), HasSubstr("\"cube_damaged\""));
  EXPECT_NE(status.at("status").as_string(), "pass");
  cqd.Post("/api/v1/runs", R"({"stage":"cube"})");
  EXPECT_EQ(
      cqd.WaitForRun(
             "cube",
             cqd.GetJson("/api/v1/runs?stage=cube&n=1").at("runs").at(0).at("seq").as_int64() - 1)
          .at("state")
          .as_string(),
      "succeeded");
  EXPECT_EQ(cqd.Ask(kByMonth).at("DataResult").as_array(), whole);
  EXPECT_THAT(json::serialize(cqd.GetJson("/api/v1/status").at("reasons")),
              Not(HasSubstr("cube_damaged")));
  EXPECT_EQ(cqd.StopServer(), 0);
  EXPECT_EQ(cqd.Cqd({"check"}).exit_code, 0);
}

/// A limit on the size of files stands for a full disk; the program sees a failed write either way.
Finished WithFileLimit(Installation& cqd, int blocks_of_512, const std::string& arguments) {
  return test::RunToEnd({"/bin/sh", "-c",
                         fmt::format("trap '' XFSZ; ulimit -f {}; exec {} {} --config {}",
                                     blocks_of_512, CQD_BINARY, arguments, cqd.Path("cqd.toml"))},
                        cqd.Path("limited-out"));
}

TEST(FullDisk, FailsTheRunAndTheNextOneGoesOn) {
  Installation cqd;
  cqd.Simulate(3000, 2);
  cqd.ConfigureWithDatabase(kQuiet);
  // Room for empty databases, not for the streams.
  ASSERT_EQ(cqd.Cqd({"quarantine", "list"}).exit_code, 0);
  const Finished full = WithFileLimit(cqd, 600, "integrate");
  EXPECT_EQ(full.exit_code, 1) << full.output;
  EXPECT_THAT(full.output, HasSubstr("room")) << "the remedy is named";
  cqd.Serve();
  const json::value run = cqd.GetJson("/api/v1/runs?stage=archive&n=1").at("runs").at(0);
  EXPECT_EQ(run.at("state").as_string(), "failed");
  EXPECT_EQ(run.at("error").at("class").as_string(), "disk") << json::serialize(run);
  EXPECT_TRUE(run.at("error").at("retryable").as_bool());
  EXPECT_NE(cqd.GetJson("/api/v1/status").at("status").as_string(), "pass");
  cqd.Post("/api/v1/runs", R"({"stage":"archive"})");
  EXPECT_EQ(cqd.WaitForRun("archive", run.at("seq").as_int64()).at("state").as_string(),
            "succeeded");
  cqd.WaitForRun("cube", run.at("seq").as_int64());
  auto database = *sqlite::Database::Open(cqd.database(), {.mode = sqlite::OpenMode::kReadOnly});
  std::int64_t sum = 0;
  const json::value answer = cqd.Ask(kByMonth);
  for (const json::value& row : answer.at("DataResult").as_array()) sum += row.at(1).as_int64();
  EXPECT_EQ(sum, **database.QueryInt("SELECT count(*) FROM AudioStream"));
}

TEST(Rights, ADataDirectoryThatCannotBeWrittenIsNamed) {
  Installation cqd;
  cqd.Configure(kQuiet);
  ASSERT_EQ(cqd.Cqd({"integrate"}).exit_code, 0);
  const auto before = Contents(cqd.data_dir());
  std::vector<std::string> command = {CQD_BINARY, "integrate", "--config", cqd.Path("cqd.toml")};
  if (geteuid() == 0) {
    // The superuser may write everywhere, so somebody else tries.
    fs::permissions(cqd.Path(""), fs::perms(0755));
    command.insert(command.begin(),
                   {"/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"});
  } else {
    fs::permissions(cqd.data_dir(), fs::perms(0555));
    fs::permissions(cqd.data_dir() + "/LOCK", fs::perms(0444));
  }
  const Finished refused = test::RunToEnd(command, cqd.Path("refused-out"));
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr(cqd.data_dir()));
  EXPECT_TRUE(before == Contents(cqd.data_dir()));
  fs::permissions(cqd.data_dir(), fs::perms(0755));
}

TEST(Configuration, MistakesNameFileLineKeyValueAndRemedy) {
  struct Mistake {
    const char* text;
    std::vector<std::string> named;
  };
  for (const Mistake& mistake : std::vector<Mistake>{
           {"[server]\nport = 99999\n", {"line 3", "server.port", "99999", "65535"}},
           {"[server]\nprot = 80\n", {"line 3", "server.prot", "server.port"}},
           {"[server]\nport = \"x\"\n", {"line 3", "server.port", "\"x\""}},
           {"[auth]\nmode = \"open\"\n", {"auth.mode", "open", "basic"}},
           {"[cube]\ntime_zone = \"Mars/Base\"\n", {"cube.time_zone", "Mars/Base"}},
           {"[data_api\n", {"line 2"}},
           {"[[source]]\nname = \"a\"\n", {"source.connection_string"}},
           {"[integration]\nwarn_after_s = 1\n", {"integration.warn_after_s"}}}) {
    Installation cqd;
    cqd.Configure(mistake.text);
    for (const char* command : {"check", "integrate"}) {
      const Finished refused = cqd.Cqd({command});
      EXPECT_NE(refused.exit_code, 0) << mistake.text;
      for (const std::string& name : mistake.named)
        EXPECT_THAT(refused.output, HasSubstr(name)) << mistake.text;
    }
    EXPECT_FALSE(fs::exists(cqd.data_dir() + "/archive")) << mistake.text;
  }
  Installation cqd;
  const Finished missing = cqd.Run({"integrate", "--config", cqd.Path("no-such.toml")});
  EXPECT_EQ(missing.exit_code, 2) << missing.output;
  EXPECT_THAT(missing.output, HasSubstr("no-such.toml"));
  fs::create_directory(cqd.Path("folder.toml"));
  const Finished folder = cqd.Run({"integrate", "--config", cqd.Path("folder.toml")});
  EXPECT_EQ(folder.exit_code, 2) << folder.output;
  EXPECT_THAT(folder.output, HasSubstr("folder.toml"));
}

}  // namespace
}  // namespace cqd
