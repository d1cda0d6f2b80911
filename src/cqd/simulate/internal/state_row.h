// The state as a row of the table OpenCqdSimulation, and back.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "simulate/internal/columns.h"
#include "simulate/writer.h"

namespace cqd::simulate {

/// A row and the texts it points to.
struct StateRow {
  explicit StateRow(const SimulationState& state);
  StateRow(const StateRow&) = delete;
  StateRow& operator=(const StateRow&) = delete;
  std::string seed, calls_per_week, live_calls_per_slot;
  std::array<Cell, StateColumn::kCount> cells;
};

/// The columns ParseState wants, in its order.
inline constexpr std::string_view kStateColumns[] = {"Seed",
                                                     "UserCount",
                                                     "CallsPerWeek",
                                                     "BeginTime",
                                                     "WrittenUntil",
                                                     "ConferenceKeysBeforeSlot",
                                                     "CorrelationKeysBeforeSlot",
                                                     "LiveCallsPerSlot",
                                                     "LiveFrom"};
using StateTexts = std::array<std::string, 9>;

/// Errors: kCorruption (a text that is no number or time).
Result<SimulationState> ParseState(const StateTexts& texts);

}  // namespace cqd::simulate
