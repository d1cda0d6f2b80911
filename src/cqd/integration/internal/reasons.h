// What is not as it should be, in stable codes and in words; docs/operations.md "Reason codes".
#pragma once

#include <string>
#include <vector>

#include "integration/status.h"

namespace cqd::integration::internal {

/// "5 min", "3 h": for people.
std::string AgeText(Duration age);

void AddStageReasons(const StageStatus& status, const LogSummary& log, const StatusInputs& inputs,
                     std::vector<Reason>& reasons);
/// Needs both stages: the archive has run and the cube did not follow.
void AddHandOverReasons(const LogSummary& summary, const StatusInputs& inputs,
                        std::vector<Reason>& reasons);
void AddSourceReasons(const SourceStatus& source, const StatusInputs& inputs,
                      std::vector<Reason>& reasons);
void AddSystemReasons(const StatusView& view, const StatusInputs& inputs,
                      std::vector<Reason>& reasons);
/// One sentence a manager can read.
std::string Summarize(const StatusView& view);

}  // namespace cqd::integration::internal
