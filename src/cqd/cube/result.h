// Answers as text: the published shape of RunQuery.
// Source: reference/cube-model.md 4.5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/time.h"
#include "cube/query.h"

namespace cqd::cube {

/// The ErrorType of an answer. Source: reference/cube-model.md 4.5.
enum class ErrorType : std::uint8_t {
  kNone = 0,
  kCubeUnavailable = 3,  ///< no cube yet, or too busy: try later
  kScopeTooLarge = 5,    ///< ask for fewer dimensions or a shorter time
  kInvalidQuery = 6,
};
/// What to tell the client about a failure: kInvalidArgument, kNotFound and kUnimplemented are
/// kInvalidQuery; kResourceExhausted and kDeadlineExceeded kScopeTooLarge; all others
/// kCubeUnavailable. (Too large a body is kInvalidQuery when the parser says so; see RunQuery.)
ErrorType ErrorTypeOf(ErrorCode code);

/// Around the table of an answer.
struct AnswerInfo {
  Duration execution_time{0};
  bool from_cache = false;
  ErrorType error_type = ErrorType::kNone;
  std::string_view error_message;  ///< written as "ErrorMessage" when error_type is not kNone
};

/// "00:00:00.2102630"; negative counts as zero, 100 hours and more have more digits.
std::string FormatExecutionTime(Duration time);
/// Appends a number: whole numbers plain, decimals with at most three decimals and without trailing
/// zeros, rounded half away from zero ("4.171", "8.2", "0"); "null" for none and for what is not
/// finite.
void AppendCell(std::string& out, const Cell& cell);

/// [[caption...,number...]...], as in DataResult.
std::string WriteRowsJson(const ResultTable& table);

/// {"ExecutionTime":...,"DataResult":[[caption...,number...]...],"ResultIsFromCache":...,
/// "ErrorType":...}. Cost: one pass, one growing string.
std::string WriteRunQueryJson(const ResultTable& table, const AnswerInfo& info);

}  // namespace cqd::cube
