// Answers are tested by scripts: testdata/*.query, each run on every executor, cold and cached.
//
//   # What: why the script exists; lines with # are comments
//   load two_buildings.csv            the streams (format: internal/test_corpus.h)
//   zone Europe/Paris                 reporting zone, UTC when not said
//   query                             a question, in short form or as the JSON a client sends
//     dimension [StartDate].[Month]
//     measure [Measures].[Audio Streams Count]
//     filter [StreamType].[StreamType] 0 [False]           name, operand, value
//     union places [First Inside].[Inside] 0 [1]           the same in a union group
//     trend 7 2015-3                                       SpanCount, TrendDate
//     limit 10
//   ----
//   March 2015 | 12                   captions and numbers; none for no rows; up to a blank line
//
// An answer "error invalid_argument Filters[0].Value" is a refusal with code and field.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cube/internal/test_executors.h"
#include "cube/internal/test_snapshot.h"
#include "cube/query_service.h"

namespace cqd::cube {
namespace {

std::filesystem::path TestData() {
  return CQD_CUBE_TESTDATA;
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonText(out, text);
  return out;
}

std::string TakeWord(std::string_view& text) {
  text = Trim(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string word(text.substr(0, end));
  text = Trim(text.substr(end));
  return word;
}

/// "[a b].[c d]" from the front of the text.
std::string TakeName(std::string_view& text) {
  const std::size_t border = text.find("].[");
  const std::size_t end =
      border == std::string_view::npos ? text.size() : text.find(']', border + 3);
  const std::string name(text.substr(0, end + 1));
  text = Trim(text.substr(std::min(end + 1, text.size())));
  return name;
}

/// The body of a question in the short form.
std::string BodyOf(const std::vector<std::string>& lines) {
  std::string dimensions, measures, filters, rest;
  for (const std::string& line : lines) {
    std::string_view text = line;
    const std::string kind = TakeWord(text);
    if (kind == "dimension") {
      dimensions += "{\"DataModelName\":" + Quoted(text) + "},";
    } else if (kind == "measure") {
      measures += "{\"DataModelName\":" + Quoted(text) + "},";
    } else if (kind == "filter" || kind == "union") {
      const std::string group = kind == "union" ? TakeWord(text) : "";
      const std::string name = TakeName(text);
      const std::string operand = TakeWord(text);
      filters += "{\"DataModelName\":" + Quoted(name) + ",\"Operand\":" + operand +
                 ",\"Value\":" + Quoted(text) + ",\"UnionGroup\":" + Quoted(group) + "},";
    } else if (kind == "trend") {
      const std::string span = TakeWord(text);
      rest += ",\"Trend\":{\"EnableTrend\":true,\"SpanCount\":" + span +
              ",\"TrendDate\":" + Quoted(text) + ",\"Type\":0}";
    } else if (kind == "limit") {
      rest += ",LimitResultRowsCount:" + std::string(text);
    } else {
      ADD_FAILURE() << "unknown line: " << line;
    }
  }
  return "{\"Dimensions\":[" + dimensions + "],\"Measurements\":[" + measures + "],\"Filters\":[" +
         filters + "]" + rest + "}";
}

struct Question {
  int line = 0;
  std::string body;
  std::vector<std::string> answer;
};

struct Script {
  std::unique_ptr<testing::Corpus> corpus;
  std::vector<Question> questions;
};

Question ReadQuestion(std::istream& in, int& line_number) {
  Question question{.line = line_number, .body = {}, .answer = {}};
  std::vector<std::string> lines;
  std::string line;
  while (std::getline(in, line) && ++line_number && line != "----") lines.push_back(line);
  const bool is_json = !lines.empty() && Trim(lines.front()).starts_with('{');
  if (is_json) {
    for (const std::string& part : lines) question.body += part + "\n";
  } else {
    question.body = BodyOf(lines);
  }
  while (std::getline(in, line) && ++line_number && !Trim(line).empty()) {
    question.answer.emplace_back(Trim(line));
  }
  return question;
}

Script ReadScript(const std::filesystem::path& path) {
  std::ifstream in(path);
  Script script;
  int line_number = 0;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    std::string_view text = line;
    const std::string word = TakeWord(text);
    if (word.empty() || word[0] == '#') continue;
    if (word == "load") {
      script.corpus = testing::Corpus::Load(TestData() / std::string(text));
    } else if (word == "zone") {
      script.corpus->zone = TimeZone::Find(text).value();
    } else if (word == "query") {
      script.questions.push_back(ReadQuestion(in, line_number));
    } else {
      ADD_FAILURE() << path << ":" << line_number << ": unknown line";
    }
  }
  return script;
}

std::vector<std::string> Shown(const QueryOutcome& outcome) {
  if (outcome.error) {
    return {"error " + std::string(ErrorCodeName(outcome.error->code)) +
            (outcome.error->field.empty() ? "" : " " + outcome.error->field)};
  }
  std::vector<std::string> lines;
  for (const ResultTable::Row& row : outcome.table->rows) {
    std::string line;
    for (const std::string& caption : row.captions) line += caption + " | ";
    for (const Cell& cell : row.cells) {
      AppendCell(line, cell);
      line += " | ";
    }
    lines.push_back(line.substr(0, line.size() - 3));
  }
  if (lines.empty()) lines.emplace_back("none");
  return lines;
}

class Scripts : public ::testing::TestWithParam<std::string> {};

TEST_P(Scripts, EveryExecutorGivesTheAnswer) {
  const std::filesystem::path path = TestData() / GetParam();
  const Script script = ReadScript(path);
  ASSERT_NE(script.corpus, nullptr) << "no load line";
  ASSERT_FALSE(script.questions.empty());
  const SystemClock clock;
  for (const testing::ExecutorKind& kind : testing::ExecutorsUnderTest()) {
    const std::shared_ptr<const Executor> executor = kind.make(*script.corpus);
    const auto snapshot = std::make_shared<testing::TestSnapshot>(
        1, [&](const CubeQuery& query, const QueryLimits& limits) {
          return executor->Run(query, limits);
        });
    QueryService service([&] { return snapshot; }, {}, clock);
    for (const Question& question : script.questions) {
      SCOPED_TRACE(path.filename().string() + ":" + std::to_string(question.line) + " on " +
                   kind.name + "\n" + question.body);
      EXPECT_EQ(Shown(service.RunQuery(question.body)), question.answer);
      const QueryOutcome again = service.RunQuery(question.body);
      EXPECT_EQ(Shown(again), question.answer);
      EXPECT_EQ(again.from_cache, !again.error.has_value());
    }
  }
}

std::vector<std::string> ScriptNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TestData())) {
    if (entry.path().extension() == ".query") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Testdata, Scripts, ::testing::ValuesIn(ScriptNames()),
                         [](const auto& name) {
                           std::string plain = name.param.substr(0, name.param.find('.'));
                           return plain;
                         });

}  // namespace
}  // namespace cqd::cube
