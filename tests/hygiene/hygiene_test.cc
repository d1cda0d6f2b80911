// The tree is the architecture: what no compiler checks of it is checked here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/text.h"

namespace cqd {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = CQD_SOURCE_DIR;
const fs::path kSources = kRoot / "src" / "cqd";

std::string ReadText(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::map<std::string, std::set<std::string>> Layers() {
  std::map<std::string, std::set<std::string>> layers;
  std::istringstream lines(ReadText(kRoot / "cmake" / "layers.txt"));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (line.empty() || line.front() == '#' || colon == std::string::npos) continue;
    std::istringstream names(line.substr(colon + 1));
    auto& allowed = layers[line.substr(0, colon)];
    for (std::string name; names >> name;) allowed.insert(name);
  }
  return layers;
}

std::vector<fs::path> CodeFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".h" || extension == ".cc"))
      files.push_back(entry.path());
  }
  return files;
}

/// The folder of src/cqd a file belongs to.
std::string FolderOf(const fs::path& file) {
  return (*fs::relative(file, kSources).begin()).string();
}

TEST(Layers, EveryFolderHasALineAndUsesOnlyLinesAboveItsOwn) {
  std::set<std::string> above;
  std::istringstream lines(ReadText(kRoot / "cmake" / "layers.txt"));
  const auto layers = Layers();
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::string folder = line.substr(0, line.find(':'));
    for (const std::string& used : layers.at(folder))
      EXPECT_TRUE(above.contains(used)) << folder << " uses " << used;
    above.insert(folder);
  }
  for (const auto& entry : fs::directory_iterator(kSources)) {
    EXPECT_TRUE(layers.contains(entry.path().filename().string())) << entry.path();
  }
}

TEST(Layers, EveryIncludeIsAllowed) {
  const auto layers = Layers();
  const std::regex include(R"re(^\s*#include "([a-z_]+)/([^"]+)")re");
  int seen = 0;
  for (const fs::path& file : CodeFiles(kSources)) {
    const std::string folder = FolderOf(file);
    std::istringstream lines(ReadText(file));
    for (std::string line; std::getline(lines, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, include)) continue;
      const std::string used = match[1];
      if (!layers.contains(used)) continue;
      ++seen;
      EXPECT_TRUE(used == folder || layers.at(folder).contains(used))
          << file << " includes " << match[0];
      if (used != folder) {
        EXPECT_EQ(match[2].str().find("internal/"), std::string::npos)
            << file << " includes a private header: " << match[0];
      }
    }
  }
  EXPECT_GT(seen, 100) << "the test looks at nothing";
}

TEST(Layers, OneFolderIsOneNamespace) {
  for (const fs::path& file : CodeFiles(kSources)) {
    const std::string folder = FolderOf(file);
    if (file.filename() == "main.cc") continue;
    const std::string text = ReadText(file);
    // base is the vocabulary of all and lies in cqd itself.
    const std::string wanted = folder == "base" ? "namespace cqd" : "namespace cqd::" + folder;
    if (text.find("namespace ") == std::string::npos) continue;  // macros alone
    EXPECT_NE(text.find(wanted), std::string::npos) << file << " lacks " << wanted;
  }
}

TEST(Layers, HeavyHeadersStayOutOfPublicHeaders) {
  const std::regex heavy(
      R"(#include <(boost/|CLI/|toml\+\+/|pugixml|re2/|spdlog/|prometheus/|hwy/|sql\.h|sqlext\.h|sqlite3\.h|openssl/))");
  for (const fs::path& file : CodeFiles(kSources)) {
    if (file.extension() != ".h" || file.parent_path().filename() == "internal") continue;
    EXPECT_FALSE(std::regex_search(ReadText(file), heavy)) << file;
  }
}

TEST(Hygiene, NoMarksOfUnfinishedOrSwitchedOffWork) {
  const std::regex marks(std::string(R"(\b(TO)") + R"(DO|FIX)" + R"(ME|XX)" + R"(X|DIS)" +
                         R"(ABLED_|GTEST_)" + R"(SKIP)\b)");
  for (const char* folder : {"src", "tests", "bench", "fuzz"}) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const fs::path& file : CodeFiles(kRoot / folder)) {
      std::smatch match;
      const std::string text = ReadText(file);
      EXPECT_FALSE(std::regex_search(text, match, marks)) << file << ": " << match.str();
    }
  }
}

TEST(Hygiene, TestsNeverSleep) {
  const std::regex sleep(R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)");
  for (const char* folder : {"src", "tests"}) {
    for (const fs::path& file : CodeFiles(kRoot / folder)) {
      if (file.filename() == "hygiene_test.cc") continue;
      if (file.string().find("_test.cc") == std::string::npos) continue;
      EXPECT_FALSE(std::regex_search(ReadText(file), sleep)) << file;
    }
  }
}

TEST(Hygiene, FilesCanBeHeldInTheHead) {
  for (const fs::path& file : CodeFiles(kSources)) {
    const std::string text = ReadText(file);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    EXPECT_LE(lines, file.extension() == ".h" ? 400 : 700) << file;
  }
}

}  // namespace
}  // namespace cqd
