// Facts: what an answer says, as names and texts, so that an expectation and an answer can be laid
// side by side and every difference printed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "integration/run.h"
#include "integration/status.h"

namespace cqd::simulation {

/// "archive.state" -> "running". Unknown is "null", never left out.
using Facts = std::map<std::string, std::string>;

std::string Text(const std::optional<UtcTime>& time);
std::string Text(const std::optional<std::int64_t>& number);
std::string SloText(std::optional<double> met, std::optional<Duration> left);

/// What the status says, in the vocabulary of reference/status-api.md 3.
Facts FactsOf(const integration::StatusView& view);
Facts FactsOf(const std::vector<integration::SourceStatus>& sources);
/// What a stored run says of itself: "run.12.state" and so on.
Facts FactsOf(const integration::RunRecord& run);

/// The counts of a run, below `name`, and whether they add up.
void AddRows(const std::string& name, const integration::RunRows& rows, Facts& facts);

/// One line a difference, empty when `actual` says exactly what is expected. An expected "*" stands
/// for anything.
std::string Differences(const Facts& expected, const Facts& actual);

}  // namespace cqd::simulation
