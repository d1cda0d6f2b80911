// Promises: the answer has the published shape, byte for byte, and the pieces it is cut into are
// bounded and do not change it. Sections are those of reference/cube-model.md.
#include "cube/answer_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "base/text.h"
#include "cube/result.h"

namespace cqd::cube {
namespace {

using Tables = std::vector<std::shared_ptr<const ResultTable>>;

std::shared_ptr<const ResultTable> Shared(std::vector<ResultTable::Row> rows) {
  ResultTable table;
  table.rows = std::move(rows);
  return std::make_shared<const ResultTable>(std::move(table));
}

// 4.5: the published answer.
TEST(AnswerWriter, PublishedShape) {
  QueryOutcome outcome;
  outcome.elapsed = Duration(210263);
  outcome.table = Shared({{{"September 2014"},
                           {{Cell::Kind::kInteger, 1792, 0},
                            {Cell::Kind::kInteger, 34, 0},
                            {Cell::Kind::kInteger, 78, 0},
                            {Cell::Kind::kDecimal, 0, 4.171}}},
                          {{"October 2014"}, {{}, {Cell::Kind::kDecimal, 0, 8.2}}}});
  EXPECT_EQ(outcome.ToJson(), R"({"ExecutionTime":"00:00:00.2102630","DataResult":[)"
                              R"(["September 2014",1792,34,78,4.171],["October 2014",null,8.2]],)"
                              R"("ResultIsFromCache":false,"ErrorType":0})");
}

TEST(AnswerWriter, ErrorsHaveNoRowsAndNameTheirField) {
  QueryOutcome outcome;
  outcome.from_cache = true;
  outcome.error_type = ErrorType::kInvalidQuery;
  outcome.error = Fail(ErrorCode::kInvalidArgument, "a \"b\"", {}, "Filters");
  EXPECT_EQ(outcome.ToJson(),
            R"({"ExecutionTime":"00:00:00.0000000","DataResult":[],"ResultIsFromCache":true,)"
            R"("ErrorType":6,"ErrorMessage":"Filters: a \"b\""})");
}

TEST(AnswerWriter, WhatWasAskedForBesidesStandsAtTheEnd) {
  QueryOutcome outcome;
  outcome.table = Shared({{{"a"}, {}}});
  outcome.explain_json = R"({"E":1})";
  outcome.funnel_json = R"({"F":2})";
  outcome.what_if = FurtherRows{R"("Changed":[])", Shared({{{"b"}, {}}, {{}, {}}})};
  outcome.comparison = FurtherRows{R"("DataVersion":4)", Shared({})};
  EXPECT_EQ(outcome.ToJson(),
            R"({"ExecutionTime":"00:00:00.0000000","DataResult":[["a"]],)"
            R"("ResultIsFromCache":false,"ErrorType":0,"Explain":{"E":1},"Funnel":{"F":2},)"
            R"("WhatIf":{"Changed":[],"DataResult":[["b"],[]]},)"
            R"("Comparison":{"DataVersion":4,"DataResult":[]}})");
}

/// A table as text, plainly.
std::string Plain(const ResultTable& table) {
  std::string out = "[";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    out += r == 0 ? "[" : ",[";
    std::size_t cells = 0;
    for (const std::string& caption : table.rows[r].captions) {
      if (cells++ > 0) out += ',';
      AppendJsonText(out, caption);
    }
    for (const Cell& cell : table.rows[r].cells) {
      if (cells++ > 0) out += ',';
      AppendCell(out, cell);
    }
    out += ']';
  }
  return out + ']';
}

std::shared_ptr<const ResultTable> RandomTable(std::mt19937_64& random) {
  const std::size_t captions = random() % 4, cells = random() % 4;
  std::vector<ResultTable::Row> rows(random() % 40);
  for (auto& row : rows) {
    for (std::size_t i = 0; i < captions; ++i) {
      std::string text(random() % 60, ' ');
      for (char& c : text) c = static_cast<char>(random());
      row.captions.push_back(std::move(text));
    }
    for (std::size_t i = 0; i < cells; ++i) {
      const auto number = static_cast<std::int64_t>(random());
      row.cells.push_back({static_cast<Cell::Kind>(random() % 3), number,
                           static_cast<double>(number % 10'000'000) / 1000});
    }
  }
  return Shared(std::move(rows));
}

/// The longest text of one row.
std::size_t LongestRow(const Tables& tables) {
  std::size_t longest = 0;
  for (const auto& table : tables) {
    for (const auto& row : table->rows) {
      std::string text;
      AppendRow(text, row);
      longest = std::max(longest, text.size());
    }
  }
  return longest;
}

TEST(AnswerWriter, PiecesOfAnySizeMakeTheSameText) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    QueryOutcome outcome;
    const Tables tables = {RandomTable(random), RandomTable(random), RandomTable(random)};
    outcome.table = tables[0];
    std::string expected = R"({"ExecutionTime":"00:00:00.0000000","DataResult":)" +
                           Plain(*tables[0]) + R"(,"ResultIsFromCache":false,"ErrorType":0)";
    if (random() % 2 == 0) {
      outcome.what_if = FurtherRows{"\"A\":1", tables[1]};
      expected += R"(,"WhatIf":{"A":1,"DataResult":)" + Plain(*tables[1]) + '}';
    }
    if (random() % 2 == 0) {
      outcome.comparison = FurtherRows{"\"B\":2", tables[2]};
      expected += R"(,"Comparison":{"B":2,"DataResult":)" + Plain(*tables[2]) + '}';
    }
    expected += '}';
    ASSERT_EQ(outcome.ToJson(), expected);
    const std::size_t bytes = random() % 500 + 1;
    // A piece may be over by a row and by the text between two tables.
    const std::size_t most = bytes + LongestRow(tables) + 120;
    AnswerWriter writer(outcome);
    std::string joined;
    for (bool more = true; more;) {
      std::string piece;
      more = writer.Next(piece, bytes);
      ASSERT_TRUE(!more || piece.size() >= bytes);
      ASSERT_LE(piece.size(), most);
      joined += piece;
    }
    ASSERT_EQ(joined, expected);
  }
}

// Promise: while a slow reader takes the text, tables behind it are let go.
TEST(AnswerWriter, LetsATableGoOnceItIsWritten) {
  QueryOutcome outcome;
  std::weak_ptr<const ResultTable> first, second;
  outcome.table = Shared({{{"a"}, {}}, {{"b"}, {}}});
  outcome.comparison = FurtherRows{"\"B\":2", Shared({{{"c"}, {}}, {{"d"}, {}}})};
  first = outcome.table;
  second = outcome.comparison->table;
  AnswerWriter writer(outcome);
  outcome = {};
  std::string text;
  while (text.find("\"c\"") == std::string::npos) ASSERT_TRUE(writer.Next(text, 1));
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  while (writer.Next(text, 1)) {
  }
  EXPECT_TRUE(second.expired());
}

}  // namespace
}  // namespace cqd::cube
