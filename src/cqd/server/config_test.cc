#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cube/cube.h"

namespace cqd::server {
namespace {

using testing::HasSubstr;

TEST(Config, AnEmptyFileGivesTheDefaults) {
  const Config config = *ParseConfig("", "cqd.toml");
  EXPECT_EQ(config.port, 8080);
  EXPECT_FALSE(config.integration_log) << "off by default, as published";
  EXPECT_TRUE(CheckConfig(config).empty());
}

TEST(Config, ReadsValuesAndSources) {
  const Config config = *ParseConfig(
      "data_dir='d'\n[server]\nport=0\n[data_api]\nintegration_log=true\ncors_trusted_origins=['"
      "https://a.example']\n"
      "[[source]]\nname='qoe'\nconnection_string='Driver=SQLite3;Database=x'\nmargin_s=60\n[["
      "source]]\nname='b'\nconnection_string='y'\n",
      "cqd.toml");
  EXPECT_EQ(config.data_dir, "d");
  EXPECT_EQ(config.port, 0);
  EXPECT_TRUE(config.integration_log);
  EXPECT_THAT(config.cors_trusted_origins, testing::ElementsAre("https://a.example"));
  ASSERT_EQ(config.sources.size(), 2U);
  EXPECT_EQ(config.sources[0].margin_s, 60);
}

// 0 streams would mean "every query is counted"; as a setting it means that none is.
TEST(Config, RollupsCanBeMadeSoonerOrNever) {
  EXPECT_EQ(Config{}.cube_rollup_rows_min, cube::CubeOptions{}.rollup_rows_min);
  const auto rows_min = [](const std::string& value) {
    return ParseConfig("[cube]\nrollup_rows_min = " + value + "\n", "cqd.toml");
  };
  EXPECT_EQ(rows_min("50000")->cube_rollup_rows_min, 50'000);
  EXPECT_EQ(rows_min("0")->cube_rollup_rows_min, 0);
  EXPECT_EQ(rows_min("-1").error().code, ErrorCode::kInvalidArgument);
}

TEST(Config, ReadsAlertSettingsAndReceivers) {
  const Config config = *ParseConfig(
      "[alert]\nhold_off_s = 30\n[[alert.target]]\nname='a'\nurl='https://x'\n[[alert.target]]\n"
      "name='m'\nkind='email'\nserver='mail'\nto=['a@b']\n",
      "cqd.toml");
  EXPECT_EQ(config.alert_hold_off_s, 30);
  ASSERT_EQ(config.alert_targets.size(), 2U);
  EXPECT_EQ(config.alert_targets[0].kind, "generic");
  EXPECT_EQ(config.alert_targets[1].port, 587);
  EXPECT_EQ(ParseConfig("[[alert]]\nname='a'\n", "cqd.toml")->alert_targets.size(), 1U);
  for (const std::string_view bad :
       {"[[alert.target]]\nurl='x'", "[[alert.target]]\nname='a'\n[[alert.target]]\nname='a'",
        "[alert]\ntarget = 3", "alert = [1]", "[[alert.target]]\nname='a'\nkind='fax'",
        "[[alert.target]]\nname='a'\nprot=25"}) {
    EXPECT_EQ(ParseConfig(bad, "cqd.toml").error().code, ErrorCode::kInvalidArgument) << bad;
  }
}

TEST(Config, EveryMistakeNamesFileLineKeyValueAndRemedy) {
  const auto message = [](std::string_view toml) {
    const auto config = ParseConfig(toml, "cqd.toml");
    EXPECT_FALSE(config.ok()) << toml;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
    return config.error().message;
  };
  EXPECT_THAT(message("[server]\nport = 70000"),
              testing::AllOf(HasSubstr("cqd.toml, line 2"), HasSubstr("server.port"),
                             HasSubstr("70000"), HasSubstr("0 to 65535")));
  EXPECT_THAT(message("[server]\nprot = 80"), HasSubstr("did you mean server.port"));
  EXPECT_THAT(message("[server]\nport = \"80\""), HasSubstr("whole number"));
  EXPECT_THAT(message("[auth]\nmode = \"open\""), HasSubstr("none, basic, proxy"));
  EXPECT_THAT(message("[server\n"), HasSubstr("line 1"));
  EXPECT_THAT(message("[[source]]\nconnection_string='x'"), HasSubstr("source.name"));
  EXPECT_THAT(message("[[source]]\nname='a'"), HasSubstr("source.connection_string"));
  EXPECT_THAT(message("[[source]]\nname='a'\nconnection_string='x'\n[[source]]\nname='a'"
                      "\nconnection_string='x'"),
              HasSubstr("twice"));
  EXPECT_THAT(message("source = 3"), HasSubstr("[[source]]"));
  EXPECT_THAT(message("[data_api]\ncors_trusted_origins = [1]"), HasSubstr("list of texts"));
}

TEST(Config, ChecksWhatOneValueCannotTell) {
  Config config;
  config.tls_key_file = "k";
  config.auth_mode = "basic";
  config.cube_time_zone = "Nowhere/Land";
  config.every_s = 7200;
  config.sources.push_back({.name = "qoe", .credential_expires_on = "soon"});
  EXPECT_THAT(CheckConfig(config),
              testing::ElementsAre(
                  HasSubstr("go together"), HasSubstr("cqd user add"), HasSubstr("cube.time_zone"),
                  HasSubstr("credential_expires_on of qoe"), HasSubstr("warn_after_s")));
}

// Promise: docs/configuration.md is what the code does. CQD_UPDATE_DOCS=1 writes it anew.
TEST(Config, TheDocumentIsMadeFromTheCode) {
  const std::string path = std::string(CQD_SOURCE_DIR) + "/docs/configuration.md";
  if (std::getenv("CQD_UPDATE_DOCS") != nullptr) std::ofstream(path) << ConfigurationMarkdown();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), ConfigurationMarkdown()) << "run the tests once with CQD_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace cqd::server
