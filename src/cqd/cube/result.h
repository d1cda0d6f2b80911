// Parts of an answer's text, in the published shape of RunQuery; answer_writer.h puts them
// together. Source: reference/cube-model.md 4.5.
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

/// "00:00:00.2102630"; negative counts as zero, 100 hours and more have more digits.
std::string FormatExecutionTime(Duration time);
/// Appends a number: whole numbers plain, decimals with at most three decimals and without trailing
/// zeros, rounded half away from zero ("4.171", "8.2", "0"); "null" for none and for what is not
/// finite.
void AppendCell(std::string& out, const Cell& cell);

/// Appends [caption...,number...], one row of DataResult.
void AppendRow(std::string& out, const ResultTable::Row& row);

}  // namespace cqd::cube
