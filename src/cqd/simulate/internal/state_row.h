// The state as a row of the table OpenCqdSimulation.
#pragma once

#include <array>
#include <string>

#include "simulate/internal/columns.h"
#include "simulate/writer.h"

namespace cqd::simulate {

/// `seed_text` holds the text of the seed (it has 64 bits without sign, more than a SQL integer).
inline std::array<Cell, StateColumn::kCount> StateRow(const SimulationState& state,
                                                      std::string& seed_text) {
  seed_text = std::to_string(state.seed);
  std::array<Cell, StateColumn::kCount> row;
  row[StateColumn::kId] = Cell::Int(1);
  row[StateColumn::kSeed] = Cell::Text(seed_text);
  row[StateColumn::kUserCount] = Cell::Int(state.user_count);
  row[StateColumn::kCallsPerWeek] = Cell::Real(state.calls_per_week);
  row[StateColumn::kBeginTime] = Cell::Time(state.begin);
  row[StateColumn::kWrittenUntil] = Cell::Time(state.written_until);
  row[StateColumn::kConferenceKeysBeforeSlot] = Cell::Int(state.conference_keys_before_slot);
  row[StateColumn::kCorrelationKeysBeforeSlot] = Cell::Int(state.correlation_keys_before_slot);
  return row;
}

}  // namespace cqd::simulate
