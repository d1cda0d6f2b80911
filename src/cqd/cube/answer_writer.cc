#include "cube/answer_writer.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "cube/result.h"

namespace cqd::cube {
namespace {

std::string MessageOf(const Error& error) {
  const bool named = error.field.empty() || error.message.starts_with(error.field);
  return named ? error.message : error.field + ": " + error.message;
}

/// What stands behind the rows, up to the tables of other questions.
std::string TextBehindRows(const QueryOutcome& outcome) {
  std::string text = ",\"ResultIsFromCache\":";
  text.append(outcome.from_cache ? "true" : "false");
  text.append(",\"ErrorType\":").append(std::to_string(static_cast<int>(outcome.error_type)));
  if (outcome.error_type != ErrorType::kNone) {
    text.append(",\"ErrorMessage\":");
    AppendJsonText(text, outcome.error ? MessageOf(*outcome.error) : std::string());
  }
  if (!outcome.explain_json.empty()) text.append(",\"Explain\":").append(outcome.explain_json);
  if (!outcome.funnel_json.empty()) text.append(",\"Funnel\":").append(outcome.funnel_json);
  return text;
}

}  // namespace

AnswerWriter::AnswerWriter(const QueryOutcome& outcome) {
  static const auto kNoRows = std::make_shared<const ResultTable>();
  parts_.push_back(
      {"{\"ExecutionTime\":\"" + FormatExecutionTime(outcome.elapsed) + "\",\"DataResult\":",
       outcome.table != nullptr ? outcome.table : kNoRows});
  parts_.push_back({TextBehindRows(outcome), nullptr});
  if (outcome.what_if) AddFurther("WhatIf", *outcome.what_if);
  if (outcome.comparison) AddFurther("Comparison", *outcome.comparison);
  parts_.back().text += '}';
}

void AnswerWriter::AddFurther(const char* name, const FurtherRows& further) {
  Part& before = parts_.back();
  before.text.append(",\"").append(name).append("\":{").append(further.about);
  before.text.append(",\"DataResult\":");
  before.rows = further.table;
  parts_.push_back({"}", nullptr});
}

bool AnswerWriter::Next(std::string& chunk, std::size_t bytes) {
  CQD_CHECK(part_ < parts_.size());
  const std::size_t begin = chunk.size();
  const auto full = [&] { return chunk.size() - begin >= bytes; };
  for (; part_ < parts_.size(); ++part_) {
    Part& part = parts_[part_];
    if (!std::exchange(text_written_, true)) {
      chunk += part.text;
      if (part.rows != nullptr) chunk += '[';
    }
    if (part.rows != nullptr) {
      const auto& rows = part.rows->rows;
      for (; row_ < rows.size(); ++row_) {
        if (full()) return true;
        if (row_ > 0) chunk += ',';
        AppendRow(chunk, rows[row_]);
      }
      chunk += ']';
      part.rows.reset();
    }
    text_written_ = false;
    row_ = 0;
  }
  return false;
}

std::string QueryOutcome::ToJson() const {
  std::string json;
  AnswerWriter(*this).Next(json, json.max_size());
  return json;
}

}  // namespace cqd::cube
