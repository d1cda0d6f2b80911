#include "simulate/internal/state_row.h"

#include <fmt/format.h>

#include <charconv>

namespace cqd::simulate {
namespace {

template <typename Number>
Status ParseNumber(const std::string& text, Number& number) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Fail(ErrorCode::kCorruption, "the simulation's stored state is damaged", text);
  }
  return OkStatus();
}

}  // namespace

// Seed and intensity are stored as text: a seed has 64 bits without sign, and databases print
// floating-point numbers with fewer digits than they hold.
StateRow::StateRow(const SimulationState& state)
    : seed(fmt::format("{}", state.seed)),
      calls_per_week(fmt::format("{}", state.calls_per_week)),
      live_calls_per_slot(fmt::format("{}", state.live_calls_per_slot)) {
  cells[StateColumn::kId] = Cell::Int(1);
  cells[StateColumn::kSeed] = Cell::Text(seed);
  cells[StateColumn::kUserCount] = Cell::Int(state.user_count);
  cells[StateColumn::kCallsPerWeek] = Cell::Text(calls_per_week);
  cells[StateColumn::kBeginTime] = Cell::Time(state.begin);
  cells[StateColumn::kWrittenUntil] = Cell::Time(state.written_until);
  cells[StateColumn::kConferenceKeysBeforeSlot] = Cell::Int(state.conference_keys_before_slot);
  cells[StateColumn::kCorrelationKeysBeforeSlot] = Cell::Int(state.correlation_keys_before_slot);
  cells[StateColumn::kLiveCallsPerSlot] = Cell::Text(live_calls_per_slot);
  cells[StateColumn::kLiveFrom] = Cell::Time(state.live_from);
}

Result<SimulationState> ParseState(const StateTexts& texts) {
  SimulationState state;
  CQD_RETURN_IF_ERROR(ParseNumber(texts[0], state.seed));
  CQD_RETURN_IF_ERROR(ParseNumber(texts[1], state.user_count));
  CQD_RETURN_IF_ERROR(ParseNumber(texts[2], state.calls_per_week));
  CQD_ASSIGN_OR_RETURN(state.begin, ParseTime(texts[3]));
  CQD_ASSIGN_OR_RETURN(state.written_until, ParseTime(texts[4]));
  CQD_RETURN_IF_ERROR(ParseNumber(texts[5], state.conference_keys_before_slot));
  CQD_RETURN_IF_ERROR(ParseNumber(texts[6], state.correlation_keys_before_slot));
  CQD_RETURN_IF_ERROR(ParseNumber(texts[7], state.live_calls_per_slot));
  CQD_ASSIGN_OR_RETURN(state.live_from, ParseTime(texts[8]));
  return state;
}

}  // namespace cqd::simulate
